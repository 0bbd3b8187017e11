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

  /// Asks a person before more is spent, where the policy wants that; nil where the model may be called.
  mutating func askToSpend() async throws -> Flow? {
    guard rules.boundsSpending else { return nil }
    let newest = log.records.last { $0.intent.kind == StepKind.model }?.outcome
      .flatMap { ModelAnswer(outcome: $0.body)?.call }
    let spent = await spent(newest)
    // Each amount is a question of its own: a yes to one is none to the next.
    for rule in rules.approvals where rule.covers(.spend(spent)) {
      if let flow = try await askToSpend(rule, spent) { return flow }
    }
    return nil
  }

  private mutating func askToSpend(_ rule: ApprovalRule, _ spent: Int64) async throws -> Flow? {
    let inquiry = Inquiry.spend(rule: rule.condition.text, times: rule.times(in: spent))
    let answers = log.records.filter {
      $0.intent.kind == StepKind.permission && $0.intent.hash == inquiry.hash
    }.compactMap { $0.outcome.map(AnsweredInquiry.init) }
    if answers.contains(where: { $0.state == .approved }) { return nil }
    if try await store.standingApproval(hash: inquiry.hash, in: assignment.id) != nil { return nil }
    if let asked = log.records.last, asked.intent.hash == inquiry.hash, let answer = answers.last {
      let why =
        switch answer.state {
        case .denied: "a person said no" + (answer.comment.map { ": \($0)" } ?? "")
        case .timedOut: "nobody answered in time"
        default: answer.words
        }
      // Whoever resumes it is asked anew.
      let reason = "it was not to spend more (\(rule.condition.text)): \(why)"
      noteGivenUp(reason)
      return try await park(reason)
    }
    try await put(inquiry, as: StepKind.permission, scope: rule.scope)
    return .over
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
  /// How many times the amount is spent, where a person is to be asked each time.
  fileprivate func times(in spent: Int64) -> Int64? {
    guard case .spend(let above) = condition, ask == .always, above.picoDollars > 0 else {
      return nil
    }
    // At the amount itself it is not exceeded yet.
    return (spent - 1) / above.picoDollars
  }

  /// How far an answer may reach.
  fileprivate var scope: Approval.Scope {
    switch ask {
    case .always: .once
    case .session: .session
    case .once: .always
    }
  }
}
