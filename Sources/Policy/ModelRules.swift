/// Which models may be called, and for how much in all.
package struct ModelRules: Hashable, Sendable {
  package var allow: [String]
  package var budget: Money?

  package init(allow: [String] = [], budget: Money? = nil) {
    self.allow = allow
    self.budget = budget
  }
}

/// When a person is asked.
package struct ApprovalRule: Hashable, Sendable {
  package enum Condition: Hashable, Sendable {
    /// Before anything is pushed.
    case push
    /// Before another call, once more than this is spent.
    case spend(above: Money)
    /// Before an agent runs a command that looks so; `*` is any text.
    case command(String)
    /// Before an agent writes a file at such a path; `*` is any text.
    case write(String)
  }

  package enum Frequency: String, Hashable, Sendable, CaseIterable {
    /// Each time.
    case always
    /// Once for the same action, for good.
    case once
    /// Once for the same action in one assignment.
    case session
  }

  package var condition: Condition
  package var ask: Frequency

  package init(_ condition: Condition, ask: Frequency = .always) {
    self.condition = condition
    self.ask = ask
  }
}

/// What an agent is about to do, as far as a person may be asked about it.
package enum ApprovalOccasion: Hashable, Sendable {
  case command(String)
  case write(path: String)
  /// Pico-dollars that are spent already.
  case spend(Int64)
}

extension ApprovalRule {
  /// Whether a person is to be asked.
  package func covers(_ occasion: ApprovalOccasion) -> Bool {
    switch (condition, occasion) {
    case (.command(let pattern), .command(let text)):
      Glob.matches(Array(pattern.utf8), Array(text.utf8))
    case (.write(let pattern), .write(let path)):
      Glob.matches(Array(pattern.utf8), Array(path.utf8))
    case (.spend(let above), .spend(let spent)): spent > above.picoDollars
    default: false
    }
  }
}
