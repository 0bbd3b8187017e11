import ACP
import Synchronization
import WorkWire

/// A session with an editor: what it gave so far, and whether its turn was cancelled.
final class EditorSession: Sendable {
  /// A question in words that was shown, with the word that the next message is its answer. Not kept on
  /// the disk: whoever takes the session up again has not been shown it.
  struct Awaited: Hashable {
    let id: String
    let hash: String

    init(_ question: QuestionView) { (id, hash) = (question.id, question.hash) }
  }

  private struct State {
    var record: EditorRecord
    var isCancelled = false
    /// What is asked of the person at the moment.
    var asking: [Int: Task<PermissionOutcome, any Error>] = [:]
    var next = 0
    /// Tool servers that the editor offered, and that are not used.
    var refusedTools: Int
    var awaited: Awaited?
  }

  let name: String
  let directory: String
  private let state: Mutex<State>

  init(_ record: EditorRecord, refusedTools: Int = 0) {
    name = record.session
    directory = record.directory
    state = Mutex(State(record: record, refusedTools: refusedTools))
  }

  var record: EditorRecord { state.withLock { $0.record } }
  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  func update(_ change: (inout EditorRecord) -> Void, _ home: Home) throws {
    let record = state.withLock { state in
      change(&state.record)
      return state.record
    }
    try record.save(home)
  }

  var awaited: Awaited? { state.withLock { $0.awaited } }

  /// Whether the next message is the answer to this one of the questions that are open: it answers one.
  func awaitWords(for question: QuestionView, among open: [QuestionView]) -> Bool {
    state.withLock { state in
      if let former = state.awaited, former.id != question.id,
        open.contains(where: { Awaited($0) == former })
      {
        return false
      }
      state.awaited = Awaited(question)
      return true
    }
  }

  func beginTurn() { state.withLock { $0.isCancelled = false } }

  /// How many tool servers were refused; told once.
  func takeRefusedTools() -> Int {
    state.withLock { state in
      defer { state.refusedTools = 0 }
      return state.refusedTools
    }
  }

  /// Nobody waits for what is asked any longer, whatever the editor says of it.
  func cancel() {
    let asking = state.withLock { state in
      state.isCancelled = true
      return state.asking.values
    }
    for task in asking { task.cancel() }
  }

  /// The editor is gone: nobody answers, and what was given goes on.
  func leave() {
    for task in state.withLock({ Array($0.asking.values) }) { task.cancel() }
  }

  func ask(
    _ request: PermissionRequest,
    _ connection: EditorConnection
  ) async throws -> PermissionOutcome {
    // Cancelled by `cancel`, or with the task that waits for it here.
    let task = Task { try await connection.ask(request) }
    let number = state.withLock { state in
      state.next += 1
      state.asking[state.next] = task
      return state.next
    }
    defer { state.withLock { $0.asking[number] = nil } }
    if isCancelled { task.cancel() }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }
}
