internal import Glibc
internal import SystemPackage

/// Takes a branch into the user's repository, and puts it back: each step is one that git does as a
/// whole, and each of them can be looked for afterwards, so that what was interrupted is finished.
package struct BranchTransaction {
  package let workspace: BranchWorkspace
  package let delivery: BranchDelivery
  private var record: BranchRecord { workspace.record }
  private var reference: String { record.reference }

  package init(_ workspace: BranchWorkspace, environment: [String: String]) throws(GitError) {
    self.workspace = workspace
    delivery = try BranchDelivery(to: workspace.record.root, environment: environment)
  }

  /// What an interrupted command came to.
  package enum Recovery: Hashable, Sendable {
    case finished(BranchState), takenBack(BranchState)
  }

  // MARK: - Apply

  /// Whether the branch can be made, or moved on, and from which value.
  package func former(for tip: ObjectName, after state: BranchState?) throws -> ObjectName? {
    if let place = try delivery.workTree(of: reference) {
      throw GitError.unfit(
        "\(record.branch) is checked out in \(place); switch to another branch there first"
      )
    }
    guard let former = try delivery.value(of: reference) else { return nil }
    let isOurs = state.map { $0.phase == .applied && $0.tip == former } ?? false
    guard isOurs || former == tip else {
      throw GitError.unfit(
        "\(record.root) has a branch \(record.branch) at \(former.short) that this run did not put "
          + "there; rename it: git branch -m \(record.branch) OTHER"
      )
    }
    return former
  }

  /// Plans the merge into the branch that the user works on.
  package func planMerge(_ intake: BranchIntake) throws -> (
    BranchState.Merge?, [BranchMerge.Conflict]
  ) {
    guard let current = try delivery.currentBranch(), let head = try delivery.value(of: "HEAD")
    else {
      throw GitError.unfit(
        "HEAD of \(record.root) is on no branch; switch to one, or apply without --merge"
      )
    }
    if let obstacle = try delivery.obstacle() { throw GitError.unfit(obstacle) }
    switch try intake.merge(onto: head) {
    case .conflicts(let conflicts): return (nil, conflicts)
    case .merged(let target):
      let paths = try RawDifference.parse(intake.difference(head, target)).map(\.path)
      if let path = try delivery.filtered(paths) {
        throw GitError.unfit(
          "\(path.display) passes through a filter, which Caisson does not run; apply without "
            + "--merge, and merge with git"
        )
      }
      return (BranchState.Merge(reference: current, from: head, to: target), [])
    }
  }

  /// Takes what the state says from the intake. The state is written already.
  package func apply(_ state: BranchState, from intake: BranchIntake) throws -> BranchState {
    let lock = try WorkTreeLock(record.root)
    defer { withExtendedLifetime(lock) {} }
    var names = [record.reference]
    if let merge = state.merge {
      try intake.point("refs/caisson/merge", to: merge.to)
      names.append("refs/caisson/merge")
    }
    try delivery.fetch(names, from: intake.directory)
    return try finishApply(state)
  }

  private func finishApply(_ state: BranchState) throws -> BranchState {
    if try delivery.value(of: reference) != state.tip {
      try delivery.move(
        reference,
        from: state.former,
        to: state.tip,
        because: "apply \(record.run)"
      )
    }
    if let merge = state.merge {
      try delivery.checkOut(from: merge.from, to: merge.to)
      try delivery.move("HEAD", from: merge.from, to: merge.to, because: "merge \(record.branch)")
    }
    var done = state
    done.phase = .applied
    try done.write(in: workspace.directory)
    return done
  }

  // MARK: - Undo

  /// Puts the user's repository back as it was before the branch was taken.
  package func undo(_ state: BranchState, willCommit: () throws -> Void) throws -> BranchState {
    let lock = try WorkTreeLock(record.root)
    defer { withExtendedLifetime(lock) {} }
    if let merge = state.merge {
      guard try delivery.currentBranch() == merge.reference,
        try delivery.value(of: "HEAD") == merge.to
      else {
        throw GitError.unfit(
          "\(merge.reference.shortBranch) of \(record.root) is no longer at the merge "
            + "\(merge.to.short), so that nothing is undone; take it back with git revert"
        )
      }
      if let obstacle = try delivery.obstacle() {
        throw GitError.unfit("nothing is undone: \(obstacle)")
      }
    }
    let current = try delivery.value(of: reference)
    guard current == state.tip || current == nil else {
      throw GitError.unfit(
        "\(record.branch) of \(record.root) was moved on since it was applied, so that nothing is "
          + "undone; delete it with git branch -D if it is not needed"
      )
    }
    if let place = try delivery.workTree(of: reference) {
      throw GitError.unfit(
        "\(record.branch) is checked out in \(place), so that nothing is undone; switch to another "
          + "branch there first"
      )
    }
    var undoing = state
    undoing.phase = .undoing
    try willCommit()
    try undoing.write(in: workspace.directory)
    return try finishUndo(undoing)
  }

  private func finishUndo(_ state: BranchState) throws -> BranchState {
    if let merge = state.merge, try delivery.value(of: "HEAD") == merge.to {
      try delivery.checkOut(from: merge.to, to: merge.from)
      try delivery.move("HEAD", from: merge.to, to: merge.from, because: "undo \(record.run)")
    }
    if try delivery.value(of: reference) == state.tip {
      if state.original == nil {
        try delivery.delete(reference, from: state.tip)
      } else if let original = state.original, original != state.tip {
        try delivery.move(reference, from: state.tip, to: original, because: "undo \(record.run)")
      }
    }
    var done = state
    done.phase = .undone
    try done.write(in: workspace.directory)
    return done
  }

  // MARK: - Recovery

  /// Finishes, or takes back, what was interrupted.
  package func recover() throws -> Recovery? {
    guard let state = try BranchState.read(in: workspace.directory) else { return nil }
    let lock = try WorkTreeLock(record.root)
    defer { withExtendedLifetime(lock) {} }
    switch state.phase {
    case .applied, .undone: return nil
    case .undoing:
      if let merge = state.merge, try delivery.value(of: "HEAD") == merge.to {
        try settle(from: merge.to, to: merge.from)
      }
      return .finished(try finishUndo(state))
    case .applying:
      // Its objects came before the branch was moved.
      let hasMerge = try state.merge.map { try delivery.has($0.to) } ?? true
      let isThere = try delivery.value(of: reference) == state.tip && hasMerge
      if !isThere || (state.merge == nil && state.former == state.tip) {
        // Only objects came, if anything.
        var back = state
        back.phase = .undone
        try back.write(in: workspace.directory)
        return isThere ? .finished(try finishApply(state)) : .takenBack(back)
      }
      if let merge = state.merge {
        let head = try delivery.value(of: "HEAD")
        if head == merge.to {
          var done = state
          done.phase = .applied
          try done.write(in: workspace.directory)
          return .finished(done)
        }
        guard head == merge.from, try delivery.currentBranch() == merge.reference else {
          throw GitError.unfit(
            "the merge of \(record.branch) was interrupted, and HEAD of \(record.root) has moved since; "
              + "bring it back to \(merge.from.short), or drop the run's state with caisson discard"
          )
        }
        try settle(from: merge.from, to: merge.to)
      }
      return .finished(try finishApply(state))
    }
  }

  /// Brings paths that a killed checkout may have written back to how they were, so that it can be done
  /// again. The work tree was clean before; what is neither of the two commits' was edited since.
  private func settle(from old: ObjectName, to new: ObjectName) throws {
    if access("\(delivery.repository.directory)/index.lock", F_OK) == 0 {
      throw GitError.unfit(
        "git works in \(record.root) or was interrupted there; when no git runs, remove "
          + "\(delivery.repository.directory)/index.lock and try again"
      )
    }
    try BranchSettling(delivery).run(from: old, to: new)
  }
}

extension String {
  /// `refs/heads/main` as people call it.
  package var shortBranch: String { hasPrefix("refs/heads/") ? String(dropFirst(11)) : self }
}
