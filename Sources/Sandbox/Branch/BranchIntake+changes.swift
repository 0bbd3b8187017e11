internal import Glibc
package import SystemPackage

/// One commit that a run made.
package struct BranchCommit: Sendable, Hashable {
  package var name: ObjectName
  package var author: String
  /// Seconds since 1970, as the commit says.
  package var time: Int64
  package var subject: String
}

/// What a run's branch changes, from what it began with to what it came to.
package struct BranchChanges: Sendable {
  package var changes: [Change]
  package var commits: [BranchCommit]
  /// Whether there are more commits than are listed.
  package var hasMoreCommits: Bool
  /// Paths that lie in a commit on the way and not in the result.
  package var onTheWay: [RelativePath]
  /// How many of the changes are not committed.
  package var uncommitted: Int
  /// What a digest of all this is taken of.
  package var canonicalBytes: [UInt8]
  package var before: FilePath
  package var after: FilePath

  package var totals: ChangeSet.Totals { ChangeSet.Totals(of: changes) }

  /// The changes at or beneath any of the paths; all where none is named.
  package func selecting(_ paths: [RelativePath]) throws(WorkspaceError) -> [Change] {
    if paths.isEmpty { return changes }
    for path in paths where !changes.contains(where: { $0.path.isWithin(path) }) {
      throw .noSuchChange(path)
    }
    return changes.filter { change in paths.contains { change.path.isWithin($0) } }
  }
}

extension BranchIntake {
  private static let mostCommits = 500

  /// Lists what the branch changes, and writes both sides of it out into the intake's directory.
  package func changes() throws -> BranchChanges {
    let (base, final) = (record.base, harvest.final)
    let raw = try difference(base, final)
    let entries = try RawDifference.parse(raw)
    let view = BranchView(intake: self)
    let changes = try view.write(entries)
    var commits = try self.commits()
    // What is not committed is no commit of the run's.
    if harvest.hasUncommitted { commits.removeAll { $0.name == harvest.final } }
    var bytes = Array("caisson branch 1 \(base) \(harvest.tip)\n".utf8)
    bytes += raw
    return BranchChanges(
      changes: changes,
      commits: Array(commits.prefix(Self.mostCommits)),
      hasMoreCommits: commits.count > Self.mostCommits,
      onTheWay: try onTheWay(besides: Set(changes.map(\.path))),
      uncommitted: harvest.hasUncommitted
        ? try RawDifference.parse(difference(harvest.tip, final)).count : 0,
      canonicalBytes: bytes,
      before: FilePath(view.before),
      after: FilePath(view.after)
    )
  }

  /// How much the branch changes, without looking at any content.
  package func totals() throws -> ChangeSet.Totals {
    var totals = ChangeSet.Totals()
    for entry in try RawDifference.parse(difference(record.base, harvest.final)) {
      switch entry.letter {
      case UInt8(ascii: "A"): totals.added += 1
      case UInt8(ascii: "D"): totals.deleted += 1
      default: totals.modified += 1
      }
    }
    return totals
  }

  /// The difference of it all, as git writes it.
  package func difference() throws(GitError) -> [UInt8] {
    try difference(record.base, harvest.final)
  }

  func difference(_ from: ObjectName, _ to: ObjectName) throws(GitError) -> [UInt8] {
    try run(
      ["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", from.text, to.text],
      doing: "compare \(from.short) with \(to.short)"
    ).bytes
  }

  /// The result, and with a caret what leads to nothing of the run's: standard input of rev-list.
  private var range: [UInt8] {
    var lines = "\(harvest.final)\n^\(record.base)\n"
    for line in (HostTree.text("\(workspace.base)/known-refs") ?? "").split(separator: "\n")
    where !line.contains(" refs/tags/") {
      lines += "^\(line.prefix { $0 != " " })\n"
    }
    return Array(lines.utf8)
  }

  /// The run's commits, newest first, one more than are listed.
  private func commits() throws(GitError) -> [BranchCommit] {
    let answer = try run(
      [
        "log", "--stdin", "--ignore-missing", "-z", "--no-show-signature", "--encoding=UTF-8",
        "--max-count=\(Self.mostCommits + 1)", "--format=%H%x1f%ct%x1f%an <%ae>%x1f%s",
      ],
      doing: "list the commits of \(record.branch)",
      input: .bytes(range)
    )
    return answer.bytes.split(separator: 0).compactMap { line in
      let fields = String(decoding: line, as: UTF8.self)
        .split(separator: "\u{1F}", maxSplits: 3, omittingEmptySubsequences: false)
      guard fields.count == 4, let name = ObjectName(fields[0]) else { return nil }
      return BranchCommit(
        name: name,
        author: String(fields[2]),
        time: Int64(fields[1]) ?? 0,
        subject: String(fields[3])
      )
    }
  }

  /// Whoever goes back to a commit on the way has its files in his work tree.
  private func onTheWay(besides known: Set<RelativePath>) throws(GitError) -> [RelativePath] {
    let answer = try run(
      [
        "log", "--stdin", "--ignore-missing", "-z", "-c", "--root", "--name-only", "--no-renames",
        "--format=",
      ],
      doing: "list what the commits of \(record.branch) touch",
      input: .bytes(range)
    )
    var found: Set<RelativePath> = []
    for name in answer.bytes.split(separator: 0) {
      // Between commits there may be a line's end.
      guard let path = RelativePath(name.first == 10 ? name.dropFirst() : name), !path.isRoot,
        !known.contains(path)
      else { continue }
      found.insert(path)
    }
    return found.sorted()
  }
}
