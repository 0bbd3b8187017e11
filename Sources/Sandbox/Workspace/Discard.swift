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
    if isRunning() { throw .running(record.run) }
    let run = try openTree(record.layer, as: "run's directory")
    if record.mode == .overlay || record.mode == .copy,
      try run.status(of: Array("apply".utf8)) != nil
    {
      let state = try RunState(record)
      if try state.unfinished() != nil {
        // What is half applied must not lose the old content that it still needs.
        let locks = try state.lock()
        _ = try Recovery.settle(state, workspace: locks.workspace)
      }
    }
    for name in ["upper", "work", "copy", "snapshot", "apply"] {
      try TreeRemoval.remove(Array(name.utf8), in: run)
    }
    try run.sync()
  }
}
