import Synchronization

/// What happens around one who waits for it, in order.
///
/// Unlike a stream it is waited for even where the task has been cancelled: whoever is told to stop still
/// has to hear how that ends.
final class Mailbox<Event: Sendable>: Sendable {
  private struct State {
    var events: [Event] = []
    /// Told with what waits, once.
    var late: Event?
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  /// - Parameter isAlone: Where something waits already, this is told after it, however often it is posted.
  func post(_ event: Event, ifAlone isAlone: Bool = false) {
    let waiter = state.withLock { state in
      if isAlone, !state.events.isEmpty { state.late = event } else { state.events.append(event) }
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  /// All that has happened since the last call; waits until something has. Only one may wait.
  func next() async -> [Event] {
    while true {
      let events = state.withLock { state in
        defer { (state.events, state.late) = ([], nil) }
        return state.events + (state.late.map { [$0] } ?? [])
      }
      if !events.isEmpty { return events }
      await withCheckedContinuation { continuation in
        let isThere = state.withLock { state in
          if state.events.isEmpty { state.waiter = continuation }
          return !state.events.isEmpty
        }
        if isThere { continuation.resume() }
      }
    }
  }
}
