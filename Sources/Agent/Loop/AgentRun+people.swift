import Dialects
import Journal
import Policy

extension AgentRun {
  enum Permission {
    case granted
    /// A person was asked, and the assignment waits.
    case waits
    /// In words for the model.
    case refused(String)
  }

  /// Whether a call may be carried out, as far as a person has a say in it.
  mutating func permission(
    for request: ToolRequest,
    _ call: ToolCall
  ) async throws -> Permission {
    let inquiry: Inquiry
    let rule: ApprovalRule
    switch request {
    case .bash(let command, _):
      guard let found = rules.rule(for: .command(command)) else { return .granted }
      (rule, inquiry) = (found, .command(command, rule: found.condition.text))
    case .write(let path, let content):
      guard let found = rules.rule(for: .write(path: path)) else { return .granted }
      (rule, inquiry) = (found, .write(path, content, rule: found.condition.text))
    case .edit(let path, let old, let new, _):
      guard let found = rules.rule(for: .write(path: path)) else { return .granted }
      (rule, inquiry) = (found, .edit(path, old, new, rule: found.condition.text))
    case .read, .spawn, .ask, .done: return .granted
    }
    // The step just before is the answer to this very question, where it was asked.
    if let asked = log.records.last, asked.intent.kind == StepKind.permission,
      asked.intent.hash == inquiry.hash, let outcome = asked.outcome
    {
      let answer = AnsweredInquiry(outcome)
      return answer.state == .approved ? .granted : .refused(answer.words)
    }
    if try await store.standingApproval(hash: inquiry.hash, in: assignment.id) != nil {
      return .granted
    }
    try await put(inquiry, as: StepKind.permission, scope: rule.scope)
    return .waits
  }

  /// Asks a person, and lets the assignment wait.
  mutating func put(_ inquiry: Inquiry, as kind: String, scope: Approval.Scope) async throws {
    let sequence = log.begin(kind, .pure, hash: inquiry.hash, body: inquiry.action.text)
    for change in ask(inquiry, number: sequence, scope: scope) { log.add(change) }
    try await wait(for: sequence)
  }

  /// A question, and word of it to the person.
  func ask(_ inquiry: Inquiry, number: Int, scope: Approval.Scope) -> [WorkChange] {
    let expires = settings.patience.map { Journal.now() + $0 * 1_000_000 }
    let id = "\(assignment.id).\(number)"
    let body = JSONWriter.object { writer in
      writer.raw("action", inquiry.action)
      writer.string("approval", id)
      writer.string("text", assignment.text)
    }
    return [
      .ask(
        NewApproval(
          number: number,
          hash: inquiry.hash,
          action: inquiry.action.text,
          scope: scope,
          expires: expires
        )
      ),
      .notify(
        kind: "approval",
        body: String(decoding: body, as: UTF8.self),
        dedupe: "approval:\(id):\(lease.epoch)"
      ),
    ]
  }

  mutating func wait(for number: Int) async throws {
    let wake = settings.patience.map { Journal.now() + $0 * 1_000_000 }
    log.add(.wait(for: "\(assignment.id).\(number)", wake: wake))
    try await write()
  }

  /// Looks whether a question has been answered; nil while it has not, after letting the assignment
  /// wait.
  mutating func answer(to number: Int) async throws -> AnsweredInquiry? {
    let id = "\(assignment.id).\(number)"
    guard let approval = try await store.approval(id) else {
      return AnsweredInquiry(state: .superseded, comment: nil)
    }
    switch approval.state {
    case .pending:
      if let expires = approval.expires, expires <= Journal.now() {
        log.add(.close(approval: number, as: .timedOut))
        return AnsweredInquiry(state: .timedOut, comment: nil)
      }
      log.add(.wait(for: id, wake: approval.expires))
      try await write()
      return nil
    case .superseded:
      // A person stopped the assignment while this was asked, and let it go on since.
      let inquiry = try Inquiry(approval)
      for change in ask(inquiry, number: number, scope: approval.scope) { log.add(change) }
      try await wait(for: number)
      return nil
    default:
      return AnsweredInquiry(state: approval.state, comment: approval.comment)
    }
  }

  /// The agent's own question.
  mutating func awaitAnswer(_ sequence: Int) async throws -> Flow {
    // Just asked, with the intent: it cannot have been answered.
    guard let answer = try await answer(to: sequence) else { return .over }
    let text: String
    switch answer.state {
    case .approved: text = answer.comment ?? "Yes."
    case .denied: text = answer.comment.map { "No: \($0)" } ?? "No."
    default: text = answer.words
    }
    let status: StepOutcome.Status = [.approved, .denied].contains(answer.state) ? .done : .failed
    log.end(sequence, result(status, text))
    return .goOn
  }
}

/// A question and what became of it.
struct AnsweredInquiry: Equatable {
  let state: Approval.State
  let comment: String?

  init(state: Approval.State, comment: String?) {
    self.state = state
    self.comment = comment
  }

  init(_ outcome: StepOutcome) {
    let json = try? JSONDocument.object(Array(outcome.body.utf8), bounds: .answer)
    state = json?["state"]?.string.flatMap(Approval.State.init) ?? .superseded
    comment = json?["comment"]?.string
  }

  var outcome: StepOutcome {
    let body = JSONWriter.object { writer in
      writer.string("comment", ifAny: comment)
      writer.string("state", state.rawValue)
    }
    return StepOutcome(.done, body: String(decoding: body, as: UTF8.self))
  }

  /// For the model: each ending in words of its own.
  var words: String {
    switch state {
    case .approved: "The person approved it."
    case .denied:
      "The person said no" + (comment.map { ": \($0)" } ?? ". Do not try it another way.")
    case .timedOut:
      "Nobody answered in time. It was not done; go on without it, or say what is left."
    case .superseded: "The question was withdrawn before anybody answered. It was not done."
    case .noChannel: "There is nobody who could be asked. It was not done."
    case .pending: "Nobody has answered yet."
    }
  }
}

extension ApprovalRule {
  /// How far an answer may reach.
  fileprivate var scope: Approval.Scope {
    switch ask {
    case .always: .once
    case .session: .session
    case .once: .always
    }
  }
}
