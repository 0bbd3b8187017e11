import NIOCore
import Policy
import Synchronization

/// What a person is asked about: places that nothing grants, while connections to them wait.
package final class Questions: Sendable {
  /// A host and a port, as text on the way to whoever asks: `443 api.example.com`.
  package struct Place: Hashable, Sendable {
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) {
      self.host = host
      self.port = port
    }

    package init?(_ text: String) {
      let parts = text.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, let port = UInt16(parts[0]) else { return nil }
      self.init(host: String(parts[1]), port: port)
    }

    package var text: String { "\(port) \(host)" }
  }

  private struct State {
    var waiting: [Place: [EventLoopPromise<Void>]] = [:]
    var refused: Set<Place> = []
    var asked = 0
  }

  /// Nobody answers more than this in one run.
  private static let most = 64

  private let state = Mutex(State())
  private let ask: @Sendable (Place) -> Void

  package init(ask: @escaping @Sendable (Place) -> Void) {
    self.ask = ask
  }

  /// Asks about a place, once for all that want it.
  ///
  /// - Returns: what is fulfilled when there is an answer; nil where it was no, or where too much
  ///   has been asked.
  func wait(for place: Place, on eventLoop: any EventLoop) -> EventLoopFuture<Void>? {
    let promise = eventLoop.makePromise(of: Void.self)
    let (isTaken, isNew) = state.withLock { state in
      if state.waiting[place] != nil {
        state.waiting[place]?.append(promise)
        return (true, false)
      }
      guard !state.refused.contains(place), state.asked < Self.most else { return (false, false) }
      state.asked += 1
      state.waiting[place] = [promise]
      return (true, true)
    }
    guard isTaken else {
      promise.succeed()
      return nil
    }
    if isNew { ask(place) }
    return promise.futureResult
  }

  /// Takes a no: it holds as long as the run does.
  package func refuse(_ place: Place) {
    let waiting = state.withLock { state in
      state.refused.insert(place)
      return state.waiting.removeValue(forKey: place) ?? []
    }
    for promise in waiting { promise.succeed() }
  }

  /// Lets go on what a policy grants now.
  func review(_ policy: NetworkPolicy) {
    let granted = state.withLock { state in
      let places = state.waiting.keys.filter {
        if case .denied = policy.admit(host: $0.host, port: $0.port) { false } else { true }
      }
      return places.flatMap { state.waiting.removeValue(forKey: $0) ?? [] }
    }
    for promise in granted { promise.succeed() }
  }
}
