import Journal

extension HostedRun {
  var interruption: String {
    "Interrupted: the machine or the worker stopped while \(settings.agent) was at work."
  }

  mutating func takeUp(_ record: StepRecord) async throws -> Flow {
    // What it told is over with it.
    if record.intent.kind == StepKind.agentTool {
      log.end(record.intent.sequence, result(.interrupted, "It was interrupted."))
      return .goOn
    }
    return try await settle(record)
  }

  mutating func repeatStep(_ record: StepRecord) async throws -> Flow {
    let sequence = record.intent.sequence
    guard let definition, Digest.text(intentBody(definition)) == record.intent.hash else {
      log.end(sequence, result(.interrupted, "It cannot be begun again as it was."))
      return .goOn
    }
    do {
      try await prepare(definition)
    } catch let failure as Workplace.Failure {
      log.end(sequence, result(.interrupted, "It was not begun again: \(failure.text)."))
      return .goOn
    }
    log.again(sequence, reason: "its worker died")
    try await write()
    return try await carryOut(definition, as: sequence)
  }

  func probe(_ record: StepRecord) async throws -> StepRecovery.Evidence { .unclear }
}
