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
    /// Before the run has spent more than this.
    case spend(above: Money)
  }

  package enum Frequency: String, Hashable, Sendable, CaseIterable {
    case always
    case once
  }

  package var condition: Condition
  package var ask: Frequency

  package init(_ condition: Condition, ask: Frequency = .always) {
    self.condition = condition
    self.ask = ask
  }
}
