import Foundation

/// One thing that happened, as it is written to the journal: a kind and what belongs to it.
///
/// The payload is kept as JSON with its keys in order, so that equal events have equal bytes. A
/// kind that this version does not know is read as ``unknown(kind:payload:)`` and survives as it
/// was: an older Caisson can list and verify what a newer one wrote.
package enum Event: Sendable, Equatable {
  case runStarted(RunStarted)
  /// The same run goes on under another supervisor.
  case runResumed(RunStarted)
  case runEnded(RunEnded)
  case runAbandoned(RunAbandoned)
  case denial(Denial)
  case limitHit(LimitHit)
  case network(NetworkEvent)
  case networkGranted(NetworkGranted)
  case networkRevoked(NetworkRevoked)
  case applyStarted(ApplyStarted)
  case applyFinished(ApplyFinished)
  case applyRolledForward(ApplyRolledForward)
  case undoStarted(UndoStarted)
  case undoFinished(UndoFinished)
  case discarded(Discarded)
  case mergeStarted(RunsMerged)
  case mergeFinished(RunsMerged)
  case modelCall(ModelCall)
  /// What becomes of assignments.
  case work(WorkRow)
  case unknown(kind: String, payload: String)

  /// Reads what the journal holds. Never fails: what cannot be read is ``unknown(kind:payload:)``.
  package init(kind: String, payload: String) {
    if WorkRow.kinds.contains(kind) {
      self = .work(WorkRow(kind: kind, payload: payload))
      return
    }
    self =
      Self.known(kind: kind, payload: Data(payload.utf8)) ?? .unknown(kind: kind, payload: payload)
  }

  /// The word that stands in the journal's `kind` column.
  package var kind: String {
    switch self {
    case .runStarted: "run-started"
    case .runResumed: "run-resumed"
    case .runEnded: "run-ended"
    case .runAbandoned: "run-abandoned"
    case .denial: "denial"
    case .limitHit: "limit-hit"
    case .network: "network"
    case .networkGranted: "network-granted"
    case .networkRevoked: "network-revoked"
    case .applyStarted: "apply-started"
    case .applyFinished: "apply-finished"
    case .applyRolledForward: "apply-rolled-forward"
    case .undoStarted: "undo-started"
    case .undoFinished: "undo-finished"
    case .discarded: "discarded"
    case .mergeStarted: "merge-started"
    case .mergeFinished: "merge-finished"
    case .modelCall: "model-call"
    case .work(let row): row.kind
    case .unknown(let kind, _): kind
    }
  }

  /// The payload as the journal stores it: JSON, one line, keys in order.
  func encodedPayload() throws -> String {
    switch self {
    case .runStarted(let value), .runResumed(let value): try Self.encode(value)
    case .runEnded(let value): try Self.encode(value)
    case .runAbandoned(let value): try Self.encode(value)
    case .denial(let value): try Self.encode(value)
    case .limitHit(let value): try Self.encode(value)
    case .network(let value): try Self.encode(value)
    case .networkGranted(let value): try Self.encode(value)
    case .networkRevoked(let value): try Self.encode(value)
    case .applyStarted(let value): try Self.encode(value)
    case .applyFinished(let value): try Self.encode(value)
    case .applyRolledForward(let value): try Self.encode(value)
    case .undoStarted(let value): try Self.encode(value)
    case .undoFinished(let value): try Self.encode(value)
    case .discarded(let value): try Self.encode(value)
    case .mergeStarted(let value): try Self.encode(value)
    case .mergeFinished(let value): try Self.encode(value)
    case .modelCall(let value): value.encoded
    case .work(let row): row.payload
    case .unknown(_, let payload): payload
    }
  }

  private static func known(kind: String, payload: Data) -> Event? {
    switch kind {
    case "run-started": decode(payload).map(Event.runStarted)
    case "run-resumed": decode(payload).map(Event.runResumed)
    case "run-ended": decode(payload).map(Event.runEnded)
    case "run-abandoned": decode(payload).map(Event.runAbandoned)
    case "denial": decode(payload).map(Event.denial)
    case "limit-hit": decode(payload).map(Event.limitHit)
    case "network": decode(payload).map(Event.network)
    case "network-granted": decode(payload).map(Event.networkGranted)
    case "network-revoked": decode(payload).map(Event.networkRevoked)
    case "apply-started": decode(payload).map(Event.applyStarted)
    case "apply-finished": decode(payload).map(Event.applyFinished)
    case "apply-rolled-forward": decode(payload).map(Event.applyRolledForward)
    case "undo-started": decode(payload).map(Event.undoStarted)
    case "undo-finished": decode(payload).map(Event.undoFinished)
    case "discarded": decode(payload).map(Event.discarded)
    case "merge-started": decode(payload).map(Event.mergeStarted)
    case "merge-finished": decode(payload).map(Event.mergeFinished)
    case "model-call": decode(payload).map(Event.modelCall)
    default: nil
    }
  }

  private static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf",
      negativeInfinity: "-inf",
      nan: "nan"
    )
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private static func decode<Value: Decodable>(_ data: Data) -> Value? {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf",
      negativeInfinity: "-inf",
      nan: "nan"
    )
    return try? decoder.decode(Value.self, from: data)
  }
}
