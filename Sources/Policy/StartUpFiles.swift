/// Files that a program runs, or takes orders from, because of where they lie: the built-in rule
/// 'start-up files'.
///
/// A change to one of them would run outside the sandbox the next time that a person opens a shell,
/// an editor or a repository. What a person runs on purpose (a Makefile, a test, a package script)
/// is not among them, nor are instructions to agents in plain text: the line is drawn at files that
/// act without being called. The table is in `docs/policy.md`; names are compared folded.
enum StartUpFiles {
  /// A class of start-up files, for messages.
  struct Match: Hashable, Sendable {
    /// Such as `git hooks`.
    var group: String
    /// How many leading components of the path lead to the name that makes it one: a grant that
    /// reaches this far has named it.
    var anchorDepth: Int
    /// How many leading components make up the smallest thing to grant.
    var grantDepth: Int
  }

  /// Judges a path by its folded components.
  static func match(_ components: [String], kind: EntryKind) -> Match? {
    for start in components.indices {
      if let match = GitFiles.match(components, at: start, kind: kind) { return match }
      for pattern in StartUpTable.candidates(components[start]) {
        if let match = pattern.match(components, at: start, kind: kind) { return match }
      }
    }
    return nil
  }
}

/// One line of the table: components that follow one another at any depth.
struct StartUpPattern: Hashable, Sendable {
  let group: String
  let components: [String]
  /// Whether everything below the last component is meant, too.
  let isTree: Bool

  /// `a/b/**` is a tree, `a/b` a file; `*` at the beginning of a component stands for anything.
  init(_ group: String, _ text: String) {
    self.group = group
    var parts = text.split(separator: "/").map(String.init)
    isTree = parts.last == "**"
    if isTree { parts.removeLast() }
    components = parts
  }

  func match(_ path: [String], at start: Int, kind: EntryKind) -> StartUpFiles.Match? {
    let length = path.count - start
    for offset in 0..<min(length, components.count)
    where !Self.matches(components[offset], path[start + offset]) { return nil }
    // A link in place of a directory on the way would lead the name elsewhere.
    guard length >= components.count else {
      guard kind == .link || kind == .other else { return nil }
      return StartUpFiles.Match(group: group, anchorDepth: path.count, grantDepth: path.count)
    }
    guard length == components.count || isTree else { return nil }
    // An empty directory does nothing; what comes to lie in it is judged by itself.
    if isTree, length == components.count, kind == .directory { return nil }
    if !isTree, kind == .directory { return nil }
    return StartUpFiles.Match(
      group: group,
      anchorDepth: start + components.count,
      grantDepth: start + components.count
    )
  }

  private static func matches(_ pattern: String, _ name: String) -> Bool {
    pattern.hasPrefix("*")
      ? name.hasSuffix(pattern.dropFirst()) && name.utf8.count >= pattern.utf8.count
      : pattern == name
  }
}
