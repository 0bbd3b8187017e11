internal import SystemPackage

/// Throws away what a run changed and what its applies replaced.
package enum Discard {
  /// Removes the run's layers. The workspace stays as it is; what was applied can no longer be
  /// undone.
  ///
  /// - Parameter isRunning: Whether the run is still at work; then nothing is removed.
  package static func run(
    _ record: WorkspaceRecord,
    isRunning: () -> Bool = { false }
  ) throws(WorkspaceError) {
    if record.mode == .direct || record.mode == .none { throw .nothingHeld(record.mode) }
    if isRunning() { throw .running(record.run) }
    let run = try openTree(record.layer, as: "run's directory")
    let state = try RunState(record)
    do throws(WorkspaceError) {
      let locks = try state.lock()
      // What is half applied must not lose the old content that it still needs.
      _ = try Recovery.settle(state, workspace: locks.workspace)
      try remove(in: run)
    } catch .missing {
      // The workspace is gone. What was held back for it can go too, unless it was being applied.
      if let (_, verb) = try state.unfinished() { throw .unfinished(record.run, verb.rawValue) }
      try remove(in: run)
    }
  }

  private static func remove(in run: borrowing OpenFile) throws(WorkspaceError) {
    for name in ["upper", "work", "copy", "snapshot", "apply"] {
      try TreeRemoval.remove(Array(name.utf8), in: run)
    }
    try run.sync()
  }
}
