import Dialects
import Journal

/// Work of which each step is on record before it is done, whoever does it: our own agent, or another.
protocol RecordedWork {
  var store: any WorkStore { get }
  var lease: Lease { get }
  var settings: AgentSettings { get }
  var assignment: Assignment { get }
  var signals: LeaseSignals { get }
  var log: StepLog { get set }

  /// What is said of a step that a worker left open and that is not made again.
  var interruption: String { get }

  /// Brings to the disk what was made, and ends its run.
  func flush() async
  /// Goes on with an open step that is no question to a person.
  mutating func takeUp(_ record: StepRecord) async throws -> Flow
  /// Begins an open step once more, with exactly what its intent says.
  mutating func repeatStep(_ record: StepRecord) async throws -> Flow
  /// Asks the world what became of a step.
  func probe(_ record: StepRecord) async throws -> StepRecovery.Evidence
}

/// How a stretch of work went on.
enum Flow: Equatable {
  case goOn
  /// The assignment is not ours any more, as it should be: ended, waiting, or let go.
  case over
}

extension RecordedWork {
  /// Brings to the disk what has been added.
  mutating func write() async throws {
    let changes = log.take()
    if !changes.isEmpty { try await store.commit(changes, under: lease) }
  }

  /// Whether the keeper of the lease lets it go on; where it does not, that is put on record.
  mutating func mayGoOn() async throws -> Bool {
    switch signals.word {
    case .goOn: return true
    case .lost: return false
    case .letGo: log.add(.letGo)
    case .stop: log.add(.end(.stopped, reason: "stopped when asked to"))
    }
    try await write()
    return false
  }

  mutating func finish(_ state: Assignment.State, _ reason: String) async throws -> Flow {
    // What the agent made is on the disk, and its run over, before it is said to be done: who hears of
    // it may look at once.
    await flush()
    let body = JSONWriter.object { writer in
      writer.string("state", state.rawValue)
      writer.string("summary", reason)
      writer.string("text", assignment.text)
    }
    log.add(
      .notify(
        kind: state.rawValue,
        body: String(decoding: body, as: UTF8.self),
        dedupe: "end:\(assignment.id):\(lease.epoch)"
      )
    )
    log.add(.end(state, reason: reason))
    try await write()
    return .over
  }

  /// Sets the assignment aside until a person resumes it.
  mutating func park(_ reason: String) async throws -> Flow { try await finish(.parked, reason) }

  func result(
    _ status: StepOutcome.Status,
    _ text: String,
    isMistake: Bool = false
  ) -> StepOutcome {
    let body = JSONWriter.object { writer in
      if isMistake { writer.bool("mistake", true) }
      writer.string("text", text)
    }
    return StepOutcome(status, body: String(decoding: body, as: UTF8.self))
  }
}
