/// Merges the branches of several runs, one after the other, in a repository of Caisson's own: nothing
/// of the user's is changed, and no merge driver of anybody's is run.
///
/// What was carried into a run is no part of what is merged: it is measured from there.
package struct BranchMerge: Sendable {
  /// One branch.
  package struct Part: Sendable, Hashable {
    package var name: String
    /// The user's commit that it began at.
    package var start: ObjectName
    /// What it is measured against.
    package var base: ObjectName
    package var tip: ObjectName

    package init(_ record: BranchRecord, tip: ObjectName) {
      name = record.branch
      start = record.start
      base = record.base
      self.tip = tip
    }
  }

  /// A path that two sides changed, each in its own way.
  package struct Conflict: Sendable, Hashable {
    package var path: RelativePath
    /// The branch that could not be merged.
    package var branch: String
    /// The last commit that touched the path on either side, in words.
    package var ours: String?
    package var theirs: String?
  }

  package enum Result: Sendable {
    /// All of it is in this commit, which may be one that was there.
    case merged(ObjectName)
    case conflicts([Conflict])
  }

  let git: GitProcess
  let directory: String
  let identity: [String: String]
  private static let mostExplained = 20

  /// - Parameter directory: A repository that has, or borrows, all the objects.
  package init(_ git: GitProcess, in directory: String, identity: [String: String]) {
    self.git = git
    self.directory = directory
    self.identity = identity
  }

  /// Merges into a commit what the parts changed, in their order. A part that cannot be merged is left
  /// out, so that the others' conflicts are found, too.
  package func merge(_ parts: [Part], onto head: ObjectName) throws(GitError) -> Result {
    var current = head
    var conflicts: [Conflict] = []
    for part in parts {
      switch try merge(part, into: current) {
      case .merged(let name): current = name
      case .conflicts(let found): conflicts += found
      }
    }
    return conflicts.isEmpty ? .merged(current) : .conflicts(conflicts)
  }

  private func merge(_ part: Part, into current: ObjectName) throws(GitError) -> Result {
    if try isAncestor(part.tip, of: current) { return .merged(current) }
    if part.base == part.start, try isAncestor(current, of: part.tip) { return .merged(part.tip) }
    let ours = try side(of: part, current)
    let answer = try run(
      [
        "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours.text,
        part.tip.text,
      ],
      doing: "merge \(part.name)",
      accepting: [0, 1]
    )
    let fields = answer.bytes.split(separator: 0)
    guard let first = fields.first, let tree = ObjectName(String(decoding: first, as: UTF8.self))
    else { throw .unreadable(doing: "merge \(part.name)", what: "no tree") }
    if answer.status == 0 {
      let message = "Merge branch '\(part.name)'\n"
      return .merged(try commit(tree.text, parents: [current, part.tip], message))
    }
    var conflicts: [Conflict] = []
    for path in fields.dropFirst().compactMap({ RelativePath($0) }) {
      var conflict = Conflict(path: path, branch: part.name)
      if conflicts.count < Self.mostExplained {
        conflict.ours = try lastCommit(of: path, from: part.start, to: current)
        conflict.theirs = try lastCommit(of: path, from: part.base, to: part.tip)
      }
      conflicts.append(conflict)
    }
    return .conflicts(conflicts)
  }

  /// The commit that a part is merged with.
  func side(of part: Part, _ current: ObjectName) throws(GitError) -> ObjectName {
    // What was carried in counts as what both sides began with.
    guard part.base != part.start, try !isAncestor(part.base, of: current) else { return current }
    return try commit("\(current)^{tree}", parents: [part.base], "The other side\n")
  }

  package func isAncestor(_ one: ObjectName, of other: ObjectName) throws(GitError) -> Bool {
    try run(
      ["merge-base", "--is-ancestor", one.text, other.text],
      doing: "compare \(one.short) with \(other.short)",
      accepting: [0, 1]
    ).status == 0
  }

  func commit(
    _ tree: String,
    parents: [ObjectName],
    _ message: String
  ) throws(GitError) -> ObjectName {
    let answer = try run(
      ["commit-tree"] + parents.flatMap { ["-p", $0.text] } + ["-F", "-", tree],
      doing: "commit a merge",
      input: .bytes(Array(message.utf8))
    )
    guard let name = ObjectName(answer.text.trimmedLine) else {
      throw .unreadable(doing: "commit a merge", what: "no name of a commit")
    }
    return name
  }

  private func lastCommit(
    of path: RelativePath,
    from start: ObjectName,
    to end: ObjectName
  ) throws(GitError) -> String? {
    let answer = try run(
      ["log", "-1", "--format=%h %s", end.text, "^\(start)", "--"] + [path.text],
      doing: "find who changed \(path.display)"
    )
    let line = answer.text.trimmedLine
    return line.isEmpty ? nil : String(line)
  }

  func run(
    _ arguments: [String],
    doing: String,
    input: GitProcess.Input = .nothing,
    accepting: Set<Int32> = [0]
  ) throws(GitError) -> GitProcess.Output {
    try git.run(
      ["--git-dir=\(directory)"] + arguments,
      doing: doing,
      variables: identity,
      input: input,
      accepting: accepting
    )
  }
}

extension RelativePath {
  fileprivate var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension BranchIntake {
  /// Merges what the run made into a commit of the user's, in the intake.
  package func merge(onto head: ObjectName) throws(GitError) -> BranchMerge.Result {
    let merge = BranchMerge(git, in: directory, identity: record.identity)
    return try merge.merge([BranchMerge.Part(record, tip: harvest.final)], onto: head)
  }
}
