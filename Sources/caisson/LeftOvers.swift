import Foundation
import Glibc
import Journal
import Sandbox
import SystemPackage

/// What runs left behind that were killed so that nobody could clear up: the directory of a run that
/// never got as far as its first row, and the empty cgroups of one whose supervisor and launcher were
/// killed together.
///
/// `caisson runs` looks for them; a run that starts does not, since looking takes longer than a
/// start may.
struct LeftOvers {
  let home: Home
  let journal: Journal

  /// Seconds for which a directory without a row is left alone, whoever made it.
  private static let grace = 60

  /// Removes what certainly belongs to no living run. Nothing depends on it, so it does not fail.
  func sweep() {
    guard let recorded = try? journal.runNames() else { return }
    let groups = Cgroups.present()
    for (run, paths) in groups where recorded.contains(run.text) && isOver(run) {
      Cgroups.removeEmpty(paths)
    }
    for name in HostTree.names(in: home.runs.string) where !recorded.contains(name) {
      guard let run = RunID(name) else { continue }
      let files = RunFiles(home: home, run: run)
      // Looked up once more under the lock: the run may have begun since the names were read.
      let removed = files.removeUnlessInUse(olderThan: Self.grace) {
        (try? journal.run(run.text) == nil) ?? false
      }
      if removed { Cgroups.removeEmpty(groups[run] ?? []) }
    }
  }

  /// Whether the run has ended, or its supervisor is certainly dead.
  private func isOver(_ run: RunID) -> Bool {
    guard let found = try? journal.run(run.text) else { return false }
    return found.state != .running || SupervisorWatch().isGone(found.started)
  }
}
