import Journal
import Synchronization

/// Tells everyone who waits that something may have changed. The store itself tells each change to one
/// listener alone, which is this one.
final class Changes: Sendable {
  private struct State {
    var number = 0
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var next = 0
  }

  private let store: any WorkStore
  private let state = Mutex(State())

  init(_ store: any WorkStore) {
    self.store = store
  }

  /// How many changes have been noticed.
  var number: Int { state.withLock { $0.number } }

  /// Whether anybody waits at this moment.
  var hasWaiting: Bool { state.withLock { !$0.waiting.isEmpty } }

  func run() async {
    while !Task.isCancelled {
      await store.waitForChange(timeout: .seconds(1))
      note()
    }
  }

  func note() {
    let waiting = state.withLock { state in
      defer { state.waiting = [:] }
      state.number &+= 1
      return state.waiting.values
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Returns when there is a change after the one of that number, at `end`, or when it is cancelled.
  func wait(beyond number: Int, until end: ContinuousClock.Instant) async {
    let ticket = state.withLock { state in
      defer { state.next += 1 }
      return state.next
    }
    // Every second is a change, so that neither the time nor a cancelled task is waited past by more.
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.number != number || Task.isCancelled { return true }
          state.waiting[ticket] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
    }
  }
}
