import Dialects
import Journal

extension AgentRun {
  mutating func ask(_ thread: AgentThread) async throws -> Flow {
    let request = request(thread)
    let sequence = log.begin(
      StepKind.model,
      .keyed,
      hash: request.hash,
      body: request.intentBody
    )
    try await write()
    return try await send(request, as: sequence)
  }

  /// Sends a question whose intent is on record, and keeps the answer.
  mutating func send(_ request: ModelRequest, as sequence: Int) async throws -> Flow {
    guard let intent = log.record(sequence)?.intent else { return .over }
    let signals = signals
    let result = try await model.ask(
      request.bytes,
      key: modelKey,
      idempotency: intent.key(in: assignment.id),
      isWanted: { signals.word == .goOn }
    )
    switch result {
    case .answer(let body):
      log.end(sequence, StepOutcome(.done, body: body))
      return .goOn
    case .lost(let reason):
      // Charged at its ceiling, and not to be had any more: the question is a new one.
      log.end(sequence, failure(.interrupted, reason))
      let lost = log.records.suffix(3).filter { $0.outcome?.status == .interrupted }.count
      return lost < 3 ? .goOn : try await park("answers of the model were lost 3 times: \(reason)")
    case .refused(let status, let reason):
      log.end(sequence, failure(.failed, reason))
      return try await park(
        status == 402 ? "the budget is used up: \(reason)" : "the model refused: \(reason)"
      )
    case .unavailable(let reason):
      log.end(sequence, failure(.notHappened, reason))
      return try await park("no model answers: \(reason)")
    }
  }

  func request(_ thread: AgentThread) -> ModelRequest {
    ModelRequest(
      model: settings.model,
      messages: thread.messages,
      tools: thread.tools,
      largestAnswer: settings.bounds.answer
    )
  }

  // MARK: Shortening

  private static let summaryRequest = """
    The conversation is getting long. Write down, for yourself, all that is needed to go on without it: \
    the task, what was found out, which files were changed and how, what was tried and failed, and what \
    is to be done next. Call no tool.
    """

  mutating func shorten(_ thread: AgentThread) async throws -> Flow {
    let request = summaryRequest(thread)
    let sequence = log.begin(
      StepKind.shorten,
      .keyed,
      hash: request.hash,
      body: request.intentBody
    )
    try await write()
    return try await sendSummaryRequest(request, as: sequence)
  }

  /// The same beginning as every other request, so that the provider knows it already.
  func summaryRequest(_ thread: AgentThread) -> ModelRequest {
    ModelRequest(
      model: settings.model,
      messages: thread.messages + [Message.user(Self.summaryRequest)],
      tools: thread.tools,
      largestAnswer: settings.bounds.answer
    )
  }

  mutating func sendSummaryRequest(_ request: ModelRequest, as sequence: Int) async throws -> Flow {
    let flow = try await send(request, as: sequence)
    guard flow == .goOn, let outcome = log.record(sequence)?.outcome, outcome.status == .done,
      let answer = ModelAnswer(outcome: outcome.body)
    else { return flow }
    guard !answer.text.isEmpty else {
      return try await park("the model gave no summary of its work, and its window is nearly full")
    }
    let body = JSONWriter.object { writer in
      writer.int("answer_tokens", answer.answerTokens)
      writer.string("call", ifAny: answer.call)
      writer.int("prompt_tokens", answer.promptTokens)
      writer.string("summary", "Summary of the work so far:\n\(answer.text)")
    }
    log.replaceEnd(sequence, StepOutcome(.done, body: String(decoding: body, as: UTF8.self)))
    return .goOn
  }

  func failure(_ status: StepOutcome.Status, _ reason: String) -> StepOutcome {
    let body = JSONWriter.object { $0.string("text", reason) }
    return StepOutcome(status, body: String(decoding: body, as: UTF8.self))
  }
}
