/// Removes whole trees, however deep, that hold what we own.
enum TreeRemoval {
  private static let readable: UInt32 = 0o700
  private static let deepest = 64

  /// Removes an entry and everything beneath it; one that is not there is fine.
  ///
  /// Directories without permissions (overlayfs makes its work directory so) are opened up first.
  /// A tree deeper than a few levels is cut: its lower part is moved up beside the top, so that no
  /// path and no stack grows with the depth.
  static func remove(_ name: [UInt8], in directory: borrowing OpenFile) throws(WorkspaceError) {
    guard let status = try directory.status(of: name) else { return }
    guard status.kind == .directory else {
      try directory.unlink(name)
      return
    }
    try empty(name, in: directory, status)
    try directory.removeDirectory(name)
  }

  private static func empty(
    _ name: [UInt8],
    in directory: borrowing OpenFile,
    _ status: FileStatus
  ) throws(WorkspaceError) {
    let top = try open(name, in: directory, status)
    var cut = 0
    while true {
      try removeEntries(of: top, top: top, depth: 0, &cut)
      if try top.names().isEmpty { return }
    }
  }

  private static func removeEntries(
    of directory: borrowing OpenFile,
    top: borrowing OpenFile,
    depth: Int,
    _ cut: inout Int
  ) throws(WorkspaceError) {
    for name in try directory.names() {
      guard let status = try directory.status(of: name) else { continue }
      guard status.kind == .directory else {
        try directory.unlink(name)
        continue
      }
      let child = try open(name, in: directory, status)
      if depth >= deepest {
        let place = try free(&cut, in: top)
        try directory.rename(name, to: top, as: place, .replacing)
        continue
      }
      try removeEntries(of: child, top: top, depth: depth + 1, &cut)
      try directory.removeDirectory(name)
    }
  }

  private static func free(
    _ cut: inout Int,
    in top: borrowing OpenFile
  ) throws(WorkspaceError) -> [UInt8] {
    while true {
      cut += 1
      let name = Array(".cut-\(cut)".utf8)
      if try top.status(of: name) == nil { return name }
    }
  }

  private static func open(
    _ name: [UInt8],
    in directory: borrowing OpenFile,
    _ status: FileStatus
  ) throws(WorkspaceError) -> OpenFile {
    if status.mode & readable != readable {
      let handle = try directory.open(name: name, [.path, .directory])
      try handle.setMode(status.mode | readable)
    }
    return try directory.open(name: name, [.read, .directory])
  }
}
