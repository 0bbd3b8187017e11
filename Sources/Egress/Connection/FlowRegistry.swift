package import NIOCore
import Policy
import Synchronization

/// The connections that are open, and what each was let through by: a policy that is replaced
/// closes those whose grant is gone.
package final class FlowRegistry: Sendable {
  /// What must go on to hold for a connection to stay open.
  package enum Ground: Hashable, Sendable {
    /// Accepted from the run; nothing has been granted yet.
    case undecided
    /// Bytes pass unseen.
    case passed(Flow)
    /// Requests are judged one by one.
    case inspected(Flow)
    /// Made to the world, to this very address.
    case outward(Flow, address: [UInt8])

    fileprivate var withoutNumber: Ground {
      switch self {
      case .undecided: self
      case .passed(let flow): .passed(flow.withoutNumber)
      case .inspected(let flow): .inspected(flow.withoutNumber)
      case .outward(let flow, let address): .outward(flow.withoutNumber, address: address)
      }
    }
  }

  private struct Entry {
    let channel: any Channel
    var ground: Ground
  }

  private struct State {
    var entries: [UInt64: Entry] = [:]
    var accepted = 0
    var next: UInt64 = 1
  }

  private let state = Mutex(State())
  private let policy: PolicyBox
  private let capacity: Int

  package init(policy: PolicyBox, capacity: Int) {
    self.policy = policy
    self.capacity = capacity
  }

  /// Takes a place for a connection of the run until it closes.
  ///
  /// - Returns: the number of the connection within the run; nil where there is no place left.
  package func accept(_ channel: any Channel) -> UInt64? {
    let number: UInt64? = state.withLock { state in
      guard state.accepted < capacity else { return nil }
      state.accepted += 1
      state.entries[state.next] = Entry(channel: channel, ground: .undecided)
      defer { state.next += 1 }
      return state.next
    }
    guard let number else { return nil }
    channel.closeFuture.whenComplete { [self] _ in
      state.withLock { state in
        state.accepted -= 1
        state.entries[number] = nil
      }
    }
    return number
  }

  /// Says what an accepted connection goes on by, as decided under a generation of the policy.
  ///
  /// - Returns: whether that still holds; where not, the connection is closed.
  package func settle(_ number: UInt64, on ground: Ground) -> Bool {
    let channel = state.withLock { state in
      state.entries[number]?.ground = ground
      return state.entries[number]?.channel
    }
    guard let channel else { return false }
    // The policy may have been replaced since whoever calls asked it.
    if holds(ground, policy.current) { return true }
    channel.close(promise: nil)
    return false
  }

  /// Keeps a connection to the world until it closes.
  ///
  /// - Returns: whether it may stay; where not, it is closed.
  package func add(_ channel: any Channel, on ground: Ground) -> Bool {
    let number = state.withLock { state in
      state.entries[state.next] = Entry(channel: channel, ground: ground)
      defer { state.next += 1 }
      return state.next
    }
    channel.closeFuture.whenComplete { [self] _ in
      state.withLock { $0.entries[number] = nil }
    }
    if holds(ground, policy.current) { return true }
    channel.close(promise: nil)
    return false
  }

  /// Closes what the policy of this moment would not let through.
  ///
  /// - Returns: for each connection that is closed, when it is.
  package func review() -> [EventLoopFuture<Void>] {
    let entries = state.withLock { Array($0.entries.values) }
    let policy = policy.current
    var known: [Ground: Bool] = [:]
    let lost = entries.filter { entry in
      // Many connections go to few places.
      let ground = entry.ground.withoutNumber
      if let holds = known[ground] { return !holds }
      known[ground] = holds(ground, policy)
      return known[ground] == false
    }
    return lost.map { entry in
      entry.channel.close(promise: nil)
      return entry.channel.closeFuture
    }
  }

  /// Closes all there is.
  package func closeAll() -> [EventLoopFuture<Void>] {
    state.withLock { Array($0.entries.values) }.map { entry in
      entry.channel.close(promise: nil)
      return entry.channel.closeFuture
    }
  }

  private func holds(_ ground: Ground, _ policy: NetworkPolicy) -> Bool {
    switch ground {
    case .undecided:
      return true
    case .passed(let flow):
      if case .passed = policy.admit(host: flow.host, port: flow.port) { return true }
      return false
    case .inspected(let flow):
      if case .denied = policy.admit(host: flow.host, port: flow.port) { return false }
      return true
    case .outward(let flow, let address):
      switch policy.admit(host: flow.host, port: flow.port) {
      case .passed(let rule), .inspected(let rule, _):
        return policy.checkAddress(address, for: rule) == .allowed
      case .denied:
        return false
      }
    }
  }
}

extension Flow {
  fileprivate var withoutNumber: Flow { Flow(host: host, port: port, way: way, id: 0) }
}
