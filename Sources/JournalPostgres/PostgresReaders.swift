import Dispatch
import Foundation
import Journal
import Synchronization

/// A few threads with a connection each, for what only looks.
final class PostgresReaders: Sendable {
  private typealias Job = @Sendable (inout Session) -> Void

  private struct Session {
    let address: PostgresAddress
    let patience: Duration
    let isClosing: @Sendable () -> Bool
    var connection: PostgresConnection?
  }

  private struct State {
    var waiting: [Job] = []
    var isClosing = false
  }

  private static let threads = 2

  private let name: String
  private let state = Mutex(State())
  private let work = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  init(_ address: PostgresAddress, patience: Duration) {
    name = address.name
    for _ in 0..<Self.threads {
      let thread = Thread {
        self.run(
          Session(
            address: address,
            patience: patience,
            isClosing: { self.state.withLock { $0.isClosing } }
          )
        )
      }
      thread.name = "journal-reader"
      thread.stackSize = 1 << 20
      thread.start()
    }
  }

  /// Looks, on a thread for that; a connection that breaks is made anew, since looking changes nothing.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (PostgresConnection) throws -> Value
  ) async throws(WorkError) -> Value {
    let result: Result<Value, WorkError> = await withCheckedContinuation { continuation in
      let isTaken = state.withLock { state in
        if state.isClosing { return false }
        state.waiting.append { [name] session in
          continuation.resume(returning: Self.perform(body, &session, on: name))
        }
        return true
      }
      if isTaken { work.signal() } else { continuation.resume(returning: .failure(.closing)) }
    }
    return try result.get()
  }

  func beginClosing() {
    state.withLock { $0.isClosing = true }
    for _ in 0..<Self.threads { work.signal() }
  }

  /// Waits for what is being looked at; only after ``beginClosing()``.
  func waitForEnd() {
    for _ in 0..<Self.threads { ended.wait() }
    for _ in 0..<Self.threads { ended.signal() }
  }

  // MARK: On a thread

  private func run(_ session: Session) {
    var session = session
    while true {
      work.wait()
      let job = state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
      guard let job else { break }
      job(&session)
    }
    session.connection = nil
    ended.signal()
  }

  private static func perform<Value>(
    _ body: (PostgresConnection) throws -> Value,
    _ session: inout Session,
    on name: String
  ) -> Result<Value, WorkError> {
    let end = ContinuousClock.now + session.patience
    var pause = Duration.milliseconds(20)
    while true {
      do {
        let connection = try open(&session)
        return .success(try body(connection))
      } catch PostgresFailure.lost(let reason) {
        session.connection = nil
        guard !session.isClosing(), ContinuousClock.now + pause < end else {
          return .failure(WorkError(PostgresFailure.lost(reason), on: name))
        }
        Thread.sleep(forTimeInterval: pause.seconds)
        pause = min(pause * 2, .seconds(1))
      } catch let failure as PostgresFailure {
        try? session.connection?.rollback()
        return .failure(WorkError(failure, on: name))
      } catch {
        try? session.connection?.rollback()
        return .failure(error as? WorkError ?? .invalid("\(error)"))
      }
    }
  }

  private static func open(_ session: inout Session) throws -> PostgresConnection {
    if let connection = session.connection, connection.isOpen { return connection }
    let made = try PostgresConnection(session.address, purpose: "caisson reader")
    session.connection = made
    return made
  }
}
