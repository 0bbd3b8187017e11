/// A merge that is in conflict, as a commit of both sides whose files hold git's marks.
package struct MarkedMerge: Sendable, Hashable {
  package let commit: ObjectName
  /// What git says of each conflict, and the marked places of the files, within bounds.
  package let text: String
}

extension BranchMerge {
  private static let mostFiles = 20
  private static let mostLines = 60
  private static let longestText = 16 << 10

  /// Makes a commit of a merge in conflict, for whoever settles it.
  package func marked(
    _ part: Part,
    onto current: ObjectName,
    _ conflicts: [Conflict]
  ) throws(GitError) -> MarkedMerge {
    let ours = try side(of: part, current)
    // The marks name the sides as they are given.
    for (name, commit) in [("merged", ours), (part.name, part.tip)] {
      _ = try run(
        ["update-ref", "refs/heads/\(name)", commit.text],
        doing: "name a side of the merge"
      )
    }
    let answer = try run(
      ["merge-tree", "--write-tree", "--messages", "--name-only", "merged", part.name],
      doing: "mark the conflicts of \(part.name)",
      accepting: [0, 1]
    )
    let lines = answer.text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let first = lines.first, let tree = ObjectName(first) else {
      throw .unreadable(doing: "mark the conflicts of \(part.name)", what: "no tree")
    }
    let said = lines.drop { !$0.isEmpty }.filter { $0.hasPrefix("CONFLICT") }
    let name = try commit(
      tree.text,
      parents: [current, part.tip],
      "Merge branch '\(part.name)', with conflicts\n"
    )
    var text = said.joined(separator: "\n") + "\n"
    for conflict in conflicts.prefix(Self.mostFiles) {
      guard let bytes = try content(of: conflict.path, in: name), ConflictText.hasMarks(bytes)
      else { continue }
      text += "--- \(conflict.path.display)\n"
      text += ConflictText.places(in: bytes, atMost: Self.mostLines)
    }
    if text.utf8.count > Self.longestText {
      text = String(decoding: Array(text.utf8.prefix(Self.longestText)), as: UTF8.self) + "…\n"
    }
    return MarkedMerge(commit: name, text: text)
  }

  /// The files among these in which marks are left.
  package func marks(
    in commit: ObjectName,
    among paths: [RelativePath]
  ) throws(GitError) -> [RelativePath] {
    var left: [RelativePath] = []
    for path in paths {
      if let bytes = try content(of: path, in: commit), ConflictText.hasMarks(bytes) {
        left.append(path)
      }
    }
    return left
  }

  /// Makes a merge of the sides whose content somebody settled.
  package func settled(
    as content: ObjectName,
    _ part: Part,
    onto current: ObjectName,
    by run: String
  ) throws(GitError) -> ObjectName {
    try commit(
      "\(content)^{tree}",
      parents: [current, part.tip],
      "Merge branch '\(part.name)'\n\nIts conflicts were settled by run \(run).\n"
    )
  }

  private func content(
    of path: RelativePath,
    in commit: ObjectName
  ) throws(GitError) -> [UInt8]? {
    let answer = try run(
      ["cat-file", "blob", "\(commit):\(String(decoding: path.bytes, as: UTF8.self))"],
      doing: "read \(path.display)",
      accepting: [0, 128]
    )
    return answer.status == 0 ? answer.bytes : nil
  }
}

extension BranchMerge {
  /// The paths in which two commits differ.
  package func paths(
    from old: ObjectName,
    to new: ObjectName
  ) throws(GitError) -> [RelativePath] {
    let answer = try run(
      ["diff-tree", "-r", "-z", "--name-only", "--no-renames", old.text, new.text],
      doing: "compare \(old.short) with \(new.short)"
    )
    return answer.bytes.split(separator: 0).compactMap { RelativePath($0) }
  }
}
