import Foundation

/// A row of the chain that tells of assignments: its kind, and its payload as JSON with keys in order.
package struct WorkRow: Sendable, Equatable {
  package let kind: String
  package let payload: String

  package static let kinds: Set<String> = [
    "approval-answered", "approval-asked", "approval-closed", "assigned",
    "assignment-asked-to-stop",
    "assignment-ended", "assignment-resumed", "assignment-taken", "assignment-waits", "notified",
    "step-again", "step-intent", "step-outcome",
  ]

  init(kind: String, payload: String) {
    self.kind = kind
    self.payload = payload
  }

  private init(_ kind: String, _ write: (inout JSONLine) -> Void) {
    var json = JSONLine()
    json.beginObject()
    write(&json)
    json.endObject()
    self.init(kind: kind, payload: json.text)
  }

  // MARK: Steps

  static func intent(_ intent: StepIntent, key: String) -> WorkRow {
    WorkRow("step-intent") { json in
      json.raw("body", intent.body)
      json.field("class", intent.effect.rawValue)
      json.field("hash", intent.hash)
      json.field("key", key)
      json.field("kind", intent.kind)
      json.field("step", Int64(intent.sequence))
    }
  }

  static func again(_ sequence: Int, attempt: Int, reason: String) -> WorkRow {
    WorkRow("step-again") { json in
      json.field("attempt", Int64(attempt))
      json.field("reason", reason)
      json.field("step", Int64(sequence))
    }
  }

  static func outcome(_ sequence: Int, _ outcome: StepOutcome) -> WorkRow {
    WorkRow("step-outcome") { json in
      json.raw("body", outcome.body)
      json.field("status", outcome.status.rawValue)
      json.field("step", Int64(sequence))
    }
  }

  /// The body of an intent's or an outcome's row, as it was given, and what stands after it.
  ///
  /// It stands first, and what follows it, beginning with the key `next`, is ours and holds no text of
  /// others: so the last place where that key could begin is where it does.
  package static func split(_ payload: String, before next: String) -> (body: String, rest: String)?
  {
    let bytes = payload.utf8
    let start = #"{"body":"#
    guard bytes.starts(with: start.utf8),
      let range = payload.range(of: ",\"\(next)\":\"", options: [.backwards, .literal])
    else { return nil }
    let begin = bytes.index(bytes.startIndex, offsetBy: start.utf8.count)
    guard begin <= range.lowerBound else { return nil }
    let rest = bytes[range.lowerBound...].dropFirst()
    return (String(payload[begin..<range.lowerBound]), "{" + String(Substring(rest)))
  }

  // MARK: Assignments

  static func assigned(_ assignment: Assignment) -> WorkRow {
    WorkRow("assigned") { json in
      if let parent = assignment.parent { json.field("parent", parent) }
      json.raw("settings", assignment.settings)
      if let wake = assignment.wake { json.field("start", wake) }
      json.field("text", assignment.text)
    }
  }

  static func taken(_ epoch: Int64, by worker: WorkerIdentity, isRecovery: Bool) -> WorkRow {
    WorkRow("assignment-taken") { json in
      json.field("epoch", epoch)
      json.field("recovery", isRecovery)
      json.field("worker", worker.text)
    }
  }

  static func waits(for what: String, wake: Int64?) -> WorkRow {
    WorkRow("assignment-waits") { json in
      json.field("for", what)
      if let wake { json.field("wake", wake) }
    }
  }

  static func ended(_ state: Assignment.State, reason: String?) -> WorkRow {
    WorkRow("assignment-ended") { json in
      if let reason { json.field("reason", reason) }
      json.field("state", state.rawValue)
    }
  }

  static func resumed(by: String) -> WorkRow {
    WorkRow("assignment-resumed") { $0.field("by", by) }
  }

  static func askedToStop(by: String) -> WorkRow {
    WorkRow("assignment-asked-to-stop") { $0.field("by", by) }
  }

  // MARK: Questions and notices

  static func asked(_ approval: Approval) -> WorkRow {
    WorkRow("approval-asked") { json in
      json.raw("action", approval.action)
      json.field("approval", approval.id)
      if let expires = approval.expires { json.field("expires", expires) }
      json.field("hash", approval.hash)
      json.field("scope", approval.scope.rawValue)
    }
  }

  static func answered(_ id: String, _ answer: ApprovalAnswer) -> WorkRow {
    WorkRow("approval-answered") { json in
      json.field("approval", id)
      json.field("by", answer.by)
      if let comment = answer.comment { json.field("comment", comment) }
      json.field("hash", answer.hash)
      json.field("scope", answer.scope.rawValue)
      json.field("state", (answer.isApproved ? Approval.State.approved : .denied).rawValue)
    }
  }

  static func closed(_ id: String, as state: Approval.State) -> WorkRow {
    WorkRow("approval-closed") { json in
      json.field("approval", id)
      json.field("state", state.rawValue)
    }
  }

  static func notified(_ notice: Int64, kind: String, receipt: String) -> WorkRow {
    WorkRow("notified") { json in
      json.field("kind", kind)
      json.field("notice", notice)
      json.field("receipt", receipt)
    }
  }
}
