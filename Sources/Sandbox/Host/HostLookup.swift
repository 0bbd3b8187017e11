internal import CLinux

/// Looks up many paths, most of which lie in a few directories: each of these is resolved and listed
/// once.
package struct HostLookup {
  private var directories: [Substring: String?] = [:]
  private var listings: [String: [String]] = [:]

  package init() {}

  /// Finds a path, following symbolic links; nil where there is nothing.
  package mutating func find(_ path: String, isSystem: Bool) -> GrantedPath? {
    guard let cut = path.utf8.lastIndex(of: UInt8(ascii: "/")), cut > path.startIndex else {
      return HostTree.find(path, isSystem: isSystem)
    }
    let name = path[path.utf8.index(after: cut)...]
    guard !name.isEmpty, name != ".", name != ".." else {
      return HostTree.find(path, isSystem: isSystem)
    }
    guard let directory = resolve(path[..<cut]) else { return nil }
    let real = directory == "/" ? "/\(name)" : "\(directory)/\(name)"
    var status = cl_status()
    guard cl_stat(Int32(CL_AT_FDCWD), real, Int32(CL_AT_SYMLINK_NOFOLLOW), &status) == 0 else {
      return nil
    }
    if status.mode & 0o170000 == 0o120000 { return HostTree.find(path, isSystem: isSystem) }
    return HostTree.grant(path, real, status, isSystem: isSystem)
  }

  /// Finds a file or directory of the system set, with the content of a small file.
  package mutating func findSystem(_ path: String) -> GrantedPath? {
    guard var found = find(path, isSystem: true) else { return nil }
    // A mount costs the kernel as much as a copy of some pages.
    if !found.isDirectory { found.content = HostTree.content(found.real, upTo: 16 << 10) }
    return found
  }

  /// The names in a directory, or none where it cannot be read.
  package mutating func names(in path: String) -> [String] {
    if let names = listings[path] { return names }
    let names = HostTree.names(in: path)
    listings[path] = names
    return names
  }

  private mutating func resolve(_ directory: Substring) -> String? {
    if let known = directories[directory] { return known }
    let real = HostTree.find(String(directory), isSystem: true)?.real
    directories.updateValue(real, forKey: directory)
    return real
  }
}
