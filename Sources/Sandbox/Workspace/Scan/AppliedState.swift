/// What of a run was applied before: how each path looked directly afterwards.
///
/// Entries that we put there ourselves are no conflict, and are not offered a second time.
struct AppliedState: Sendable {
  /// nil stands for a path that was deleted.
  var entries: [RelativePath: FileIdentity?] = [:]
  /// What undo or a rollback put back: as it was before, but with a ctime of its own.
  var restored: [RelativePath: FileIdentity] = [:]
  /// Directories whose entries we changed, with the mtime that we gave them.
  var directories: [RelativePath: DirectoryMark] = [:]

  struct DirectoryMark: Hashable, Sendable {
    var inode: UInt64
    var modified: Timestamp
  }

  func contains(_ path: RelativePath) -> Bool { entries[path] != nil }

  /// Whether a file of the workspace is as we left it.
  func isOurs(_ path: RelativePath, _ status: FileStatus) -> Bool {
    if status.kind == .directory {
      return directories[path] == DirectoryMark(inode: status.inode, modified: status.modified)
    }
    if restored[path] == status.identity { return true }
    guard case .some(.some(let identity)) = entries[path] else { return false }
    return identity == status.identity
  }
}
