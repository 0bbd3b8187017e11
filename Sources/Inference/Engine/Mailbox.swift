import Glibc

/// What goes from callers to the engine's thread, and what the thread lets others see.
///
/// The thread sleeps in `next` while there is nothing to do, which costs no CPU.
final class Mailbox: Sendable {
  struct Letter: Sendable {
    let id: UInt64
    let request: GenerationRequest
    let events: AsyncStream<GenerationEvent>.Continuation
    let posted: Double
  }

  struct Mail {
    var letters: [Letter] = []
    var cancelled: Set<UInt64> = []
    var isStopping = false
  }

  private struct State {
    var mail = Mail()
    var nextID: UInt64 = 1
    var waiting = 0
    var status = EngineStatus()
  }

  /// Everything behind these is touched with the lock held.
  private nonisolated(unsafe) let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private nonisolated(unsafe) let bell = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private nonisolated(unsafe) let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
  private let queueLimit: Int

  init(queueLimit: Int) {
    self.queueLimit = queueLimit
    pthread_mutex_init(lock, nil)
    pthread_cond_init(bell, nil)
    state.initialize(to: State())
  }

  deinit {
    state.deinitialize(count: 1)
    state.deallocate()
    pthread_cond_destroy(bell)
    bell.deallocate()
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  private func locked<Value>(_ body: (inout State) -> Value) -> Value {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return body(&state.pointee)
  }

  // MARK: Callers

  func post(
    _ request: GenerationRequest,
    _ events: AsyncStream<GenerationEvent>.Continuation
  ) throws(EngineError) -> UInt64 {
    let result: Result<UInt64, EngineError> = locked { state in
      if state.mail.isStopping { return .failure(.stopped) }
      if state.waiting >= queueLimit + state.status.places {
        return .failure(.queueFull(limit: queueLimit))
      }
      let id = state.nextID
      state.nextID += 1
      state.waiting += 1
      state.mail.letters.append(
        Letter(id: id, request: request, events: events, posted: monotonicSeconds())
      )
      return .success(id)
    }
    pthread_cond_signal(bell)
    return try result.get()
  }

  func cancel(_ id: UInt64) {
    locked { _ = $0.mail.cancelled.insert(id) }
    pthread_cond_signal(bell)
  }

  func stop() {
    locked { $0.mail.isStopping = true }
    pthread_cond_signal(bell)
  }

  var status: EngineStatus { locked { $0.status } }

  // MARK: The thread

  /// What came since the last call; sleeps until something does if `waits`.
  func next(waits: Bool) -> Mail {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while waits, state.pointee.mail.letters.isEmpty, state.pointee.mail.cancelled.isEmpty,
      !state.pointee.mail.isStopping
    {
      pthread_cond_wait(bell, lock)
    }
    let mail = state.pointee.mail
    state.pointee.mail = Mail(isStopping: mail.isStopping)
    return mail
  }

  /// Whether nobody waits for any of these any more; what has come is still there for `next`.
  func ends(_ ids: Set<UInt64>) -> Bool {
    locked { $0.mail.isStopping || $0.mail.cancelled.isSuperset(of: ids) }
  }

  /// - Parameter waiting: requests that no answer is being written for.
  func tell(_ status: EngineStatus, waiting: Int) {
    locked { state in
      state.status = status
      state.waiting = waiting + state.mail.letters.count
    }
  }
}

/// Seconds since some moment, never going back.
func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
