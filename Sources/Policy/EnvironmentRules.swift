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

  /// What becomes of a caller's environment.
  package struct Selection: Hashable, Sendable {
    /// What the run gets.
    package var kept: [String: String]
    /// Names, sorted, of variables that look like credentials and were not let through.
    package var withheld: [String]
  }

  /// Chooses from a caller's environment. A value that looks like a credential stays outside even
  /// where its name is let through.
  package func select(from caller: [String: String]) -> Selection {
    var selection = Selection(kept: [:], withheld: [])
    for (name, value) in caller {
      let isSecret =
        SecretNames.looksLikeSecret(name: name) || SecretNames.looksLikeSecret(value: value)
      if isSecret {
        selection.withheld.append(name)
      } else if passes(name) {
        selection.kept[name] = value
      }
    }
    selection.kept.merge(set) { _, fixed in fixed }
    selection.withheld = selection.withheld.filter { set[$0] == nil }.sorted()
    return selection
  }

  package func passes(_ name: String) -> Bool {
    effectivePass.contains { pattern in
      pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
    }
  }
}
