internal import SystemPackage

/// Throws away a run's private repository and work tree.
package enum BranchRemoval {
  private static let tree = Array("tree".utf8)
  private static let discarded = Array("discarded".utf8)

  /// Whether a removal had begun and was interrupted: then it has been decided.
  package static func hasBegun(in directory: String) throws(WorkspaceError) -> Bool {
    let run = try openTree(FilePath(directory), as: "run's directory")
    return try run.status(of: discarded) != nil
  }

  package static func run(in directory: String) throws(WorkspaceError) {
    let run = try openTree(FilePath(directory), as: "run's directory")
    // In one step it is no work tree any more: a kill leaves it whole, or given up.
    if try run.status(of: tree) != nil {
      try TreeRemoval.remove(discarded, in: run)
      try run.rename(tree, to: run, as: discarded, .new)
    }
    for name in [
      "discarded", "base", "intake-look", "intake-commit", "scratch", "harvest", "merge",
      BranchBeginning.directory, BranchTaking.name,
    ] {
      try TreeRemoval.remove(Array(name.utf8), in: run)
    }
    try run.sync()
  }
}
