/// How a run's changes lie in its layer.
enum ChangeLayer: Sendable {
  /// An overlay's upper directory: only what changed, with marks for what was removed.
  case overlay(start: Timestamp)
  /// A whole copy, with a snapshot of how it looked when the run began.
  case copy(Snapshot)

  static let opaqueKey = Array("user.overlay.opaque".utf8)
  static let whiteoutKey = Array("user.overlay.whiteout".utf8)
  static let originKey = Array("user.overlay.origin".utf8)
  static let capabilityKey = Array("security.capability".utf8)
  static let reservedPrefix = Array(".caisson-apply-".utf8)
  /// What a session writes before it takes its place; only one that was killed leaves it.
  static let halfWrittenPrefix = Array(".caisson-write-".utf8)

  /// Whether a file of the workspace was changed by someone else since the run began.
  func isChangedMeanwhile(_ path: RelativePath, _ status: FileStatus) -> Bool {
    switch self {
    case .overlay(let start):
      return status.changed >= start
    case .copy(let snapshot):
      guard let entry = snapshot.entries[path] else { return true }
      return !entry.lower.matches(status) || entry.kind != status.kind
    }
  }

  /// Whether a moment lies before the run. A copy's snapshot knows each path, and needs no guess.
  func isOlder(_ moment: Timestamp) -> Bool {
    switch self {
    case .overlay(let start): moment < start
    case .copy: false
    }
  }
}
