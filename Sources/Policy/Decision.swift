/// What a run asks for.
package enum Request: Hashable, Sendable {
  case read(String)
  case write(String)
  case execute(String)
  case connect(host: String, port: UInt16)
  /// A request over HTTP, by its whole address.
  case ask(method: String, address: String)
}

/// The answer to a request, and the rule that it comes from.
package struct Decision: Hashable, Sendable {
  package enum Verdict: String, Hashable, Sendable {
    case allow
    case deny
    /// May be written inside; is not applied to the workspace without consent.
    case heldAtApply
  }

  package var verdict: Verdict
  /// Names the rule in words: `filesystem.write: $WORKSPACE`, `the built-in rule 'start-up files'`.
  package var rule: String
  /// The smallest change to the document that would allow it; nil where nothing is to be changed,
  /// or nothing could.
  package var remedy: String?

  package init(_ verdict: Verdict, rule: String, remedy: String? = nil) {
    self.verdict = verdict
    self.rule = rule
    self.remedy = remedy
  }
}

/// Whether a change may leave the overlay.
package enum ApplyDecision: Hashable, Sendable {
  case allow
  /// Not without a person's consent to this very path.
  case hold(rule: String, remedy: String?)
  /// Not at all.
  case deny(rule: String, remedy: String?)
}

/// What kind of entry a change leaves at its path.
package enum EntryKind: Hashable, Sendable, CaseIterable {
  case file
  case directory
  case link
  /// Not known, or something else: judged as the most dangerous of the others.
  case other
}
