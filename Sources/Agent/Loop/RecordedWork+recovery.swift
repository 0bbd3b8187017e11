import Journal

extension RecordedWork {
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
    default: return try await takeUp(record)
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

  /// Does what is to be done about a step of which so much is known.
  mutating func settle(
    _ record: StepRecord,
    _ evidence: StepRecovery.Evidence = .none
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
        result(.interrupted, interruption)
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
}
