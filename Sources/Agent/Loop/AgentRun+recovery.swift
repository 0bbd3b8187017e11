import Dialects
import Journal

extension AgentRun {
  /// In words for the model.
  var interruption: String {
    "Interrupted: the machine or this program stopped while it ran. It may have been done in "
      + "part and was not repeated. Look at how things are before you go on."
  }

  mutating func takeUp(_ record: StepRecord) async throws -> Flow {
    let sequence = record.intent.sequence
    switch record.intent.kind {
    case StepKind.toolPrefix + ToolName.ask: return try await awaitAnswer(sequence)
    case StepKind.toolPrefix + ToolName.spawn: return try await awaitChildren(sequence)
    case StepKind.merge: return try await takeUp(merge: record)
    default: return try await settle(record)
    }
  }

  /// Begins an open step once more, with exactly what its intent says.
  mutating func repeatStep(_ record: StepRecord) async throws -> Flow {
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
  func probe(_ record: StepRecord) async throws -> StepRecovery.Evidence {
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
