import Synchronization

/// What the keeper of a lease tells whoever works under it.
package final class LeaseSignals: Sendable {
  package enum Word: Sendable, Equatable {
    case goOn
    /// A person asked for an end.
    case stop
    /// The worker is to end: another goes on.
    case letGo
    /// The lease is another's; nothing more may be done.
    case lost
  }

  private let state = Mutex(Word.goOn)

  package init() {}

  package var word: Word { state.withLock { $0 } }

  /// A later word counts only if it says more.
  package func say(_ word: Word) {
    let order: [Word] = [.goOn, .letGo, .stop, .lost]
    state.withLock { current in
      let rank = order.firstIndex(of: word) ?? 0
      if rank > (order.firstIndex(of: current) ?? 0) { current = word }
    }
  }
}
