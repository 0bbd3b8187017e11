/// What of a run was applied before: how each path looked directly afterwards.
///
/// Entries that we put there ourselves are no conflict, and are not offered a second time, unless the
/// run was continued and changed them again.
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

  /// When the last apply of each path was over. What the layer says since then is new.
  var moments: [RelativePath: Timestamp] = [:]

  /// Whether what the layer says of a path is what was applied.
  ///
  /// - Parameter after: The path in the layer; nil where the layer hides it.
  func covers(_ path: RelativePath, _ after: FileStatus?) -> Bool {
    guard let entry = entries[path] else { return false }
    // A path that was put there, and is hidden, was hidden later.
    guard let after else { return entry == nil }
    guard let moment = moments[path] else { return true }
    return after.changed < moment
  }

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
