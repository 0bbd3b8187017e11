internal import CLinux
internal import SystemPackage

/// A commit of one run that the branch of another begins at: what a run gives on, and what another one
/// takes over without ever looking into its repository.
///
/// The objects lie as one pack, which Caisson wrote of what it had checked, in the giver's directory.
package struct BranchBeginning: Sendable {
  package let commit: ObjectName
  /// The giver's record: from the same repository, at the same commit of the user's.
  let record: BranchRecord
  /// Nil where the commit is the user's own.
  let pack: String?

  static let directory = "given"

  /// Reads what ``BranchGift`` left in a run's directory.
  package static func read(
    _ text: some StringProtocol,
    in directory: String
  ) throws(GitError) -> BranchBeginning {
    let workspace = try BranchWorkspace.open(in: directory)
    let record = workspace.record
    guard let commit = ObjectName(text) else { throw .unfit("\(quotedText(text)) is no commit") }
    if commit == record.start {
      return BranchBeginning(commit: commit, record: record, pack: nil)
    }
    let pack = BranchGift.path(of: commit, in: directory)
    guard HostTree.find(pack, isSystem: false) != nil else {
      throw .unfit(
        "run \(record.run) has not given on its commit \(commit.short); its branch cannot be begun at"
      )
    }
    return BranchBeginning(commit: commit, record: record, pack: pack)
  }

  private static func quotedText(_ text: some StringProtocol) -> String {
    PrintableText.quotedName(Array(String(text.prefix(80)).utf8))
  }
}

/// Writes a commit of a run, with all that leads to it, for other runs to begin at or to merge.
package enum BranchGift {
  static func path(of commit: ObjectName, in directory: String) -> String {
    "\(directory)/\(BranchBeginning.directory)/\(commit).pack"
  }

  /// Brings a pack of the commit to the disk; where it is there already, nothing is done.
  ///
  /// - Parameters:
  ///   - repository: One of Caisson's own that has, or borrows, its objects.
  ///   - workspace: Whose directory keeps it.
  package static func write(
    _ commit: ObjectName,
    from repository: String,
    _ git: GitProcess,
    to workspace: BranchWorkspace
  ) throws {
    if commit == workspace.record.start { return }
    let run = try openTree(FilePath(workspace.directory), as: "run's directory")
    let name = Array(BranchBeginning.directory.utf8)
    if try run.status(of: name) == nil { try run.makeDirectory(name, mode: 0o700) }
    let place = try openTree(
      FilePath("\(workspace.directory)/\(BranchBeginning.directory)"),
      as: "run's directory"
    )
    let final = Array("\(commit).pack".utf8)
    if try place.status(of: final) != nil { return }
    let temporary = final + Array(".new".utf8)
    let file = try place.open(name: temporary, .replace)
    _ = try git.run(
      ["--git-dir=\(repository)", "pack-objects", "--revs", "--stdout", "-q"],
      doing: "give on the commit \(commit.short)",
      input: .bytes(Array("\(commit)\n^\(workspace.record.start)\n".utf8)),
      output: file.descriptor
    )
    try file.sync()
    try place.rename(temporary, to: place, as: final, .replacing)
    try place.sync()
    try run.sync()
  }
}

extension BranchIntake {
  /// Gives on what the run made, uncommitted work included.
  package func give() throws {
    try BranchGift.write(harvest.final, from: directory, git, to: workspace)
  }
}

extension BranchMergePlace {
  /// Gives on a commit that was made here.
  package func give(_ commit: ObjectName, to workspace: BranchWorkspace) throws {
    try BranchGift.write(commit, from: directory, git, to: workspace)
  }
}
