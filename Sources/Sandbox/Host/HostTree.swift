internal import CLinux
internal import Glibc

/// Questions about the host's tree: where a path leads, what lies there.
package enum HostTree {
  /// Finds a path, following symbolic links; nil where there is nothing.
  package static func find(_ path: String, isSystem: Bool) -> GrantedPath? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    var status = cl_status()
    guard cl_stat(Int32(CL_AT_FDCWD), resolved, 0, &status) == 0 else { return nil }
    return grant(path, String(cString: resolved), status, isSystem: isSystem)
  }

  static func grant(
    _ path: String,
    _ real: String,
    _ status: cl_status,
    isSystem: Bool
  ) -> GrantedPath {
    GrantedPath(
      named: path,
      real: real,
      isDirectory: status.mode & 0o170000 == 0o040000,
      uid: status.uid,
      gid: status.gid,
      isSystem: isSystem
    )
  }

  /// The bytes of a regular file that everyone may read; nil where it is none, or larger.
  static func content(_ path: String, upTo limit: Int) -> [UInt8]? {
    let number = cl_open(Int32(CL_AT_FDCWD), path, Int32(CL_O_NONBLOCK | CL_O_NOFOLLOW), 0)
    guard number >= 0 else { return nil }
    let file = Descriptor(number)
    var status = cl_status()
    guard cl_stat(file.number, "", Int32(CL_AT_EMPTY_PATH), &status) == 0,
      status.mode & 0o170004 == 0o100004, status.size <= limit
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(status.size))
    let count = cl_read(file.number, &bytes, bytes.count)
    return count == bytes.count ? bytes : nil
  }

  /// A small file of text, such as those of /proc; nil where it cannot be read.
  package static func text(_ path: String) -> String? {
    bytes(path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes of a small file; nil where it cannot be read.
  package static func bytes(_ path: String) -> [UInt8]? {
    let number = cl_open(Int32(CL_AT_FDCWD), path, 0, 0)
    guard number >= 0 else { return nil }
    let file = Descriptor(number)
    var content: [UInt8] = []
    var some = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = cl_read(file.number, &some, some.count)
      guard count > 0 else { return content }
      content += some[..<count]
    }
  }

  /// The text of a symbolic link, or nil where `path` is none.
  package static func link(_ path: String) -> String? {
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &bytes, bytes.count - 1)
    guard count > 0 else { return nil }
    return String(decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Has the directories of a directory put far from each other, where its file system can do that.
  package static func spread(_ path: String) {
    let number = cl_open(Int32(CL_AT_FDCWD), path, Int32(CL_O_DIRECTORY), 0)
    guard number >= 0 else { return }
    _ = cl_fs_spread(number)
    _ = cl_close(number)
  }

  /// The names in a directory, or none where it cannot be read.
  package static func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  /// Path sockets below a directory, on its own file system. A socket can be reached through any
  /// read-only bind, so each one in a granted tree is masked.
  package static func sockets(below path: String) -> [String] {
    var found: [String] = []
    var pending = [path]
    while let directory = pending.popLast() {
      guard let stream = opendir(directory) else { continue }
      defer { closedir(stream) }
      while let entry = readdir(stream) {
        let kind = Int32(entry.pointee.d_type)
        guard kind == Int32(DT_DIR) || kind == Int32(DT_SOCK) else { continue }
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name == "." || name == ".." { continue }
        let whole = directory + "/" + name
        if kind == Int32(DT_SOCK) { found.append(whole) } else { pending.append(whole) }
      }
    }
    return found
  }

  /// Where `PATH` finds a program.
  package static func program(_ name: String, path: String) -> String? {
    for folder in path.split(separator: ":") where folder.hasPrefix("/") {
      let candidate = "\(folder)/\(name)"
      if access(candidate, X_OK) == 0 { return candidate }
    }
    return nil
  }

  /// Brings everything that was written to the file system of a directory to the disk.
  package static func flush(_ path: String) {
    let number = cl_open(Int32(CL_AT_FDCWD), path, Int32(CL_O_DIRECTORY), 0)
    guard number >= 0 else { return }
    let directory = Descriptor(number)
    _ = cl_fs_sync_all(directory.number)
  }

  /// What kind of file system holds a path, as far as it matters here.
  package enum FileSystemKind: Sendable {
    case overlay, temporary, other
  }

  package static func fileSystemKind(_ path: String) -> FileSystemKind {
    switch cl_file_system_kind(path) {
    case 0x794C_7630: .overlay
    case 0x0102_1994: .temporary
    default: .other
    }
  }
}
