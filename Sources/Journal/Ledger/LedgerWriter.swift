import Dispatch
import Foundation
import GRDB
import Synchronization

/// One thread that carries out what many callers ask, as many at a time as one commit can take.
///
/// What is urgent never waits for company: it is committed at once, with whatever has come
/// meanwhile. What is not urgent waits for the next commit, at most ``patience``. Everything that
/// is asked is answered exactly once, after the commit, on this thread.
final class LedgerWriter: Sendable {
  /// Something to be done in a transaction, and how its result is told.
  struct Operation: Sendable {
    let isUrgent: Bool
    /// Does it, and gives what tells the result once it is on the disk.
    let perform: @Sendable (LedgerBatch) throws -> @Sendable () -> Void
    /// Tells that nothing was done.
    let fail: @Sendable (LedgerError) -> Void
  }

  private enum Mode {
    case working
    /// Until something comes.
    case asleep
    /// Until something urgent comes, or the patience ends.
    case dozing
  }

  private struct State {
    var waiting: [Operation] = []
    var isUrgent = false
    var mode = Mode.working
    var isClosing = false
  }

  private enum Step {
    case sleep, doze, stop
    case work([Operation])
  }

  /// Bounds the time that a commit keeps other processes out, and the callers waiting.
  private static let largestBatch = 256

  private let journal: Journal
  private let clock: @Sendable () -> Int64
  private let patience: Duration
  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  init(journal: Journal, clock: @escaping @Sendable () -> Int64, patience: Duration) {
    self.journal = journal
    self.clock = clock
    self.patience = patience
    let thread = Thread { self.run() }
    thread.name = "ledger"
    thread.stackSize = 512 << 10
    thread.start()
  }

  func submit(_ operation: Operation) {
    var isRefused = false
    let wakes = state.withLock { state in
      guard !state.isClosing else {
        isRefused = true
        return false
      }
      state.waiting.append(operation)
      if operation.isUrgent { state.isUrgent = true }
      let wakes = state.mode == .asleep || (state.mode == .dozing && operation.isUrgent)
      if wakes { state.mode = .working }
      return wakes
    }
    if wakes { wake.signal() }
    if isRefused { operation.fail(.closing) }
  }

  /// Takes no more, and lets what has come be done.
  func beginClosing() {
    let wakes = state.withLock { state in
      state.isClosing = true
      let wakes = state.mode != .working
      state.mode = .working
      return wakes
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

  private func run() {
    var isRested = false
    var isVigilant = false
    while true {
      switch next(isRested: isRested) {
      case .stop:
        ended.signal()
        return
      case .sleep:
        wake.wait()
        isRested = false
      case .doze:
        if wake.wait(timeout: .now() + patience.dispatchInterval) == .timedOut { wakeUp() }
        isRested = true
      case .work(let operations):
        perform(operations, isVigilant: &isVigilant)
        isRested = false
      }
    }
  }

  private func next(isRested: Bool) -> Step {
    state.withLock { state in
      if state.waiting.isEmpty {
        if state.isClosing { return .stop }
        state.mode = .asleep
        return .sleep
      }
      let isFull = state.waiting.count >= Self.largestBatch
      if !state.isUrgent && !isFull && !isRested && !state.isClosing {
        state.mode = .dozing
        return .doze
      }
      if isFull {
        let batch = Array(state.waiting.prefix(Self.largestBatch))
        state.waiting.removeFirst(batch.count)
        state.isUrgent = state.waiting.contains { $0.isUrgent }
        return .work(batch)
      }
      defer {
        state.waiting = []
        state.isUrgent = false
      }
      return .work(state.waiting)
    }
  }

  /// Ends a doze by itself; a signal that was given at the same moment is taken first, so that it
  /// does not end the next sleep.
  private func wakeUp() {
    let isSignalled = state.withLock { state in
      defer { state.mode = .working }
      return state.mode == .working
    }
    if isSignalled { wake.wait() }
  }

  /// Carries out operations in one transaction: all that succeed are committed together.
  ///
  /// `isVigilant` is set by a chain that does not hold. From then on nothing is reserved either
  /// until it holds again, since nothing could be settled.
  private func perform(_ operations: [Operation], isVigilant: inout Bool) {
    var answers: [@Sendable () -> Void] = []
    answers.reserveCapacity(operations.count)
    do {
      try journal.commit { [isVigilant] database, chain in
        let batch = LedgerBatch(database: database, chain: chain, now: self.clock())
        if isVigilant { try chain.check() }
        for operation in operations { answers.append(try operation.perform(batch)) }
        try batch.finish()
      }
    } catch {
      if case .chainBroken = error { isVigilant = true }
      if operations.count > 1 && error.mayBeOfOne {
        for operation in operations { perform([operation], isVigilant: &isVigilant) }
      } else {
        for operation in operations { operation.fail(.journal(error)) }
      }
      return
    }
    isVigilant = false
    for answer in answers { answer() }
  }
}

extension JournalError {
  /// Whether what failed may lie in one operation, so that its neighbours are tried without it.
  fileprivate var mayBeOfOne: Bool {
    switch self {
    case .chainBroken, .damaged, .failed, .unencodable: true
    default: false
    }
  }
}

extension Duration {
  fileprivate var dispatchInterval: DispatchTimeInterval {
    .nanoseconds(Int(components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000))
  }
}
