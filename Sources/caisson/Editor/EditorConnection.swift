import ACP
import JSONRPC
import MCP
import Synchronization

/// What is said to an editor and heard from it; how a turn reaches the person at the editor.
final class EditorConnection: Sendable {
  /// One who asked, from the question to its answer, whichever of the two comes to wait first.
  private enum Asker {
    case asked
    case waits(CheckedContinuation<PermissionOutcome, Never>)
    case answered(PermissionOutcome)
  }

  private struct State {
    var session: ACPAgentSession
    var askers: [Int: Asker] = [:]
  }

  private let state: Mutex<State>
  private let writer: BlockingWriter

  init(_ greeting: AgentGreeting, output: Int32) {
    state = Mutex(State(session: ACPAgentSession(greeting)))
    writer = BlockingWriter(output)
  }

  /// What is to be done about a line; answers to questions are taken care of.
  func receive(_ line: [UInt8]) -> [ACPAgentSession.Action] {
    let actions = state.withLock { $0.session.receive(line) }
    return actions.filter { action in
      guard case .answered(let ticket, let outcome) = action else { return true }
      answer(ticket, outcome)
      return false
    }
  }

  func send(_ frame: [UInt8]) async throws { try await writer.write(frame) }

  func tell(_ update: SessionUpdate, in session: String) async throws {
    try await send(update.frame(of: session))
  }

  func say(_ text: String, in session: String) async throws {
    try await tell(.message(.text(text + "\n\n")), in: session)
  }

  /// Says what has become of a request.
  func settle(
    _ change: @Sendable (inout ACPAgentSession) -> [ACPAgentSession.Action]
  ) async throws {
    for case .send(let frame) in state.withLock({ change(&$0.session) }) { try await send(frame) }
  }

  // MARK: Questions

  /// What the person chooses; nothing, where the task is cancelled.
  func ask(_ request: PermissionRequest) async throws -> PermissionOutcome {
    let asked = state.withLock { state in
      let asked = state.session.ask(request)
      if let ticket = asked?.0 { state.askers[ticket.number] = .asked }
      return asked
    }
    guard let (ticket, actions) = asked else { return .cancelled }
    for case .send(let frame) in actions { try await send(frame) }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { wait($0, for: ticket) }
    } onCancel: {
      answer(ticket, .cancelled)
    }
  }

  private func wait(
    _ continuation: CheckedContinuation<PermissionOutcome, Never>,
    for ticket: ACPTicket
  ) {
    let known: PermissionOutcome? = state.withLock { state in
      if case .answered(let outcome)? = state.askers[ticket.number] {
        state.askers[ticket.number] = nil
        return outcome
      }
      state.askers[ticket.number] = .waits(continuation)
      return nil
    }
    if let known { continuation.resume(returning: known) }
  }

  private func answer(_ ticket: ACPTicket, _ outcome: PermissionOutcome) {
    let waiting: CheckedContinuation<PermissionOutcome, Never>? = state.withLock { state in
      state.session.forget(ticket)
      switch state.askers[ticket.number] {
      case .asked: state.askers[ticket.number] = .answered(outcome)
      case .waits(let continuation):
        state.askers[ticket.number] = nil
        return continuation
      case .answered, nil: break
      }
      return nil
    }
    waiting?.resume(returning: outcome)
  }
}
