import Dialects
import Journal

extension AgentRun {
  /// Settles the steps that a worker left open, one at a time.
  mutating func recover(_ open: [StepRecord]) async throws -> Flow {
    // A question about a step comes after it, and is settled first.
    guard let record = open.last else { return .goOn }
    let intent = record.intent
    switch intent.kind {
    case StepKind.permission:
      guard let answer = try await answer(to: intent.sequence) else { return .over }
      log.end(intent.sequence, answer.outcome)
      return .goOn
    case StepKind.inquiry:
      guard let answer = try await answer(to: intent.sequence) else { return .over }
      log.end(intent.sequence, answer.outcome)
      guard let step = open.dropLast().last else { return .goOn }
      return try await settle(step, Self.evidence(answer))
    case StepKind.toolPrefix + ToolName.ask: return try await awaitAnswer(intent.sequence)
    case StepKind.toolPrefix + ToolName.spawn: return try await awaitChildren(intent.sequence)
    default: return try await settle(record, .none)
    }
  }

  /// A person's answer to what became of a step: yes is `it happened` unless the comment says more.
  private static func evidence(_ answer: AnsweredInquiry) -> StepRecovery.Evidence {
    switch answer.state {
    case .approved: answer.comment == FateAnswer.happened ? .personSaysHappened : .personSaysAgain
    case .denied: .personSaysSkip
    default: .nobodyAnswered
    }
  }

  private mutating func settle(
    _ record: StepRecord,
    _ evidence: StepRecovery.Evidence
  ) async throws -> Flow {
    let intent = record.intent
    let sequence = intent.sequence
    let verdict = StepRecovery.verdict(
      intent.effect,
      attempts: record.attempts,
      evidence: evidence
    )
    switch verdict {
    case .runAgain, .sendAgainWithSameKey: return try await repeatStep(record)
    case .probe: return try await settle(record, try await probe(record))
    case .askPerson:
      try await put(.fate(of: record), as: StepKind.inquiry, scope: .once)
      return .over
    case .recordAsHappened:
      log.end(sequence, result(.done, "It was done before a crash; what it printed is lost."))
    case .closeAsInterrupted:
      log.end(
        sequence,
        result(
          .interrupted,
          "Interrupted: the machine or this program stopped while it ran. It may have been done in "
            + "part and was not repeated. Look at how things are before you go on."
        )
      )
    case .closeAsNotHappened:
      log.end(
        sequence,
        result(.notHappened, "It was not done: this program stopped before it was.")
      )
    case .giveUp:
      log.end(sequence, result(.failed, "Given up: it was begun \(record.attempts) times."))
    }
    return .goOn
  }

  /// Begins an open step once more, with exactly what its intent says.
  private mutating func repeatStep(_ record: StepRecord) async throws -> Flow {
    let sequence = record.intent.sequence
    let before = AgentThread(Array(log.records.prefix(sequence - 1)), bounds: settings.bounds)
    switch record.intent.kind {
    case StepKind.model, StepKind.shorten:
      let isSummary = record.intent.kind == StepKind.shorten
      let request = isSummary ? summaryRequest(before) : request(before)
      guard request.hash == record.intent.hash else {
        // Another version of this program writes the request otherwise: that would be another one.
        log.end(sequence, failure(.interrupted, "the request cannot be made again as it was"))
        return .goOn
      }
      log.again(sequence, reason: "its worker died")
      try await write()
      return isSummary
        ? try await sendSummaryRequest(request, as: sequence)
        : try await send(request, as: sequence)
    case let kind where kind.hasPrefix(StepKind.toolPrefix):
      if let tool = frozenTool(String(kind.dropFirst(StepKind.toolPrefix.count))) {
        return try await repeatCall(record, of: tool)
      }
      guard case .call(let call) = before.next, let request = try? ToolRequest(call) else {
        log.end(sequence, result(.interrupted, "The call cannot be found any more."))
        return .goOn
      }
      log.again(sequence, reason: "its worker died")
      try await write()
      return try await carryOut(request, as: sequence)
    default:
      log.end(sequence, result(.interrupted, "Nothing of it is known."))
      return .goOn
    }
  }

  /// Looks whether a file is as it was, or as it was to be.
  private func probe(_ record: StepRecord) async throws -> StepRecovery.Evidence {
    guard let body = try? JSONDocument.object(Array(record.intent.body.utf8), bounds: .answer),
      let path = body["path"]?.string, let after = body["after"]?.string
    else { return .unclear }
    let now = try await digest(of: path)
    if now == after { return .happened }
    return now == body["before"]?.string ? .didNotHappen : .unclear
  }
}

/// How a person says what became of a step: approving means to do it again.
package enum FateAnswer {
  /// The comment by which approving means that it happened.
  package static let happened = "it happened"
}
