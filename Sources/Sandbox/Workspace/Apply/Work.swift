internal import CLinux
internal import SystemPackage

/// One apply or undo from its plan to its end, whichever end that is.
struct Work {
  let verb: Transaction.Verb
  let generation: Generation
  let state: RunState
  let workspace: Directory

  private static let reserveName = Array("reserve".utf8)

  init(
    _ verb: Transaction.Verb,
    _ generation: Generation,
    _ state: RunState,
    workspace: Directory
  ) {
    self.verb = verb
    self.generation = generation
    self.state = state
    self.workspace = workspace
  }

  /// Keeps space free for what the commit itself writes: directory blocks and the outcome.
  ///
  /// It is given back just before it is needed, so that a disk that is about to be full says so
  /// while nothing has changed yet.
  func reserve(for plan: Plan) throws(WorkspaceError) {
    let names = plan.members.reduce(0) { $0 + $1.path.bytes.count + 48 }
    let size = UInt64(names + 8192 * min(plan.directories.count + 8, 4096))
    let file = try generation.directory.open(name: Self.reserveName, .replace)
    let result = cl_fs_allocate(file.descriptor, size)
    if result < 0, result != -95, result != -38 {
      throw .call("keep space free in", "\(state.record.layer)", result)
    }
  }

  /// Carries out the plan that was just written or was found; on trouble takes all of it back.
  func carryOut(_ plan: Plan, _ place: StagingPlace) throws(WorkspaceError) {
    try StateFile.remove(Self.reserveName, in: generation.directory)
    var transaction = Transaction(plan, in: place, workspace: workspace)
    do throws(WorkspaceError) {
      try transaction.goForward()
      switch verb {
      case .apply: try finishApply(plan)
      case .undo: try finishUndo(plan)
      }
    } catch {
      try generation.write([], .abort, of: verb)
      try takeBack(plan, place)
      if case .interference(let path, _) = error { throw .interference(path, restored: true) }
      throw error
    }
  }

  func takeBack(_ plan: Plan, _ place: StagingPlace) throws(WorkspaceError) {
    try StateFile.remove(Self.reserveName, in: generation.directory)
    var transaction = Transaction(plan, in: place, workspace: workspace)
    try transaction.goBack()
    let rescue = try rescue(transaction.rescued, place)
    let before = try restored(plan, sides: \.old, wasThere: \.wasThere)
    switch verb {
    case .apply: try state.remember(restored: before)
    case .undo: try recognise(before)
    }
    try generation.remove(.plan, of: verb)
    try generation.remove(.abort, of: verb)
    try forgetUnplanned()
    if let rescue { throw .rescued(transaction.rescued.map(\.path), at: rescue) }
  }

  /// Gives up work that failed before its first step, also where the plan had just been written.
  func forgetUndecided() throws(WorkspaceError) {
    try generation.remove(.plan, of: verb)
    try forgetUnplanned()
  }

  /// Removes every trace of work without a plan.
  func forgetUnplanned() throws(WorkspaceError) {
    if let hidden = try StagingPlace.hidden(verb, generation) {
      try remove(hidden, rootModified: hidden.rootModified)
    }
    try StateFile.remove(Self.reserveName, in: generation.directory)
    switch verb {
    case .apply:
      try generation.forget(in: state.directory)
      try state.clean(workspace: workspace)
    case .undo:
      try TreeRemoval.remove(Array("trash".utf8), in: generation.directory)
      try generation.remove(.intent, of: .undo)
    }
  }

  /// Removes the staging directory from the workspace and gives its root the time it should have.
  func remove(
    _ hidden: StagingPlace.Hidden,
    rootModified: Timestamp?
  ) throws(WorkspaceError) {
    try TreeRemoval.remove(hidden.name, in: workspace.file)
    if let rootModified { try workspace.file.setModified(rootModified) }
  }

  // MARK: Ends

  private func finishApply(_ plan: Plan) throws(WorkspaceError) {
    try generation.write(outcome(of: plan).encoded, .done, of: .apply)
    try tidyApplied(plan)
  }

  /// What an apply leaves behind once it is done; repeated after a crash.
  func tidyApplied(_ plan: Plan) throws(WorkspaceError) {
    if let hidden = try StagingPlace.hidden(.apply, generation) {
      let root = plan.directories.first { $0.path.isRoot }
      try remove(hidden, rootModified: root?.modifiedAfter)
    }
    try TreeRemoval.remove(Array("new".utf8), in: generation.directory)
    try generation.remove(.intent, of: .apply)
  }

  private func finishUndo(_ plan: Plan) throws(WorkspaceError) {
    try state.remember(restored: restored(plan, sides: \.new, wasThere: \.isThere))
    try generation.forget(in: state.directory)
    try state.clean(workspace: workspace)
  }

  /// How the workspace looks after the plan.
  ///
  /// What someone edited in between is recorded as something that never matches, so that no undo
  /// takes the edit for our own work.
  private func outcome(of plan: Plan) throws(WorkspaceError) -> Outcome {
    let edited = FileIdentity(inode: 0, changed: plan.seen, size: 0)
    let steps = Dictionary(plan.operations.map { ($0.path, $0) }) { $1 }
    var outcome = Outcome()
    var cursor = DirectoryCursor(root: workspace)
    for member in plan.members {
      guard member.isThere else {
        outcome.entries[member.path] = .some(nil)
        continue
      }
      let status = try cursor.status(of: member.path)
      var isOurs = false
      if let status {
        if let new = steps[member.path]?.new {
          isOurs = new.isSame(status)
        } else {
          isOurs = status.kind == .directory || status.changed < plan.sealed
        }
      }
      outcome.entries[member.path] = .some(isOurs ? status?.identity : edited)
    }
    for path in plan.directories.map(\.path) + plan.members.map(\.path) {
      if let status = try cursor.status(of: path), status.kind == .directory {
        outcome.directories[path] = mark(status)
      }
    }
    return outcome
  }

  /// After an undo that was taken back, what was applied lies where it did, with a new ctime.
  private func recognise(_ applied: Outcome) throws(WorkspaceError) {
    guard let bytes = try generation.read(.done, of: .apply) else { return }
    var outcome = try state.decode(bytes, "done")
    outcome.entries.merge(applied.entries) { $1 }
    outcome.directories.merge(applied.directories) { $1 }
    try generation.write(outcome.encoded, .done, of: .apply)
  }

  /// What was put back, and is as it was but for its ctime: it is no conflict for a later apply.
  private func restored(
    _ plan: Plan,
    sides: (Plan.Operation) -> Plan.Side?,
    wasThere: (Plan.Member) -> Bool
  ) throws(WorkspaceError) -> Outcome {
    let steps = Dictionary(plan.operations.map { ($0.path, $0) }) { $1 }
    var outcome = Outcome()
    var cursor = DirectoryCursor(root: workspace)
    for member in plan.members where wasThere(member) {
      guard let status = try cursor.status(of: member.path) else { continue }
      if status.kind == .directory {
        outcome.directories[member.path] = mark(status)
      } else if let step = steps[member.path] {
        if sides(step)?.isSame(status) == true {
          outcome.entries[member.path] = .some(status.identity)
        }
      } else if status.changed < plan.sealed {
        outcome.entries[member.path] = .some(status.identity)
      }
    }
    for directory in plan.directories {
      if let status = try cursor.status(of: directory.path) {
        outcome.directories[directory.path] = mark(status)
      }
    }
    return outcome
  }

  private func mark(_ status: FileStatus) -> AppliedState.DirectoryMark {
    AppliedState.DirectoryMark(inode: status.inode, modified: status.modified)
  }

  /// Brings old content that could not be put back to where its owner finds it.
  private func rescue(
    _ operations: [Plan.Operation],
    _ place: StagingPlace
  ) throws(WorkspaceError) -> FilePath? {
    if operations.isEmpty { return nil }
    let name = Array("rescued".utf8)
    if try state.directory.status(of: name) == nil { try state.directory.makeDirectory(name) }
    let target = Directory(try state.directory.open(name: name, [.read, .directory]))
    for operation in operations {
      let label = Array("\(generation.number)-\(verb.rawValue)-\(operation.number)".utf8)
      if place.hidden == nil {
        try place.old.file.rename(operation.name, to: target.file, as: label, .replacing)
      } else {
        var copy = TreeCopy(.everything, from: place.old, to: target, staged: false)
        try copy.copyTree(
          RelativePath(trusted: operation.name),
          to: RelativePath(trusted: label),
          from: place.old
        )
        try copy.finish()
      }
    }
    try target.file.syncFileSystem()
    return state.record.layer.appending("apply/rescued")
  }
}
