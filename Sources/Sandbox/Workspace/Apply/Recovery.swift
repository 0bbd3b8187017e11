/// What became of an apply or an undo that was interrupted.
package struct Recovery: Sendable {
  package enum End: String, Sendable {
    /// Its plan stood, so it was finished.
    case finished
    /// Its plan did not stand, or could not be finished: the workspace is as it was before.
    case takenBack
  }

  package let verb: String
  package let end: End

  /// Names what is unfinished, for commands that only look.
  package static func pending(_ record: WorkspaceRecord) throws(WorkspaceError) -> String? {
    guard record.mode == .overlay || record.mode == .copy else { return nil }
    return try RunState.existing(record)?.unfinished()?.1.rawValue
  }

  /// The applies that stand and were not undone.
  package static func standing(_ record: WorkspaceRecord) throws(WorkspaceError) -> [Int] {
    guard let state = try RunState.existing(record) else { return [] }
    return try state.generations().map(\.number)
  }

  /// Finishes, or takes back, what was interrupted, and does nothing else.
  package static func run(_ record: WorkspaceRecord) throws(WorkspaceError) -> Recovery? {
    guard let state = try RunState.existing(record) else { return nil }
    let locks = try state.lock()
    return try settle(state, workspace: locks.workspace)
  }

  static func settle(
    _ state: RunState,
    workspace: Directory
  ) throws(WorkspaceError) -> Recovery? {
    try state.clean(workspace: workspace)
    var recovery: Recovery?
    while let (generation, verb) = try state.unfinished() {
      let work = Work(verb, generation, state, workspace: workspace)
      guard let bytes = try generation.read(.plan, of: verb) else {
        try work.forgetUnplanned()
        recovery = Recovery(verb: verb.rawValue, end: .takenBack)
        continue
      }
      let plan = try state.plan(bytes)
      let place = try StagingPlace.reopen(verb, generation, workspace: workspace)
      if try generation.has(.abort, of: verb) {
        try work.takeBack(plan, place)
        recovery = Recovery(verb: verb.rawValue, end: .takenBack)
      } else {
        try work.carryOut(plan, place)
        recovery = Recovery(verb: verb.rawValue, end: .finished)
      }
    }
    for generation in try state.generations()
    where try generation.has(.intent, of: .apply) {
      guard let bytes = try generation.read(.plan, of: .apply) else { continue }
      try Work(.apply, generation, state, workspace: workspace).tidyApplied(state.plan(bytes))
    }
    return recovery
  }
}
