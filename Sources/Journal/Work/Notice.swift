/// Something that a person is to be told: written with what it tells of, delivered afterwards.
package struct Notice: Sendable, Equatable {
  package let id: Int64
  package let assignment: String?
  /// `approval`, `done`, `failed`, `parked`, …
  package let kind: String
  /// JSON.
  package let body: String
  package let created: Int64
  /// How often its delivery was begun.
  package let attempts: Int

  package init(
    id: Int64,
    assignment: String?,
    kind: String,
    body: String,
    created: Int64,
    attempts: Int
  ) {
    self.id = id
    self.assignment = assignment
    self.kind = kind
    self.body = body
    self.created = created
    self.attempts = attempts
  }
}

/// What came of a delivery.
package enum NoticeReceipt: Sendable, Equatable {
  /// With what the channel said.
  case delivered(String)
  case failed(String, retryAt: Int64)
  /// Not tried again.
  case givenUp(String)
}

/// Work that is given again and again, or later.
package struct Schedule: Sendable, Equatable {
  package let id: String
  package let text: String
  package let settings: String
  /// Microseconds between; nil for once.
  package let every: Int64?
  /// When it is due next; nil once it is over.
  package let due: Int64?

  package init(id: String, text: String, settings: String, every: Int64?, due: Int64?) {
    self.id = id
    self.text = text
    self.settings = settings
    self.every = every
    self.due = due
  }

  /// The first moment after `now` that it falls on; nil for what happens once.
  ///
  /// What was missed meanwhile is not made up for.
  package func next(after now: Int64) -> Int64? {
    guard let every, every > 0, let due else { return nil }
    guard due <= now else { return due }
    let (late, isTooLate) = now.subtractingReportingOverflow(due)
    guard !isTooLate else { return nil }
    let (next, isTooFar) = now.addingReportingOverflow(every - late % every)
    return isTooFar ? nil : next
  }
}
