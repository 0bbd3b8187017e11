internal import CLinux

// What changes names beneath an open directory. Each call throws with the name that it was for.
extension OpenFile {
  borrowing func makeDirectory(_ name: [UInt8], mode: UInt32 = 0o700) throws(WorkspaceError) {
    try check("make the directory", name) { cl_fs_make_directory(descriptor, $0, mode) }
  }

  borrowing func makeLink(_ name: [UInt8], to target: [UInt8]) throws(WorkspaceError) {
    try check("make the link", name) { name in
      withName(target) { cl_fs_make_link($0, descriptor, name) }
    }
  }

  borrowing func hardLink(
    _ name: [UInt8],
    to directory: borrowing OpenFile,
    as other: [UInt8]
  ) throws(WorkspaceError) {
    let to = directory.descriptor
    try check("link", name) { name in
      withName(other) { cl_fs_hard_link(descriptor, name, to, $0) }
    }
  }

  borrowing func unlink(_ name: [UInt8]) throws(WorkspaceError) {
    try check("remove", name) { cl_fs_unlink(descriptor, $0) }
  }

  borrowing func removeDirectory(_ name: [UInt8]) throws(WorkspaceError) {
    try check("remove the directory", name) { cl_fs_remove_directory(descriptor, $0) }
  }

  enum Renaming { case replacing, new, exchange }

  borrowing func rename(
    _ name: [UInt8],
    to directory: borrowing OpenFile,
    as other: [UInt8],
    _ how: Renaming
  ) throws(WorkspaceError) {
    let to = directory.descriptor
    try check("move", name) { name in
      withName(other) { other in
        switch how {
        case .replacing: cl_fs_rename(descriptor, name, to, other)
        case .new: cl_fs_rename_new(descriptor, name, to, other)
        case .exchange: cl_fs_exchange(descriptor, name, to, other)
        }
      }
    }
  }

  /// Sets the permissions of this file; works on one opened by path only.
  borrowing func setMode(_ mode: UInt32) throws(WorkspaceError) {
    let result = cl_fs_set_mode(descriptor, mode)
    if result < 0 { throw .call("set the permissions of", "a file", result) }
  }

  borrowing func setOwner(
    _ name: [UInt8] = [],
    owner: UInt32,
    group: UInt32
  ) throws(WorkspaceError) {
    try check("set the owner of", name) { cl_fs_set_owner(descriptor, $0, owner, group) }
  }

  borrowing func setModified(
    _ time: Timestamp,
    of name: [UInt8] = []
  ) throws(WorkspaceError) {
    try check("set the time of", name) {
      cl_fs_set_modified(descriptor, $0, time.seconds, time.nanoseconds)
    }
  }

  private borrowing func check(
    _ doing: String,
    _ name: [UInt8],
    _ call: (UnsafePointer<CChar>) -> Int32
  ) throws(WorkspaceError) {
    let result = withName(name, call)
    if result < 0 { throw .call(doing, PrintableText.quotedName(name), result) }
  }
}
