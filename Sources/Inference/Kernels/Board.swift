import CKernels
import Glibc
import Synchronization

/// Where a team's caller puts up work, and its workers find it.
///
/// `gate` says all that threads have to agree on: the number of the work, whether it is open, and how
/// many workers are at it. A worker that comes through an open gate may read `work`, which the caller
/// changes only while the gate is closed and nobody is inside. That is what makes this Sendable.
final class Board: @unchecked Sendable {
  typealias Body = (Range<Int>, Int) -> Void

  struct Work {
    let count: Int
    let grain: Int
    let threads: Int
    /// Valid while the work's caller waits.
    let body: UnsafePointer<Body>
  }

  /// How long a thread looks out before it sleeps, in nanoseconds. At most longer than what lies
  /// between two steps of a forward pass, and about what choosing a token takes; half as long each
  /// time that it was in vain, down to the least, and twice as long each time that it was not.
  private static let patience = (least: 10_000, most: 200_000)

  private enum Gate {
    /// Bits 0-15: workers inside. Bit 16: open. Bit 17: no more work will come. Above: the number.
    static let inside: UInt64 = 0xffff
    static let open: UInt64 = 1 << 16
    static let dismissed: UInt64 = 1 << 17
    static let next: UInt64 = 1 << 18
  }

  private let gate = Atomic<UInt64>(0)
  private let taken = Atomic<Int>(0)
  /// Workers that sleep or are about to; and whether the caller does.
  private let sleepers = Atomic<Int>(0)
  private let callerSleeps = Atomic<Bool>(false)
  private var work: Work?
  private let turn: UnsafeMutablePointer<pthread_mutex_t>
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let opened: UnsafeMutablePointer<pthread_cond_t>
  private let left: UnsafeMutablePointer<pthread_cond_t>

  init() {
    turn = .allocate(capacity: 1)
    lock = .allocate(capacity: 1)
    opened = .allocate(capacity: 1)
    left = .allocate(capacity: 1)
    pthread_mutex_init(turn, nil)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(opened, nil)
    pthread_cond_init(left, nil)
  }

  deinit {
    pthread_cond_destroy(left)
    pthread_cond_destroy(opened)
    pthread_mutex_destroy(lock)
    pthread_mutex_destroy(turn)
    left.deallocate()
    opened.deallocate()
    lock.deallocate()
    turn.deallocate()
  }

  // MARK: The caller

  /// Puts up work, takes part in it, and returns when it is done.
  func run(_ work: Work) {
    pthread_mutex_lock(turn)
    defer { pthread_mutex_unlock(turn) }
    self.work = work
    taken.store(0, ordering: .relaxed)
    gate.add(Gate.next | Gate.open, ordering: .sequentiallyConsistent)
    wake(opened, if: sleepers.load(ordering: .sequentiallyConsistent) > 0)
    takeParts(of: work, thread: 0)
    gate.subtract(Gate.open, ordering: .sequentiallyConsistent)
    var patience = Self.patience.least
    waitUntil(sleeping: left, &patience) {
      self.gate.load(ordering: .sequentiallyConsistent) & Gate.inside == 0
    } announce: { sleeps in
      self.callerSleeps.store(sleeps, ordering: .sequentiallyConsistent)
    }
  }

  /// Tells the workers to end.
  func dismiss() {
    gate.bitwiseOr(Gate.dismissed, ordering: .sequentiallyConsistent)
    wake(opened, if: true)
  }

  // MARK: The workers

  /// Works until the team is dismissed.
  func serve(as thread: Int) {
    var last: UInt64 = 0
    var patience = Self.patience.most
    while let number = enter(after: last, &patience) {
      last = number
      if let work { takeParts(of: work, thread: thread) }
      let before = gate.subtract(1, ordering: .sequentiallyConsistent).oldValue
      if before & Gate.inside == 1 {
        wake(left, if: callerSleeps.load(ordering: .sequentiallyConsistent))
      }
    }
  }

  /// Waits for work other than `last` and goes in; nil when the team is dismissed.
  private func enter(after last: UInt64, _ patience: inout Int) -> UInt64? {
    while true {
      waitUntil(sleeping: opened, &patience) {
        let seen = self.gate.load(ordering: .sequentiallyConsistent)
        return seen & Gate.dismissed != 0 || seen & Gate.open != 0 && seen / Gate.next != last
      } announce: { sleeps in
        self.sleepers.add(sleeps ? 1 : -1, ordering: .sequentiallyConsistent)
      }
      let seen = gate.load(ordering: .acquiring)
      if seen & Gate.dismissed != 0 { return nil }
      guard seen & Gate.open != 0, seen / Gate.next != last else { continue }
      let entered = gate.compareExchange(
        expected: seen,
        desired: seen + 1,
        ordering: .sequentiallyConsistent
      )
      if entered.exchanged { return seen / Gate.next }
    }
  }

  // MARK: Both

  /// A share of what is left, so that the parts become smaller towards the end, where they decide how
  /// long one thread waits for the other.
  private func takeParts(of work: Work, thread: Int) {
    var start = taken.load(ordering: .relaxed)
    while start < work.count {
      let units = (work.count - start) / (2 * work.threads * work.grain)
      let end = min(work.count, start + max(1, units) * work.grain)
      let result = taken.weakCompareExchange(expected: start, desired: end, ordering: .relaxed)
      if result.exchanged {
        work.body.pointee(start..<end, thread)
        start = taken.load(ordering: .relaxed)
      } else {
        start = result.original
      }
    }
  }

  /// Looks out for a condition for a moment, then sleeps until someone who has changed it and finds
  /// that sleep announced wakes.
  private func waitUntil(
    sleeping condition: UnsafeMutablePointer<pthread_cond_t>,
    _ patience: inout Int,
    _ holds: () -> Bool,
    announce: (Bool) -> Void
  ) {
    var start: Int?
    while true {
      for _ in 0..<32 {
        if holds() {
          if start != nil { patience = min(Self.patience.most, 2 * patience) }
          return
        }
        ck_pause()
      }
      let now = Self.nanoseconds()
      if now - (start ?? now) > patience { break }
      if start == nil { start = now }
    }
    patience = max(Self.patience.least, patience / 2)
    pthread_mutex_lock(lock)
    announce(true)
    while !holds() { pthread_cond_wait(condition, lock) }
    announce(false)
    pthread_mutex_unlock(lock)
  }

  /// The lock is taken for a moment: who has announced sleep and not yet fallen asleep holds it.
  private func wake(_ condition: UnsafeMutablePointer<pthread_cond_t>, if someoneSleeps: Bool) {
    guard someoneSleeps else { return }
    pthread_mutex_lock(lock)
    pthread_mutex_unlock(lock)
    pthread_cond_broadcast(condition)
  }

  private static func nanoseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
