/// A question to a person about one exact action.
package struct Approval: Sendable, Equatable {
  package enum State: String, Sendable, Codable, CaseIterable {
    case pending
    case approved
    case denied
    /// Nobody answered before it expired.
    case timedOut = "timed-out"
    /// The action changed, or its assignment ended: what was asked is not asked any more.
    case superseded
    /// There is nobody who could be asked.
    case noChannel = "no-channel"
  }

  /// How far an approval reaches.
  package enum Scope: String, Sendable, Codable, CaseIterable {
    /// This action, once.
    case once
    /// The same action in this assignment.
    case session
    /// The same action, in every assignment, until it is revoked.
    case always
  }

  /// `ASSIGNMENT.NUMBER`.
  package let id: String
  package let assignment: String
  /// SHA-256 of the exact action, hexadecimal: an answer holds for nothing else.
  package let hash: String
  /// The whole action, as JSON: what is shown is what is hashed.
  package let action: String
  /// The widest scope that may be given.
  package let scope: Scope
  package let state: State
  package let created: Int64
  package let expires: Int64?
  /// Who answered, and by which way.
  package let answeredBy: String?
  package let answeredAt: Int64?
  /// What the person wrote.
  package let comment: String?
  /// How far the answer reaches; nil while there is none.
  package let given: Scope?

  package init(
    id: String,
    assignment: String,
    hash: String,
    action: String,
    scope: Scope,
    state: State,
    created: Int64,
    expires: Int64?,
    answeredBy: String? = nil,
    answeredAt: Int64? = nil,
    comment: String? = nil,
    given: Scope? = nil
  ) {
    self.id = id
    self.assignment = assignment
    self.hash = hash
    self.action = action
    self.scope = scope
    self.state = state
    self.created = created
    self.expires = expires
    self.answeredBy = answeredBy
    self.answeredAt = answeredAt
    self.comment = comment
    self.given = given
  }
}

extension Approval {
  /// The same question, which nobody answers any more.
  func closed(as state: State) -> Approval {
    Approval(
      id: id,
      assignment: assignment,
      hash: hash,
      action: action,
      scope: scope,
      state: state,
      created: created,
      expires: expires
    )
  }
}

/// A question as it is asked.
package struct NewApproval: Sendable, Equatable {
  /// Of its assignment: the step that it is about, so that asking twice is asking once.
  package var number: Int
  /// Of the exact action. A question with another hash is another question: what asks whether an
  /// effect is to be repeated names the attempt, so that one answer repeats it once.
  package var hash: String
  package var action: String
  package var scope: Approval.Scope
  package var expires: Int64?

  package init(
    number: Int,
    hash: String,
    action: String,
    scope: Approval.Scope,
    expires: Int64?
  ) {
    self.number = number
    self.hash = hash
    self.action = action
    self.scope = scope
    self.expires = expires
  }
}

/// A person's answer.
package struct ApprovalAnswer: Sendable, Equatable {
  package var isApproved: Bool
  package var scope: Approval.Scope
  /// Who, and by which way: `USER by caisson approve`.
  package var by: String
  package var comment: String?
  /// The hash of what the person saw; where it differs from what is asked, nothing is answered.
  package var hash: String

  package init(
    isApproved: Bool,
    scope: Approval.Scope,
    by: String,
    comment: String? = nil,
    hash: String
  ) {
    self.isApproved = isApproved
    self.scope = scope
    self.by = by
    self.comment = comment
    self.hash = hash
  }
}
