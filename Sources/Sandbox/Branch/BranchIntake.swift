internal import CLinux
internal import Glibc
internal import SystemPackage

/// A repository of Caisson's own that takes in what a run's branch holds, checked, before anything
/// of it gets near the user's.
///
/// Nothing but a pack comes in: git checks each object of it (`fsck`), and that everything is there
/// that the branch needs. It borrows objects from the user's repository, which it never writes.
package final class BranchIntake {
  package let workspace: BranchWorkspace
  package let harvest: BranchHarvest
  package let directory: String
  let git: GitProcess

  package var record: BranchRecord { workspace.record }
  private let name: String

  /// Takes in what a harvest left in its file of output, in a directory of the run's that goes with
  /// the value.
  package init(
    _ harvest: BranchHarvest,
    from output: String,
    of workspace: BranchWorkspace,
    name: String,
    environment: [String: String]
  ) throws {
    self.workspace = workspace
    self.harvest = harvest
    self.name = "intake-\(name)"
    git = try GitProcess(environment: environment)
    directory = "\(workspace.directory)/intake-\(name)"
    let run = try openTree(FilePath(workspace.directory), as: "run's directory")
    try TreeRemoval.remove(Array(self.name.utf8), in: run)
    try BranchWorkspace.makeRepository(
      at: directory,
      workspace.record,
      head: workspace.record.reference,
      alternates: workspace.objectPlaces,
      isBare: true
    )
    // Content is shown as it is stored.
    try BranchWorkspace.write(
      "* -text -eol -ident -filter -working-tree-encoding\n",
      to: "\(directory)/info/attributes"
    )
    if harvest.final != record.base { try take(output) }
    try point(record.reference, to: harvest.final)
  }

  deinit {
    if let run = try? openTree(FilePath(workspace.directory), as: "run's directory") {
      try? TreeRemoval.remove(Array(name.utf8), in: run)
    }
  }

  private func take(_ output: String) throws {
    let number = cl_open(Int32(CL_AT_FDCWD), output, 0, 0)
    guard number >= 0 else { throw GitError.system(doing: "read \(output)", number: -number) }
    let file = Descriptor(number)
    lseek(file.number, off_t(harvest.packOffset), SEEK_SET)
    _ = try run(
      ["index-pack", "--stdin", "--fix-thin", "--strict"],
      doing: "accept the objects of \(record.branch)",
      input: .descriptor(file.number)
    )
    _ = try run(
      ["rev-list", "--objects", "--quiet", harvest.final.text, "^\(record.base)"],
      doing: "find all that \(record.branch) needs"
    )
  }

  /// Sets a reference of this repository.
  package func point(_ reference: String, to name: ObjectName) throws(GitError) {
    _ = try run(["update-ref", reference, name.text], doing: "set \(reference)")
  }

  func run(
    _ arguments: [String],
    doing: String,
    variables: [String: String] = [:],
    input: GitProcess.Input = .nothing,
    accepting: Set<Int32> = [0]
  ) throws(GitError) -> GitProcess.Output {
    try git.run(
      ["--git-dir=\(directory)"] + arguments,
      doing: doing,
      variables: variables,
      // What comes in here is brought to the disk where it is kept, and not before.
      configuration: [("core.fsync", "none")],
      input: input,
      accepting: accepting
    )
  }
}
