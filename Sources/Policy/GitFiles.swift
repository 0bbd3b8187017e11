/// The part of 'start-up files' that git's own layout decides.
enum GitFiles {
  private static let group = "git"

  static func match(_ path: [String], at start: Int, kind: EntryKind) -> StartUpFiles.Match? {
    let name = path[start]
    // `git~1` is what NTFS and FAT call `.git`.
    if name == ".git" || name == "git~1" || (name.hasSuffix(".git") && start + 1 < path.count) {
      return inside(path, at: start, kind: kind)
    }
    let isWithin = path[..<start].contains { $0.hasSuffix(".git") || $0 == "git~1" }
    guard start == path.count - 1, kind != .directory, !isWithin else { return nil }
    // With a file of this name beside `objects` and `refs`, any directory is a repository.
    if name == "head" { return Self.file(path, start) }
    if start > 0, path[start - 1] == "hooks" || path[start - 1] == ".githooks",
      hookNames.contains(name)
    {
      return Self.file(path, start)
    }
    return nil
  }

  /// Below the directory of a repository at `start`.
  private static func inside(
    _ path: [String],
    at start: Int,
    kind: EntryKind
  ) -> StartUpFiles.Match? {
    let rest = path[(start + 1)...]
    guard let first = rest.first else {
      // A file here leads git to another directory; a directory is judged by what it holds.
      return kind == .directory ? nil : file(path, start)
    }
    let isLink = kind == .link || kind == .other
    if isLink, rest.count == 1, directories.contains(first) { return tree(path, start, 1) }
    switch first {
    case "hooks":
      // git runs hooks by their exact names, and its samples have none of them.
      if path[path.count - 1].hasSuffix(".sample"), rest.count == 2, kind == .file { return nil }
      return rest.count == 1 && kind == .directory ? nil : tree(path, start, 1)
    case "rebase-merge", "rebase-apply", "sequencer", "remotes", "branches":
      return rest.count == 1 && kind == .directory ? nil : tree(path, start, 1)
    case "config", "config.worktree", "commondir", "gitdir":
      return rest.count == 1 && kind != .directory ? tree(path, start, 1) : nil
    case "info":
      guard rest.count > 1, rest.dropFirst().first == "attributes" else { return nil }
      return tree(path, start, 2)
    case "modules", "worktrees":
      return below(path, at: start, rest: rest, kind: kind)
    default:
      return nil
    }
  }

  /// Repositories within a repository: names of modules hold slashes, so that any component may be
  /// the one that counts.
  private static func below(
    _ path: [String],
    at start: Int,
    rest: ArraySlice<String>,
    kind: EntryKind
  ) -> StartUpFiles.Match? {
    let names = rest.dropFirst(2)
    if kind == .link || kind == .other { return tree(path, start, rest.count) }
    guard kind != .directory else { return nil }
    if names.contains(where: executing.contains) { return tree(path, start, rest.count) }
    if let last = names.last, single.contains(last) { return tree(path, start, rest.count) }
    return nil
  }

  private static let directories: Set = [
    "hooks", "info", "modules", "worktrees", "rebase-merge", "rebase-apply", "sequencer",
    "remotes", "branches",
  ]
  private static let executing: Set = [
    "hooks", "rebase-merge", "rebase-apply", "sequencer", "remotes", "branches",
  ]
  private static let single: Set = [
    "config", "config.worktree", "commondir", "gitdir", "attributes",
  ]

  private static func file(_ path: [String], _ start: Int) -> StartUpFiles.Match {
    StartUpFiles.Match(group: group, anchorDepth: start + 1, grantDepth: path.count)
  }

  private static func tree(_ path: [String], _ start: Int, _ depth: Int) -> StartUpFiles.Match {
    StartUpFiles.Match(
      group: group,
      anchorDepth: start + 1,
      grantDepth: min(start + 1 + depth, path.count)
    )
  }

  static let hookNames: Set = [
    "applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit",
    "prepare-commit-msg", "commit-msg", "post-commit", "pre-rebase", "post-checkout", "post-merge",
    "pre-push", "pre-receive", "update", "proc-receive", "post-receive", "post-update",
    "reference-transaction", "push-to-checkout", "pre-auto-gc", "post-rewrite",
    "sendemail-validate", "fsmonitor-watchman", "p4-changelist", "p4-prepare-changelist",
    "p4-post-changelist", "p4-pre-submit", "post-index-change",
  ]
}
