/// Tells a file that was renamed inside the run from one that vanished from the workspace.
///
/// Both are marked as copied up from a file that is not at their path now. Overlayfs would say which
/// file that was, but not to an ordinary user, so what else is known has to do.
struct OriginCheck {
  private var suspects: [Int] = []
  /// Copied-up files that still have their counterpart: the other names of a file with hard links.
  private var inodes: Set<UInt64> = []

  mutating func suspect(_ index: Int) { suspects.append(index) }

  mutating func noteCounterpart(_ status: FileStatus) {
    if status.links > 1 { inodes.insert(status.inode) }
  }

  /// Clears those that are explained by a rename or a link inside the run.
  func settle(_ changes: inout [Change]) {
    if suspects.isEmpty { return }
    struct Trace: Hashable {
      var size: UInt64
      var modified: Timestamp
    }
    var deleted: Set<Trace> = []
    for change in changes where change.kind == .deleted {
      if let before = change.before, before.kind != .directory {
        deleted.insert(Trace(size: before.size, modified: before.modified))
      }
    }
    for index in suspects {
      guard let after = changes[index].after else { continue }
      let isLinked = after.links > 1 && inodes.contains(after.inode)
      // A file keeps its time when it is copied up and renamed.
      if isLinked || deleted.contains(Trace(size: after.size, modified: after.modified)) {
        changes[index].obstacle = nil
      }
    }
  }
}
