import Journal
import Sandbox

// What becomes of a branch that was applied, and of a command that was interrupted.
extension BranchRun {
  /// Finishes, or takes back, what was interrupted, says so, and records it. True where something was.
  func recover() throws -> Bool {
    let recovery = try transaction().recover()
    try settleRows()
    switch recovery {
    case nil: return false
    case .finished(let state):
      complain(
        "finished the \(state.phase == .undone ? "undo" : "apply") of run \(held.id) that had been interrupted"
      )
    case .takenBack:
      complain("took back the apply of run \(held.id) that had been interrupted")
    }
    return true
  }

  /// Brings the rows up to what became of an interrupted apply or undo.
  private func settleRows() throws {
    guard let state = try state else { return }
    let name = held.name(of: state.generation)
    switch (try held.fate, state.phase) {
    case (.applying, .applied): try held.record(.applyRolledForward(ApplyRolledForward(id: name)))
    case (.applying, .undone), (.undoing, .undone):
      try held.record(.undoFinished(UndoFinished(id: name, restored: 0)))
    default: break
    }
  }

  /// `caisson undo`.
  func undo() throws {
    guard let state = try state, state.phase == .applied else {
      throw WorkspaceError.nothingApplied(held.record.run)
    }
    let name = held.name(of: state.generation)
    let isMerged = state.merge != nil
    _ = try transaction().undo(state) { try held.record(.undoStarted(UndoStarted(id: name))) }
    try held.record(.undoFinished(UndoFinished(id: name, restored: isMerged ? 2 : 1)))
  }

  /// What would be lost with the run's directory, one sentence each.
  func losses() throws -> [String] {
    let intake = try intake(.look)
    let harvest = intake.harvest
    var losses: [String] = []
    let changes = try intake.changes()
    if changes.uncommitted > 0 { losses.append(changes.uncommitted.counted("uncommitted path")) }
    let isKept = try harvest.tip == record.base || transaction().delivery.keeps(harvest.tip)
    if !isKept { losses.append(changes.commits.count.counted("unmerged commit")) }
    for other in harvest.others {
      losses.append("\(other.commits.counted("commit")) of \(other.name.shortBranch.printable)")
    }
    losses += harvest.nested.map { "the repository \($0.printable)" }
    losses += harvest.troubles.map { "what git cannot read: \($0.printable)" }
    if let damage = harvest.damage {
      losses.append("a repository that cannot be read: \(damage.printable)")
    }
    return losses
  }
}
