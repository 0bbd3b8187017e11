internal import CLinux
internal import SystemPackage

/// An open file or directory, closed when the value ends.
///
/// Every name that is given to it is resolved beneath it and no symbolic link is followed: names in
/// a workspace are chosen by whoever ran there.
struct OpenFile: ~Copyable {
  let descriptor: Int32

  init(adopting descriptor: Int32) { self.descriptor = descriptor }

  deinit { _ = cl_fs_close(descriptor) }

  struct Access: OptionSet {
    let rawValue: Int32
    static let read = Access(rawValue: CL_FS_READ)
    static let write = Access(rawValue: CL_FS_WRITE)
    static let create = Access(rawValue: CL_FS_CREATE | CL_FS_WRITE)
    static let replace = Access(
      rawValue: CL_FS_CREATE | CL_FS_ANY | CL_FS_TRUNCATE | CL_FS_WRITE
    )
    static let ensure = Access(rawValue: CL_FS_CREATE | CL_FS_ANY | CL_FS_WRITE)
    static let path = Access(rawValue: CL_FS_PATH)
    static let directory = Access(rawValue: CL_FS_DIRECTORY)
    static let sameMount = Access(rawValue: CL_FS_SAME_MOUNT)
  }

  /// Opens what a user or our own state names, symbolic links followed.
  static func open(
    _ path: FilePath,
    _ access: Access,
    mode: UInt32 = 0o600
  ) throws(WorkspaceError) -> OpenFile {
    let result = path.withCString { cl_fs_open($0, access.rawValue, mode) }
    if result < 0 { throw .call("open", path.string, result) }
    return OpenFile(adopting: result)
  }

  /// Opens a path beneath this directory. The root path gives the directory again.
  borrowing func open(
    _ path: RelativePath,
    _ access: Access,
    mode: UInt32 = 0o600
  ) throws(WorkspaceError) -> OpenFile {
    try open(name: path.isRoot ? [UInt8(ascii: ".")] : path.bytes, access, mode: mode)
  }

  borrowing func open(
    name: [UInt8],
    _ access: Access,
    mode: UInt32 = 0o600
  ) throws(WorkspaceError) -> OpenFile {
    let result = withName(name) { cl_fs_open_beneath(descriptor, $0, access.rawValue, mode) }
    if result < 0 { throw .call("open", PrintableText.quotedName(name), result) }
    return OpenFile(adopting: result)
  }

  /// Its own status.
  borrowing func status() throws(WorkspaceError) -> FileStatus {
    guard let status = try status(of: []) else {
      throw .system(doing: "look at", path: "an open file", number: 2)
    }
    return status
  }

  /// The status of an entry of this directory; nil where there is none.
  borrowing func status(of name: [UInt8]) throws(WorkspaceError) -> FileStatus? {
    var raw = cl_fs_status()
    let result = withName(name) { cl_fs_status_at(descriptor, $0, &raw) }
    if result == -2 || result == -20 { return nil }
    if result < 0 { throw .call("look at", PrintableText.quotedName(name), result) }
    return FileStatus(raw)
  }

  /// The names in this directory, without `.` and `..`, sorted by bytes.
  borrowing func names() throws(WorkspaceError) -> [[UInt8]] {
    var names: [[UInt8]] = []
    _ = cl_fs_seek(descriptor, 0)
    let size = 64 * 1024
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 8)
    defer { buffer.deallocate() }
    while true {
      let count = cl_fs_entries(descriptor, buffer.baseAddress, size)
      if count == 0 { break }
      if count < 0 { throw .call("list", "a directory", Int32(count)) }
      DirectoryRecords.names(in: UnsafeRawBufferPointer(rebasing: buffer[..<count])) {
        names.append($0)
      }
    }
    names.sort { $0.lexicographicallyPrecedes($1) }
    return names
  }

  borrowing func linkTarget(of name: [UInt8]) throws(WorkspaceError) -> [UInt8] {
    let capacity = 4096
    var result = 0
    let target = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      result = withName(name) { cl_fs_read_link(descriptor, $0, buffer.baseAddress, capacity) }
      count = max(result, 0)
    }
    if result < 0 { throw .call("read the link", PrintableText.quotedName(name), Int32(result)) }
    return target
  }

  borrowing func sync() throws(WorkspaceError) {
    let result = cl_fs_sync(descriptor)
    if result < 0 { throw .call("write to disk", "a file", result) }
  }

  /// Writes everything of its file system to disk.
  borrowing func syncFileSystem() throws(WorkspaceError) {
    let result = cl_fs_sync_all(descriptor)
    if result < 0 { throw .call("write to disk", "the file system", result) }
  }

  /// Takes the exclusive lock of this file for as long as it is open; false where another has it.
  ///
  /// A process that was forked from this one holds on to it until it execs, so a lock that is
  /// taken is asked for again, for a quarter of a second.
  borrowing func lock() throws(WorkspaceError) -> Bool {
    for _ in 0..<50 {
      let result = cl_fs_lock(descriptor)
      if result == 0 { return true }
      if result != -11 { throw .call("lock", "a file", result) }
      cl_fs_pause(5_000_000)
    }
    return false
  }
}

/// Gives a call the bytes of a name with a terminating zero.
func withName<Result>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: name.count + 1) { buffer in
    for index in 0..<name.count { buffer[index] = CChar(bitPattern: name[index]) }
    buffer[name.count] = 0
    return body(UnsafePointer(buffer.baseAddress.unsafelyUnwrapped))
  }
}

/// The records of getdents64.
enum DirectoryRecords {
  static func names(in records: UnsafeRawBufferPointer, _ body: ([UInt8]) -> Void) {
    // struct linux_dirent64: inode 8, offset 8, length of the record 2, type 1, name.
    let header = 19
    var start = 0
    while start + header <= records.count {
      let length = Int(records.loadUnaligned(fromByteOffset: start + 16, as: UInt16.self))
      guard length >= header, start + length <= records.count else { return }
      let field = UnsafeRawBufferPointer(rebasing: records[(start + header)..<(start + length)])
      let name = Array(field.prefix { $0 != 0 })
      if name != [46], name != [46, 46] { body(name) }
      start += length
    }
  }
}
