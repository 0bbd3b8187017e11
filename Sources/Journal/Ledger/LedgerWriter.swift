import Dispatch
import Foundation
import GRDB
import Glibc
import Synchronization

/// One thread that carries out what many callers ask, as many at a time as one commit can take.
///
/// What is urgent never waits for company: it is committed at once. What is not urgent waits for
/// ``patience``, or until there is so much of it that a commit for all is the cheaper way. Nobody sees
/// that: whatever looks at sums or states that something waiting would change has it done first
/// (``LedgerBatch/catchUp()``). Everything that is asked is answered exactly once, after the commit,
/// on this thread, or on that of who asked by ``submitHere(_:)``.
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
    /// Commits in a row that were for one caller alone, up to ``LedgerWriter/quiet``.
    var alone = LedgerWriter.quiet
  }

  private enum Step {
    case sleep, doze, stop
    /// Those that are done, and those that may wait.
    case work([Operation], [Operation])
  }

  /// Bounds the time that a commit keeps other processes out, and the callers waiting.
  private static let largestBatch = 256
  /// So much is committed together: alone, what is urgent writes half as many pages.
  private static let company = 9

  /// After so many commits for one each, who asks is taken to be alone. In a crowd the first to come
  /// would commit by itself each time, and keep a thread from the others.
  private static let quiet = 3

  /// `SCHED_BATCH`, which the C library's module does not show.
  private static let batchPolicy: CInt = 3

  private let journal: Journal
  private let clock: @Sendable () -> Int64
  private let patience: Duration
  private let state = Mutex(State())
  /// Whether the chain did not hold when it was last looked at. Only whoever made the mode `working`
  /// uses it.
  private let isVigilant = Mutex(false)
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

  /// Does what is urgent before it returns, on the thread of who asks, unless something is being done, or
  /// others ask, too: then it is done with what else has come, as by ``submit(_:)``. Who is alone is
  /// spared two threads that wake each other, which can take longer than the commit.
  func submitHere(_ operation: Operation) {
    let isFree = state.withLock { state in
      guard !state.isClosing, state.mode == .asleep, state.alone == Self.quiet else { return false }
      state.mode = .working
      return true
    }
    guard isFree else { return submit(operation) }
    perform([operation])
    let wakes = state.withLock { state in
      if state.waiting.isEmpty && !state.isClosing {
        state.mode = .asleep
        return false
      }
      state.alone = 0
      return true
    }
    // What has come meanwhile is the thread's, so that nobody works for others without end.
    if wakes { wake.signal() }
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
    // Where there is but one processor for both, who asks goes on asking until it has to wait, so
    // that a commit is for many. Where the kernel does not do that, commits are smaller.
    var parameters = sched_param()
    _ = sched_setscheduler(0, Self.batchPolicy, &parameters)
    var isRested = false
    while true {
      switch next(isRested: isRested) {
      case .stop:
        ended.signal()
        return
      case .sleep:
        wake.wait()
        isRested = false
      case .doze:
        isRested = wake.wait(timeout: .now() + patience.dispatchInterval) == .timedOut
        if isRested { wakeUp() }
      case .work(let operations, let others):
        perform(operations, before: others)
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
      state.alone = state.waiting.count == 1 ? min(state.alone + 1, Self.quiet) : 0
      let isFull = state.waiting.count >= Self.largestBatch
      if !state.isUrgent && !isFull && !isRested && !state.isClosing {
        state.mode = .dozing
        return .doze
      }
      if isFull {
        let batch = Array(state.waiting.prefix(Self.largestBatch))
        state.waiting.removeFirst(batch.count)
        state.isUrgent = state.waiting.contains { $0.isUrgent }
        return .work(batch, [])
      }
      defer {
        state.waiting = []
        state.isUrgent = false
      }
      guard state.isUrgent, !isRested, state.waiting.count < Self.company else {
        return .work(state.waiting, [])
      }
      return .work(state.waiting.filter(\.isUrgent), state.waiting.filter { !$0.isUrgent })
    }
  }

  /// Puts back what may wait, before what has come meanwhile.
  private func putBack(_ operations: [Operation]) {
    state.withLock { $0.waiting.insert(contentsOf: operations, at: 0) }
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
  /// A chain that does not hold is looked at anew each time: nothing is reserved either until it holds
  /// again, since nothing could be settled.
  private func perform(_ urgent: [Operation], before others: [Operation] = []) {
    let isVigilant = isVigilant.withLock { $0 }
    var answers: [@Sendable () -> Void] = []
    var operations = urgent
    answers.reserveCapacity(operations.count)
    var waiting = others
    defer { if !waiting.isEmpty { putBack(waiting) } }
    do {
      try journal.commit { database, chain in
        let batch = LedgerBatch(database: database, chain: chain, now: self.clock())
        batch.catchingUp = {
          guard !waiting.isEmpty else { return false }
          let all = waiting
          waiting = []
          operations = all + operations
          for operation in all { answers.append(try operation.perform(batch)) }
          return true
        }
        defer { batch.catchingUp = nil }
        if isVigilant { try chain.check() }
        for operation in urgent { answers.append(try operation.perform(batch)) }
        try batch.finish()
      }
    } catch {
      if case .chainBroken = error { self.isVigilant.withLock { $0 = true } }
      if operations.count > 1 && error.mayBeOfOne {
        for operation in operations { perform([operation]) }
      } else {
        for operation in operations { operation.fail(.journal(error)) }
      }
      return
    }
    if isVigilant { self.isVigilant.withLock { $0 = false } }
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
