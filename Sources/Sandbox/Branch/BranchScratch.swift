internal import CLinux
internal import SystemPackage

/// The directory in which a sealed git looks at a run's tree: a repository of Caisson's own with the
/// index as it was when the run began. Thrown away afterwards.
package final class BranchScratch {
  package let directory: String
  package let inside = "/caisson/scratch"
  package let output: String
  package let nested: [String]

  private static let name = "scratch"

  /// Makes it in the run's directory, in the place of one that was left there.
  package init(for workspace: BranchWorkspace) throws {
    let record = workspace.record
    let run = try openTree(FilePath(workspace.directory), as: "run's directory")
    for name in [Self.name, "harvest"] { try TreeRemoval.remove(Array(name.utf8), in: run) }
    directory = "\(workspace.directory)/\(Self.name)"
    output = "\(workspace.directory)/harvest"
    try BranchWorkspace.makeDirectory(directory)
    try BranchWorkspace.makeRepository(
      at: "\(directory)/git",
      record,
      head: "refs/heads/scratch",
      alternates: workspace.objectPlaces.indices.map(BranchRecord.insidePlace),
      isBare: false
    )
    for (from, to) in [
      ("index", "git/index"), ("info/exclude", "git/info/exclude"), ("config", "git/config"),
    ] {
      guard let bytes = HostTree.bytes("\(workspace.base)/\(from)") else { continue }
      let file = try OpenFile.open(FilePath("\(directory)/\(to)"), .replace, mode: 0o644)
      try FileContent.write(bytes, to: file, Array(to.utf8))
    }
    let census = try TreeCensus(of: workspace)
    try census.removePipes(of: workspace)
    nested = census.nested.map { String(decoding: $0.bytes, as: UTF8.self) }
    let specifications = ["."] + nested.map { ":(exclude,literal)\($0)" }
    try BranchWorkspace.write(specifications.map { $0 + "\0" }.joined(), to: "\(directory)/paths")
    let known = HostTree.text("\(workspace.base)/known-refs") ?? ""
    try BranchWorkspace.write(
      known + "\(record.base) \(record.reference)\n",
      to: "\(directory)/known"
    )
    let message = """
      Uncommitted work of run \(record.run)

      What lay in the run's work tree and was not committed there,
      committed by Caisson.

      """
    try BranchWorkspace.write(message, to: "\(directory)/message")
  }

  deinit {
    guard let slash = directory.lastIndex(of: "/"),
      let run = try? openTree(FilePath(String(directory[..<slash])), as: "run's directory")
    else { return }
    for name in [Self.name, "harvest"] { try? TreeRemoval.remove(Array(name.utf8), in: run) }
  }

  /// What git is told by its environment inside.
  package static func environment(_ record: BranchRecord) -> [String: String] {
    var values = [
      "HOME": "/nonexistent", "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1",
      "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
      "GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1",
    ]
    let safe = [
      ("core.hooksPath", "/dev/null"), ("core.fsmonitor", "false"), ("gc.auto", "0"),
      ("maintenance.auto", "false"), ("core.untrackedCache", "false"),
      ("core.commitGraph", "false"), ("pack.compression", "1"), ("core.looseCompression", "1"),
      ("advice.addEmbeddedRepo", "false"), ("core.fsync", "none"),
    ]
    values["GIT_CONFIG_COUNT"] = "\(safe.count)"
    for (index, entry) in safe.enumerated() {
      values["GIT_CONFIG_KEY_\(index)"] = entry.0
      values["GIT_CONFIG_VALUE_\(index)"] = entry.1
    }
    return values.merging(record.identity) { $1 }
  }
}
