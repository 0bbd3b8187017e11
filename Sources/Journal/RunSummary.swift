/// A run as a list shows it, put together from its rows.
package struct RunSummary: Sendable, Equatable {
  package let run: String
  /// Microseconds since 1970.
  package let startedAt: Int64
  package let started: RunStarted
  package let state: State
  /// What became of the changes; nil while they wait.
  package let fate: Fate?
  package let denials: Int

  package enum State: Sendable, Equatable {
    /// No end has been written. The supervisor may be alive, or have died unnoticed.
    case running
    case ended(RunEnded)
    case abandoned(reason: String)
  }

  package enum Fate: String, Sendable {
    case applying, applied, undoing, undone, discarded

    init?(_ event: Event) {
      switch event {
      case .applyStarted: self = .applying
      case .applyFinished, .applyRolledForward: self = .applied
      case .undoStarted: self = .undoing
      case .undoFinished: self = .undone
      case .discarded: self = .discarded
      default: return nil
      }
    }
  }
}
