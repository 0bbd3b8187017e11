/// Which of the caller's environment variables cross into a run, and which are given to it.
package struct EnvironmentRules: Hashable, Sendable {
  /// Names let through; a trailing `*` stands for any ending. Nil means the default names.
  package var pass: [String]?
  /// Values given to the run, whatever the caller's environment holds.
  package var set: [String: String]

  package init(pass: [String]? = nil, set: [String: String] = [:]) {
    self.pass = pass
    self.set = set
  }

  /// Language, terminal and time zone: what makes output readable and betrays nothing.
  package static let defaultPass = [
    "COLORTERM", "COLUMNS", "LANG", "LANGUAGE", "LC_*", "LINES", "NO_COLOR", "TERM", "TZ",
  ]

  package var effectivePass: [String] { pass ?? Self.defaultPass }
}
