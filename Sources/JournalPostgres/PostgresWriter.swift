import Dispatch
import Foundation
import Journal
import Synchronization

/// One thread that carries out what many callers ask: all that has come meanwhile in one commit.
///
/// While the server is away, what is asked waits for it, up to ``patience``. Everything is answered
/// exactly once, on this thread.
final class PostgresWriter: Sendable {
  struct Operation: Sendable {
    let needs: PostgresTransaction.Needs
    /// Does it, and gives what tells the result once it is committed. May be called again where it
    /// certainly was not.
    let perform: @Sendable (PostgresTransaction) throws -> PostgresSession.Answer
    let fail: @Sendable (WorkError) -> Void
  }

  private struct State {
    var waiting: [Operation] = []
    var isAsleep = false
    var isClosing = false
  }

  /// Bounds how long a transaction keeps other machines out.
  private static let largestBatch = 128
  /// Tries of one transaction that others come between.
  private static let largestTries = 10

  private let name: String
  private let patience: Duration
  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  init(_ address: PostgresAddress, patience: Duration, shift: @escaping @Sendable () -> Int64) {
    name = address.name
    self.patience = patience
    let session = PostgresSession(address, shift: shift)
    let thread = Thread { self.run(session) }
    thread.name = "journal"
    thread.stackSize = 1 << 20
    thread.start()
  }

  func submit(_ operation: Operation) {
    enum Fate { case taken, wakes, refused }
    let fate: Fate = state.withLock { state in
      if state.isClosing { return .refused }
      state.waiting.append(operation)
      defer { state.isAsleep = false }
      return state.isAsleep ? .wakes : .taken
    }
    switch fate {
    case .taken: break
    case .wakes: wake.signal()
    case .refused: operation.fail(.closing)
    }
  }

  /// Takes no more, and lets what has come be done, unless the server is away.
  func beginClosing() {
    let wakes = state.withLock { state in
      state.isClosing = true
      defer { state.isAsleep = false }
      return state.isAsleep
    }
    if wakes { wake.signal() }
  }

  /// Waits for the last operation; only after ``beginClosing()``, and never on this thread.
  func waitForEnd() {
    ended.wait()
    // For whoever waits, too.
    ended.signal()
  }

  // MARK: On the thread

  private func run(_ session: PostgresSession) {
    var session = session
    while let operations = next() { perform(operations, &session) }
    session.close()
    ended.signal()
  }

  /// What has come; nil at the end.
  private func next() -> [Operation]? {
    while true {
      let found: [Operation]?? = state.withLock { state in
        if state.waiting.isEmpty {
          if state.isClosing { return .some(nil) }
          state.isAsleep = true
          return nil
        }
        let batch = Array(state.waiting.prefix(Self.largestBatch))
        state.waiting.removeFirst(batch.count)
        return .some(batch)
      }
      if let found { return found }
      wake.wait()
    }
  }

  private func perform(_ operations: [Operation], _ session: inout PostgresSession) {
    let end = ContinuousClock.now + patience
    var tries = 0
    var pause = Duration.milliseconds(20)
    while true {
      do {
        for answer in try session.transact(operations) { answer() }
        return
      } catch let failure as PostgresFailure {
        if case .lost = failure {
          let isClosing = state.withLock { $0.isClosing }
          guard !isClosing, ContinuousClock.now + pause < end else {
            fail(operations, failure, &session)
            return
          }
          Thread.sleep(forTimeInterval: pause.seconds)
          pause = min(pause * 2, .seconds(1))
        } else if failure.isPassing, tries < Self.largestTries {
          tries += 1
          // Not at once with the one that came between, time after time.
          Thread.sleep(forTimeInterval: Double.random(in: 0...0.002) * Double(tries))
        } else if operations.count > 1 {
          // It may lie in one of them.
          for operation in operations { perform([operation], &session) }
          return
        } else {
          fail(operations, failure, &session)
          return
        }
      } catch {
        let error = error as? WorkError ?? .unavailable("the journal \(name) failed: \(error)")
        for operation in operations { operation.fail(error) }
        return
      }
    }
  }

  private func fail(
    _ operations: [Operation],
    _ failure: PostgresFailure,
    _ session: inout PostgresSession
  ) {
    var error = WorkError(failure, on: name)
    if session.isUnresolved, case .unavailable(let reason) = error {
      error = .unavailable(
        "\(reason). It may have been written all the same: look before asking again"
      )
    }
    session.forget()
    for operation in operations { operation.fail(error) }
  }
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
