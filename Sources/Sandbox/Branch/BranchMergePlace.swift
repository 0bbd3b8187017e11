internal import SystemPackage

/// A repository of Caisson's own in which the branches of several runs are merged. It has no objects but
/// those that merging makes, and goes with the value.
package final class BranchMergePlace {
  private static let name = Array("merge".utf8)

  package let directory: String
  private let run: FilePath
  let git: GitProcess
  private let identity: [String: String]

  /// Makes it in the directory of the first run. The intakes must outlive it.
  package init?(of intakes: [BranchIntake]) throws {
    guard let first = intakes.first else { return nil }
    run = FilePath(first.workspace.directory)
    git = first.git
    identity = first.record.identity
    directory = first.workspace.directory + "/merge"
    try TreeRemoval.remove(Self.name, in: openTree(run, as: "run's directory"))
    var places: [String] = []
    for intake in intakes {
      for place in ["\(intake.directory)/objects"] + intake.workspace.objectPlaces
      where !places.contains(place) {
        places.append(place)
      }
    }
    try BranchWorkspace.makeRepository(
      at: directory,
      first.record,
      head: "refs/heads/merge",
      alternates: places,
      isBare: true
    )
  }

  deinit {
    if let place = try? openTree(run, as: "run's directory") {
      try? TreeRemoval.remove(Self.name, in: place)
    }
  }

  /// Merges branches of the runs here.
  package var merge: BranchMerge { BranchMerge(git, in: directory, identity: identity) }

  /// Merges what the runs made, in order, into a commit of the user's, under a reference of this place.
  package func merge(
    _ intakes: [BranchIntake],
    onto head: ObjectName,
    as reference: String
  ) throws(GitError) -> BranchMerge.Result {
    let parts = intakes.map { BranchMerge.Part($0.record, tip: $0.harvest.final) }
    let result = try merge.merge(parts, onto: head)
    if case .merged(let tip) = result {
      _ = try git.run(
        ["--git-dir=\(directory)", "update-ref", reference, tip.text],
        doing: "set \(reference)"
      )
    }
    return result
  }
}
