package import Policy
import Synchronization

/// The policy that holds at this moment: one value for everyone who decides, replaced as a whole.
package final class PolicyBox: Sendable {
  private struct State {
    var policy: NetworkPolicy
    var generation: UInt64 = 0
  }

  private let state: Mutex<State>

  package init(_ policy: NetworkPolicy) {
    state = Mutex(State(policy: policy))
  }

  package var current: NetworkPolicy { state.withLock { $0.policy } }

  /// Grows with each replacement: who decided under one generation and acts under another decides
  /// again.
  package var generation: UInt64 { state.withLock { $0.generation } }

  package func replace(with policy: NetworkPolicy) {
    state.withLock {
      $0.policy = policy
      $0.generation += 1
    }
  }
}
