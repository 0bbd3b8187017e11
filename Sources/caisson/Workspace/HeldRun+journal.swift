import Journal
import Sandbox

// The rows that an apply, an undo or a discard leaves.
extension HeldRun {
  /// The name of one application of the run.
  func name(of generation: Int) -> String { "\(id)-\(generation)" }

  func record(_ event: Event) throws {
    try journal.append(event, run: id)
  }

  /// Brings the rows up to what became of an interrupted apply or undo.
  ///
  /// A process that died between the last change and its row left rows that say less than is true.
  func settleRows() throws {
    let fate = try journal.run(id)?.fate
    guard fate == .applying || fate == .undoing, try Recovery.pending(record) == nil else { return }
    var last = ""
    for row in try journal.rows(run: id) {
      switch row.event {
      case .applyStarted(let started): last = started.id
      case .undoStarted(let started): last = started.id
      default: break
      }
    }
    let stands = try Recovery.standing(record).contains { name(of: $0) == last }
    if stands {
      try record(.applyRolledForward(ApplyRolledForward(id: last)))
    } else {
      try record(.undoFinished(UndoFinished(id: last, restored: 0)))
    }
  }

  /// Finishes what was interrupted, says so, and records it.
  func recover() throws -> Recovery? {
    let recovery = try Recovery.run(record)
    try settleRows()
    if let recovery { announce(recovery) }
    return recovery
  }

  func announce(_ recovery: Recovery) {
    switch recovery.end {
    case .finished:
      complain("finished the \(recovery.verb) of run \(id) that had been interrupted")
    case .takenBack:
      complain("took back the \(recovery.verb) of run \(id) that had been interrupted")
    }
  }
}
