internal import SystemPackage

/// Puts back what applies of a run changed, newest first.
package struct Undo {
  private let record: WorkspaceRecord
  private let isRunning: () -> Bool
  private let willCommit: ([RelativePath], Int) throws -> Void

  /// - Parameter willCommit: Called before each visible change begins, with the paths and the number of
  ///   the apply that is undone.
  package init(
    _ record: WorkspaceRecord,
    isRunning: @escaping () -> Bool = { false },
    willCommit: @escaping ([RelativePath], Int) throws -> Void = { _, _ in }
  ) {
    self.record = record
    self.isRunning = isRunning
    self.willCommit = willCommit
  }

  package struct Result: Sendable {
    package var recovery: Recovery?
    /// What is as it was before the run was applied.
    package var restored: [RelativePath] = []
    /// The applies that were undone, and how many paths each had.
    package var undone: [(generation: Int, paths: Int)] = []
  }

  package func run() throws -> Result {
    if record.mode == .direct || record.mode == .none {
      throw WorkspaceError.nothingHeld(record.mode)
    }
    if isRunning() { throw WorkspaceError.running(record.run) }
    let state = try RunState(record)
    let locks = try state.lock()
    var result = Result(recovery: try Recovery.settle(state, workspace: locks.workspace))
    let generations = try state.generations()
    if generations.isEmpty {
      if result.recovery != nil { return result }
      throw WorkspaceError.nothingApplied(record.run)
    }
    var plans: [(Generation, Plan)] = []
    for generation in generations.reversed() {
      guard let bytes = try generation.read(.plan, of: .apply) else { continue }
      plans.append((generation, try state.plan(bytes)))
    }
    let applied = try state.appliedState()
    var edited = Set<RelativePath>()
    for (_, plan) in plans {
      var check = UndoCheck(workspace: locks.workspace, applied: applied)
      edited.formUnion(try check.edited(plan))
    }
    if !edited.isEmpty { throw WorkspaceError.editedSince(edited.sorted()) }
    for (generation, plan) in plans {
      try takeBack(generation, plan, state, locks.workspace)
      result.restored += plan.members.map(\.path)
      result.undone.append((generation.number, plan.members.count))
    }
    result.restored = Set(result.restored).sorted()
    return result
  }

  private func takeBack(
    _ generation: Generation,
    _ applied: Plan,
    _ state: RunState,
    _ workspace: Directory
  ) throws {
    let work = Work(.undo, generation, state, workspace: workspace)
    var plan: Plan
    let place: StagingPlace
    do {
      let seen = Timestamp.nextTick()
      place = try StagingPlace.make(.undo, generation, state, workspace: workspace)
      plan = try reversed(applied, place, workspace)
      plan.seen = seen
      if place.hidden != nil {
        try stage(&plan, from: generation.subdirectory("old"), place)
      }
      plan.sealed = Timestamp.nextTick()
      try work.reserve(for: plan)
      try willCommit(plan.members.map(\.path), generation.number)
      try generation.write(plan.encoded, .plan, of: .undo)
    } catch {
      // What this leaves, the next command that settles the run removes.
      try? work.forgetUndecided()
      throw error
    }
    try work.carryOut(plan, place)
  }

  /// The plan that leads back from how the workspace is now.
  private func reversed(
    _ applied: Plan,
    _ place: StagingPlace,
    _ workspace: Directory
  ) throws(WorkspaceError) -> Plan {
    var plan = Plan()
    var cursor = DirectoryCursor(root: workspace)
    for operation in applied.operations {
      var reverse = operation.reversed
      let current = try cursor.status(of: operation.path)
      if let current {
        reverse.old = Plan.Side(current)
      } else if operation.old == nil {
        continue
      }
      plan.operations.append(reverse)
    }
    plan.members = applied.members.map {
      Plan.Member(path: $0.path, wasThere: $0.isThere, isThere: $0.wasThere)
    }
    for directory in applied.directories {
      let isHiddenRoot = directory.path.isRoot && place.hidden != nil
      guard let current = try cursor.status(of: directory.path) else { continue }
      let modified = isHiddenRoot ? place.hidden?.rootModified : nil
      var reverse = Plan.DirectoryChange(
        path: directory.path,
        inode: current.inode,
        modeBefore: current.mode,
        modeAfter: current.mode == directory.modeAfter ? directory.modeBefore : current.mode,
        modifiedBefore: modified ?? current.modified
      )
      // Where someone else worked in the directory since, its time is theirs.
      if reverse.modifiedBefore == directory.modifiedAfter {
        reverse.modifiedAfter = directory.modifiedBefore
      } else if isHiddenRoot {
        reverse.modifiedAfter = modified
      }
      let attributes = try ExtendedAttributes(
        of: [],
        in: cursor.directory(at: directory.path).file
      )
      reverse.attributesBefore = attributes
      reverse.attributesAfter =
        attributes == directory.attributesAfter ? directory.attributesBefore : attributes
      plan.directories.append(reverse)
    }
    return plan
  }

  /// Copies the old content back beside the workspace, where renames cannot bring it there.
  private func stage(
    _ plan: inout Plan,
    from backups: Directory,
    _ place: StagingPlace
  ) throws(WorkspaceError) {
    var copy = TreeCopy(.everything, from: backups, to: place.new, staged: true)
    for operation in plan.operations where operation.attributes == nil && operation.new != nil {
      let name = RelativePath(trusted: operation.name)
      try copy.copyTree(name, to: name, from: backups)
    }
    try copy.finish()
    for index in plan.operations.indices {
      let operation = plan.operations[index]
      guard operation.attributes == nil, let new = operation.new,
        let status = try place.new.file.status(of: operation.name)
      else { continue }
      plan.operations[index].new = Plan.Side(status, mode: new.mode)
    }
    try place.new.file.syncFileSystem()
  }
}
