/// What `runs/<id>/branch.json` says: the repository that a run has a branch of, and where it began.
package struct BranchRecord: Codable, Hashable, Sendable {
  package struct Left: Codable, Hashable, Sendable {
    package var path: String
    package var reason: String
  }

  package var version = 1
  package var run: String
  /// The top of the user's work tree.
  package var root: String
  /// The directory that the repository's linked work trees share.
  package var commonDirectory: String
  package var objectFormat: String
  package var isShallow: Bool
  /// Where the repository's objects lie on this machine.
  package var objectPlaces: [String]
  /// The user's commit that the run began at.
  package var start: ObjectName
  /// What the run's changes are measured against: `start`, or the commit of what was carried in.
  package var base: ObjectName
  /// How many of the user's uncommitted paths were carried into `base`.
  package var carried: Int
  /// What of the work tree was not carried, some of it, and how much in all.
  package var left: [Left]
  package var leftCount: Int
  /// Paths of submodules, whose directories are empty in the run.
  package var submodules: [String]
  package var filtered: Int
  package var userName: String
  package var userEmail: String

  /// The branch, without `refs/heads/`.
  package var branch: String { "caisson/\(run)" }
  package var reference: String { "refs/heads/\(branch)" }

  /// Where a run sees objects that it may not write: Caisson's own first, then the repository's.
  package static func insidePlace(_ index: Int) -> String { "/caisson/objects/\(index)" }
}
