internal import SystemPackage

/// Takes a run's changes into its workspace, all or nothing.
package struct Apply {
  private let record: WorkspaceRecord
  private let options: ApplySelection.Options
  private let judge: (Change) -> ApplyVerdict
  private let isRunning: () -> Bool
  private let inspect: (ChangeSet) throws(WorkspaceError) -> Void
  private let willCommit: (ApplySelection, Int) throws -> Void

  /// - Parameters:
  ///   - judge: What the policy says about a path.
  ///   - isRunning: Whether the run is still at work; then nothing is applied.
  ///   - inspect: Sees the whole change set before anything happens; may refuse it.
  ///   - willCommit: Called when everything is staged, before the first visible change, with the
  ///     number of this apply.
  package init(
    _ record: WorkspaceRecord,
    _ options: ApplySelection.Options = ApplySelection.Options(),
    judge: @escaping (Change) -> ApplyVerdict,
    isRunning: @escaping () -> Bool = { false },
    inspect: @escaping (ChangeSet) throws(WorkspaceError) -> Void = { _ in },
    willCommit: @escaping (ApplySelection, Int) throws -> Void = { _, _ in }
  ) {
    self.record = record
    self.options = options
    self.judge = judge
    self.isRunning = isRunning
    self.inspect = inspect
    self.willCommit = willCommit
  }

  package struct Result: Sendable {
    /// What an interrupted apply or undo came to, that was settled first.
    package var recovery: Recovery?
    package var selection: ApplySelection
    package var totals = ChangeSet.Totals()
    /// nil where there was nothing to apply.
    package var generation: Int?

    package init(recovery: Recovery? = nil, selection: ApplySelection = ApplySelection()) {
      self.recovery = recovery
      self.selection = selection
    }
  }

  package func run() throws -> Result {
    if record.mode == .direct || record.mode == .none {
      throw WorkspaceError.nothingHeld(record.mode)
    }
    if isRunning() { throw WorkspaceError.running(record.run) }
    let state = try RunState(record)
    let locks = try state.lock()
    let recovery = try Recovery.settle(state, workspace: locks.workspace)
    let seen = Timestamp.nextTick()
    let changes = try ChangeSet.scan(record, applied: state.appliedState())
    try inspect(changes)
    let selection = try ApplySelection(from: changes, options, judge: judge)
    if !selection.conflicts.isEmpty { throw WorkspaceError.conflicts(selection.conflicts) }
    var result = Result(recovery: recovery, selection: selection)
    if selection.chosen.isEmpty { return result }
    result.generation = try commit(selection, seen, state, locks.workspace)
    result.totals = ChangeSet.Totals(of: selection.chosen)
    return result
  }

  private func commit(
    _ selection: ApplySelection,
    _ seen: Timestamp,
    _ state: RunState,
    _ workspace: Directory
  ) throws -> Int {
    let generation = try state.newGeneration()
    let work = Work(.apply, generation, state, workspace: workspace)
    let plan: Plan
    let place: StagingPlace
    do {
      let upper = Directory(try openTree(record.changes, as: "run's layer"))
      place = try StagingPlace.make(.apply, generation, state, workspace: workspace)
      var staging = try ApplyStaging(
        workspace: workspace,
        upper: upper,
        place: place,
        backups: place.hidden == nil ? nil : generation.subdirectory("old"),
        seen: seen
      )
      plan = try staging.stage(selection.chosen)
      try work.reserve(for: plan)
      try willCommit(selection, generation.number)
      try generation.write(plan.encoded, .plan, of: .apply)
    } catch {
      // What this leaves, the next command that settles the run removes.
      try? work.forgetUndecided()
      throw error
    }
    try work.carryOut(plan, place)
    return generation.number
  }
}

extension ChangeSet.Totals {
  package init(of changes: [Change]) {
    for change in changes {
      switch change.kind {
      case .added: added += 1
      case .modified: modified += 1
      case .deleted: deleted += 1
      }
    }
  }
}
