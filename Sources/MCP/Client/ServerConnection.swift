import CLinux
import Foundation
import Glibc
import JSONRPC
import Synchronization

/// A session and what is on its way to and from it, shared by those who call and the thread that
/// reads and writes.
final class ServerConnection: Sendable {
  typealias Answer<Value> = CheckedContinuation<Result<Value, CallError>, Never>

  enum Waiter {
    case listing(Answer<ToolListing>)
    case call(Answer<ToolAnswer>, progress: @Sendable (ToolProgress) -> Void)
  }

  struct State {
    var session: ClientSession
    var opening: CheckedContinuation<Result<ServerInfo, SessionError>, Never>?
    var waiters: [Ticket: Waiter] = [:]
    /// Those that were cancelled before they began.
    var cancelled: Set<Ticket> = []
    var nextTicket = 1
    /// What is to be written, and how much of it has been.
    var outgoing: [UInt8] = []
    var written = 0
    var deadlines: [Deadline: ContinuousClock.Instant] = [:]
    var standardError = Tail()
    /// Who waits for the process to be gone; nil once it is.
    var leaving: [CheckedContinuation<Void, Never>]? = []
  }

  /// The last bytes that a server wrote to its standard error.
  struct Tail {
    static let bound = 64 << 10
    private(set) var bytes: [UInt8] = []

    mutating func append(_ more: ArraySlice<UInt8>) {
      bytes.append(contentsOf: more)
      if bytes.count > 2 * Self.bound { bytes.removeFirst(bytes.count - Self.bound) }
    }

    var text: String { String(decoding: bytes.suffix(Self.bound), as: UTF8.self) }
  }

  let state: Mutex<State>
  let toolsChanged: @Sendable () -> Void
  private let wake: Wake

  init(_ options: SessionOptions, toolsChanged: @escaping @Sendable () -> Void) throws(SessionError)
  {
    state = Mutex(State(session: ClientSession(options)))
    self.toolsChanged = toolsChanged
    wake = try Wake()
  }

  /// Starts the thread that reads and writes for as long as the process lives.
  func serve(_ process: consuming ServerCommand.Process, grace: Duration) {
    let loop = ServerLoop(process, connection: self, grace: grace, wake: wake)
    let thread = Thread { loop.run() }
    thread.stackSize = 512 << 10
    thread.name = "mcp server"
    thread.start()
  }

  /// Does something to the session, and what follows from it.
  func with(_ body: (inout ClientSession) -> [SessionAction]) {
    change { state in
      let actions = body(&state.session)
      return state.take(actions)
    }
  }

  func newTicket() -> Ticket {
    state.withLock { state in
      defer { state.nextTicket += 1 }
      return Ticket(state.nextTicket)
    }
  }

  func begin(
    _ ticket: Ticket,
    _ waiter: Waiter,
    _ body: (inout ClientSession) -> [SessionAction]
  ) {
    change { state in
      state.waiters[ticket] = waiter
      if state.cancelled.remove(ticket) != nil { return state.take([.failed(ticket, .cancelled)]) }
      let actions = body(&state.session)
      return state.take(actions)
    }
  }

  func cancel(_ ticket: Ticket) {
    change { state in
      guard state.waiters[ticket] != nil else {
        state.cancelled.insert(ticket)
        return []
      }
      let actions = state.session.cancel(ticket)
      return state.take(actions)
    }
  }

  func open(_ waiter: CheckedContinuation<Result<ServerInfo, SessionError>, Never>) {
    change { state in
      state.opening = waiter
      let actions = state.session.open()
      return state.take(actions)
    }
  }

  /// Returns when the process is gone.
  func left() async {
    await withCheckedContinuation { continuation in
      let isGone = state.withLock { state in
        guard state.leaving != nil else { return true }
        state.leaving?.append(continuation)
        return false
      }
      if isGone { continuation.resume() }
    }
  }

  func hasLeft() {
    let waiting = state.withLock { state in
      defer { state.leaving = nil }
      return state.leaving ?? []
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Changes the state, and tells those who waited once it is unlocked again.
  private func change(_ body: (inout State) -> [Effect]) {
    for effect in state.withLock({ body(&$0) }) {
      switch effect {
      case .wake: wake.ring()
      case .opened(let waiter, let result): waiter.resume(returning: result)
      case .listed(let waiter, let result): waiter.resume(returning: result)
      case .called(let waiter, let result): waiter.resume(returning: result)
      case .progressed(let tell, let report): tell(report)
      case .toolsChanged: toolsChanged()
      }
    }
  }
}

/// What is done once the lock is free.
enum Effect: Sendable {
  case wake
  case opened(
    CheckedContinuation<Result<ServerInfo, SessionError>, Never>,
    Result<ServerInfo, SessionError>
  )
  case listed(ServerConnection.Answer<ToolListing>, Result<ToolListing, CallError>)
  case called(ServerConnection.Answer<ToolAnswer>, Result<ToolAnswer, CallError>)
  case progressed(@Sendable (ToolProgress) -> Void, ToolProgress)
  case toolsChanged
}

extension ServerConnection.State {
  mutating func take(_ actions: [SessionAction]) -> [Effect] {
    var effects: [Effect] = []
    for action in actions {
      switch action {
      case .send(let frame):
        outgoing.append(contentsOf: frame)
        outgoing.append(UInt8(ascii: "\n"))
        let waiting = outgoing.count - written
        if waiting > 2 * session.options.bounds.length {
          let actions = session.end(.notReading(bytes: waiting))
          effects += take(actions)
        }
      case .wait(let deadline, let duration):
        if deadlines.count >= 256 {
          deadlines = deadlines.filter { session.awaits($0.key) }
        }
        deadlines[deadline] = .now + duration
      case .opened(let info):
        if let opening { effects.append(.opened(opening, .success(info))) }
        opening = nil
      case .listed(let ticket, let listing):
        if case .listing(let waiter) = waiters.removeValue(forKey: ticket) {
          effects.append(.listed(waiter, .success(listing)))
        }
      case .called(let ticket, let result):
        if case .call(let waiter, _) = waiters.removeValue(forKey: ticket) {
          effects.append(.called(waiter, .success(result)))
        }
      case .failed(let ticket, let error):
        switch waiters.removeValue(forKey: ticket) {
        case .listing(let waiter): effects.append(.listed(waiter, .failure(error)))
        case .call(let waiter, _): effects.append(.called(waiter, .failure(error)))
        case nil: break
        }
      case .progressed(let ticket, let report):
        if case .call(_, let tell) = waiters[ticket] { effects.append(.progressed(tell, report)) }
      case .toolsChanged:
        effects.append(.toolsChanged)
      case .end(let error):
        if let opening { effects.append(.opened(opening, .failure(error))) }
        opening = nil
      }
    }
    return actions.isEmpty ? effects : effects + [.wake]
  }
}

/// A pipe to a thread that sleeps in `poll`.
final class Wake: Sendable {
  let reading: Int32
  private let writing: Int32

  init() throws(SessionError) {
    var ends: [Int32] = [-1, -1]
    try PipeEnd.check(cl_pipe(&ends), "make a pipe")
    reading = ends[0]
    writing = ends[1]
    for end in ends { _ = cl_set_nonblocking(end, 1) }
  }

  deinit {
    _ = cl_close(reading)
    _ = cl_close(writing)
  }

  /// A full pipe is as good as a new byte.
  func ring() {
    var byte: UInt8 = 1
    _ = cl_write(writing, &byte, 1)
  }

  func hear() {
    var bytes = [UInt8](repeating: 0, count: 64)
    while cl_read(reading, &bytes, 64) == 64 {}
  }
}
