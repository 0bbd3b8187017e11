internal import Glibc

/// Brings what was taken in and checked into the user's repository: objects by a fetch that checks them
/// once more, and single references, each only from the value that it was seen to have.
package struct BranchDelivery: Sendable {
  package let repository: GitRepository

  package init(to root: String, environment: [String: String]) throws(GitError) {
    repository = try GitRepository.find(root, environment: environment)
  }

  /// What a reference is; nil where there is none.
  package func value(of reference: String) throws(GitError) -> ObjectName? {
    let answer = try repository.run(
      ["rev-parse", "--verify", "-q", reference],
      doing: "read \(reference)",
      accepting: [0, 1]
    )
    return ObjectName(answer.text.trimmedLine)
  }

  /// The branch of the user's work tree, as `refs/heads/main`; nil where there is none.
  package func currentBranch() throws(GitError) -> String? {
    let answer = try repository.run(
      ["symbolic-ref", "-q", "HEAD"],
      doing: "read HEAD",
      accepting: [0, 1]
    )
    let name = String(answer.text.trimmedLine)
    return name.isEmpty ? nil : name
  }

  /// The work tree in which a branch is checked out, if there is one.
  package func workTree(of reference: String) throws(GitError) -> String? {
    let answer = try repository.run(
      ["for-each-ref", "--format=%(worktreepath)", reference],
      doing: "look who uses \(reference)"
    )
    let place = String(answer.text.trimmedLine)
    return place.isEmpty ? nil : place
  }

  /// Whether a commit is there at all.
  func has(_ name: ObjectName) throws(GitError) -> Bool {
    try repository.run(
      ["cat-file", "-e", "\(name)^{commit}"],
      doing: "look for \(name.short)",
      accepting: [0, 1, 128]
    ).status == 0
  }

  /// Whether a commit is in something that the repository keeps.
  package func keeps(_ name: ObjectName) throws(GitError) -> Bool {
    let answer = try repository.run(
      ["for-each-ref", "--count=1", "--contains", name.text, "--format=%(refname)"],
      doing: "look for \(name.short)",
      accepting: [0, 1, 128, 129]
    )
    return answer.status == 0 && !answer.bytes.isEmpty
  }

  /// Gets the objects that references of another repository need. No reference is changed, nor
  /// FETCH_HEAD.
  package func fetch(_ references: [String], from directory: String) throws(GitError) {
    _ = try repository.run(
      [
        "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
        "--no-auto-maintenance", "--no-prune", "--refmap=", directory,
      ] + references,
      doing: "fetch into \(repository.root)",
      configuration: [
        ("fetch.fsckObjects", "true"), ("transfer.fsckObjects", "true"),
        // With an address in the place of a remote, git would take the user's tags for stale ones.
        ("fetch.writeCommitGraph", "false"), ("fetch.prune", "false"), ("fetch.pruneTags", "false"),
      ]
    )
  }

  /// Moves a reference from the value that it was seen to have: nil means that there was none.
  package func move(
    _ reference: String,
    from old: ObjectName?,
    to new: ObjectName,
    because reason: String
  ) throws(GitError) {
    let zero = String(repeating: "0", count: new.text.utf8.count)
    _ = try repository.run(
      ["update-ref", "-m", "caisson: \(reason)", reference, new.text, old?.text ?? zero],
      doing: "move \(reference)"
    )
  }

  package func delete(_ reference: String, from old: ObjectName) throws(GitError) {
    _ = try repository.run(
      ["update-ref", "-d", reference, old.text],
      doing: "delete \(reference)"
    )
  }

  // MARK: - The user's work tree

  /// What keeps a merge from touching the work tree; nil where nothing does.
  package func obstacle() throws(GitError) -> String? {
    let root = repository.root
    for name in [
      "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "rebase-merge",
      "rebase-apply",
    ] where access("\(repository.directory)/\(name)", F_OK) == 0 {
      return "\(root) is in the middle of something (\(name)); finish it first"
    }
    if access("\(repository.directory)/index.lock", F_OK) == 0 {
      return "git works in \(root) or was interrupted there (index.lock); see to that first"
    }
    let answer = try repository.run(
      ["status", "--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=all"],
      doing: "look at the work tree \(root)"
    )
    let paths = answer.bytes.split(separator: 0).prefix(5)
      .map { PrintableText.quotedName(Array($0.dropFirst(3))) }
    if paths.isEmpty { return nil }
    return "\(root) has uncommitted changes (\(paths.joined(separator: ", "))); commit or stash "
      + "them first"
  }

  /// A path among these that passes through a filter, which Caisson does not run.
  package func filtered(_ paths: [RelativePath]) throws(GitError) -> RelativePath? {
    if repository.settings.filters.isEmpty || paths.isEmpty { return nil }
    let answer = try repository.run(
      ["check-attr", "-z", "--stdin", "filter"],
      doing: "ask which files have a filter",
      input: .bytes(paths.flatMap { $0.bytes + [0] })
    )
    let fields = answer.bytes.split(separator: 0, omittingEmptySubsequences: false)
    for index in stride(from: 0, to: fields.count - 2, by: 3) {
      let value = String(decoding: fields[index + 2], as: UTF8.self)
      if repository.settings.filters.contains(value) { return RelativePath(fields[index]) }
    }
    return nil
  }

  /// Makes a clean work tree that of another commit; nothing is changed where a file that git does
  /// not know is in the way.
  package func checkOut(from old: ObjectName, to new: ObjectName) throws(GitError) {
    _ = try repository.run(
      ["read-tree", "-m", "-u", old.text, new.text],
      doing: "bring \(repository.root) from \(old.short) to \(new.short)"
    )
  }

  /// The paths in which two commits differ.
  package func difference(
    _ from: ObjectName,
    _ to: ObjectName
  ) throws(GitError) -> [RelativePath] {
    let answer = try repository.run(
      ["diff-tree", "-r", "-z", "--name-only", "--no-renames", from.text, to.text],
      doing: "compare \(from.short) with \(to.short)"
    )
    return answer.bytes.split(separator: 0).compactMap { RelativePath($0) }
  }
}
