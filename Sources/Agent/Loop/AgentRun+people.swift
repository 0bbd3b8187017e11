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
