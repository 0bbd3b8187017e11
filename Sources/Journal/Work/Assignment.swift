/// Work that a person gave in a sentence, with how far it has come.
///
/// Its id is that of the sealed run that it works in, so that whatever shows a run shows it, too.
package struct Assignment: Sendable, Equatable {
  package enum State: String, Sendable, Codable, CaseIterable {
    /// Waits for a worker.
    case queued
    /// A worker holds its lease.
    case running
    /// Waits for what ``Assignment/waiting`` says.
    case waiting
    /// Ended as the agent said.
    case done
    /// Ended, and not as the agent said.
    case failed
    /// A person stopped it; may be resumed.
    case stopped
    /// Set aside, since workers died of it or something is missing that it needs; may be resumed.
    case parked

    /// Whether nothing more happens unless a person says so.
    package var isOver: Bool {
      switch self {
      case .done, .failed, .stopped, .parked: true
      case .queued, .running, .waiting: false
      }
    }
  }

  package let id: String
  package let parent: String?
  /// What the person wrote.
  package let text: String
  /// How it is to be worked on: JSON that the journal does not read.
  package let settings: String
  package var state: State
  /// What it waits for: an approval's id, `children`, `time`; nil unless waiting.
  package var waiting: String?
  /// Why it is in its state, in words.
  package var reason: String?
  package let created: Int64
  package var changed: Int64
  /// Number of its newest step; 0 before the first.
  package var steps: Int
  /// Workers that died under it since it last made a step.
  package var recoveries: Int
  package var lease: LeaseRecord
  /// When it is looked at again, whatever it waits for; microseconds since 1970.
  package var wake: Int64?
  package var isAskedToStop: Bool

  package init(
    id: String,
    parent: String?,
    text: String,
    settings: String,
    state: State,
    waiting: String?,
    reason: String?,
    created: Int64,
    changed: Int64,
    steps: Int,
    recoveries: Int,
    lease: LeaseRecord,
    wake: Int64?,
    isAskedToStop: Bool
  ) {
    self.id = id
    self.parent = parent
    self.text = text
    self.settings = settings
    self.state = state
    self.waiting = waiting
    self.reason = reason
    self.created = created
    self.changed = changed
    self.steps = steps
    self.recoveries = recoveries
    self.lease = lease
    self.wake = wake
    self.isAskedToStop = isAskedToStop
  }
}

/// An assignment as it is given.
package struct NewAssignment: Sendable, Equatable {
  package var id: String
  package var parent: String?
  package var text: String
  package var settings: String
  /// The same key given twice is one assignment.
  package var dedupe: String?
  /// Not before; microseconds since 1970.
  package var start: Int64?

  package init(
    id: String,
    parent: String? = nil,
    text: String,
    settings: String,
    dedupe: String? = nil,
    start: Int64? = nil
  ) {
    self.id = id
    self.parent = parent
    self.text = text
    self.settings = settings
    self.dedupe = dedupe
    self.start = start
  }
}
