/// A path that a policy speaks about, with the words that it does so by.
package struct PathGrant: Hashable, Sendable {
  /// What stands behind a path inside the run.
  package enum Source: Hashable, Sendable {
    /// What the host has there.
    case host
    /// A fresh, empty directory of the run's own.
    case fresh
  }

  /// Absolute, without `.`, `..`, doubled or trailing slashes. Covers everything below it.
  package var path: String
  /// How the policy names it, for messages: `filesystem.read: /usr`, or a built-in rule.
  package var rule: String
  /// The line of the document; nil for what is built in.
  package var line: Int?
  /// Whether the path may be missing on this machine. What a person wrote must exist.
  package var isOptional: Bool
  /// Whether `path` is the beginning of a name: `/etc/java` covers `/etc/java-17-openjdk`, too.
  ///
  /// Only the built-in system set holds such entries. Whoever mounts them lists the directory.
  package var isPrefix: Bool
  package var source: Source

  package init(
    path: String,
    rule: String,
    line: Int? = nil,
    isOptional: Bool = false,
    isPrefix: Bool = false,
    source: Source = .host
  ) {
    self.path = path
    self.rule = rule
    self.line = line
    self.isOptional = isOptional
    self.isPrefix = isPrefix
    self.source = source
  }

  /// Whether a path in its shortest form is meant by this.
  package func covers(_ other: String) -> Bool {
    if PathText.covers(path, other) { return true }
    return isPrefix && other.utf8.starts(with: path.utf8)
  }

  /// The rule with the line that it stands in.
  package var description: String {
    line.map { "\(rule) (line \($0))" } ?? rule
  }
}
