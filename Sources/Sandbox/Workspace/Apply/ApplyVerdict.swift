/// What the policy says about applying one path.
package enum ApplyVerdict: Hashable, Sendable {
  case allow
  /// Held back until someone consents; by which rule, and what else would allow it.
  case hold(rule: String, remedy: String?)
  /// Refused whatever anyone consents to.
  case deny(rule: String, remedy: String?)
}

/// Which of a run's changes an apply takes, and why it leaves the others.
package struct ApplySelection: Sendable {
  package struct Left: Sendable {
    package let change: Change
    package let reason: Reason
  }

  package enum Reason: Hashable, Sendable {
    case held(rule: String, remedy: String?)
    case denied(rule: String, remedy: String?)
    case unsupported(Change.Unsupported)
    /// It cannot be applied without this one, which is left.
    case dependsOn(RelativePath)
  }

  package private(set) var chosen: [Change] = []
  package private(set) var left: [Left] = []
  package private(set) var conflicts: [(path: RelativePath, conflict: Change.Conflict)] = []

  package init() {}

  package struct Options: Sendable {
    /// Only the changes at or beneath these; all where empty.
    package var paths: [RelativePath] = []
    /// Held paths that were consented to, with what lies beneath them.
    package var accepted: [RelativePath] = []
    package var acceptsAllHeld = false

    package init(
      paths: [RelativePath] = [],
      accepted: [RelativePath] = [],
      acceptsAllHeld: Bool = false
    ) {
      self.paths = paths
      self.accepted = accepted
      self.acceptsAllHeld = acceptsAllHeld
    }

    func accepts(_ path: RelativePath) -> Bool {
      acceptsAllHeld || accepted.contains { path.isWithin($0) }
    }

    func wants(_ path: RelativePath) -> Bool {
      paths.isEmpty || paths.contains { path.isWithin($0) }
    }
  }

  package init(
    from set: ChangeSet,
    _ options: Options,
    judge: (Change) -> ApplyVerdict
  ) throws(WorkspaceError) {
    for path in options.paths + options.accepted
    where !set.changes.contains(where: { $0.path.isWithin(path) }) {
      throw .noSuchChange(path)
    }
    var states: [State] = []
    states.reserveCapacity(set.changes.count)
    for change in set.changes {
      states.append(Self.state(of: change, options, judge))
    }
    Self.addCreatedParents(set.changes, options, judge, &states)
    Self.leaveOrphans(set.changes, &states)
    Self.keepFullDirectories(set.changes, &states)
    for (change, state) in zip(set.changes, states) {
      switch state {
      case .chosen:
        if case .conflict(let conflict) = change.obstacle {
          conflicts.append((change.path, conflict))
        }
        chosen.append(change)
      case .left(let reason): left.append(Left(change: change, reason: reason))
      case .unwanted: break
      }
    }
  }

  private enum State { case chosen, unwanted, left(Reason) }

  private static func state(
    of change: Change,
    _ options: Options,
    _ judge: (Change) -> ApplyVerdict
  ) -> State {
    options.wants(change.path) ? judged(change, options, judge) : .unwanted
  }

  private static func judged(
    _ change: Change,
    _ options: Options,
    _ judge: (Change) -> ApplyVerdict
  ) -> State {
    if case .unsupported(let reason) = change.obstacle { return .left(.unsupported(reason)) }
    switch judge(change) {
    case .allow: return .chosen
    case .hold(let rule, let remedy):
      return options.accepts(change.path) ? .chosen : .left(.held(rule: rule, remedy: remedy))
    case .deny(let rule, let remedy): return .left(.denied(rule: rule, remedy: remedy))
    }
  }

  /// A named path takes along the new directories that it lies in.
  private static func addCreatedParents(
    _ changes: [Change],
    _ options: Options,
    _ judge: (Change) -> ApplyVerdict,
    _ states: inout [State]
  ) {
    if options.paths.isEmpty { return }
    for (index, change) in changes.enumerated() where change.createsDirectory {
      guard case .unwanted = states[index],
        options.paths.contains(where: { $0.isWithin(change.path) })
      else { continue }
      states[index] = judged(change, options, judge)
    }
  }

  /// What lies in a new directory that is left is left too.
  private static func leaveOrphans(_ changes: [Change], _ states: inout [State]) {
    var leftDirectory: RelativePath?
    for (index, change) in changes.enumerated() {
      if let left = leftDirectory, change.path.isWithin(left) {
        if case .chosen = states[index] { states[index] = .left(.dependsOn(left)) }
        continue
      }
      leftDirectory = nil
      if change.createsDirectory {
        if case .chosen = states[index] { continue }
        leftDirectory = change.path
      }
    }
  }

  /// A directory that goes away must be empty: where anything in it is left, it is left too.
  private static func keepFullDirectories(_ changes: [Change], _ states: inout [State]) {
    var kept: [RelativePath: RelativePath] = [:]
    for index in changes.indices.reversed() {
      let change = changes[index]
      if let occupant = kept[change.path], change.removesDirectory {
        if case .chosen = states[index] { states[index] = .left(.dependsOn(occupant)) }
      }
      guard change.before != nil, change.after == nil || change.removesDirectory,
        let parent = change.path.parent
      else { continue }
      if case .chosen = states[index] { continue }
      kept[parent] = kept[change.path] ?? change.path
    }
  }
}

extension Change {
  /// Whether applying it makes a directory that was not there.
  var createsDirectory: Bool { after?.kind == .directory && before?.kind != .directory }
  /// Whether applying it takes a directory away.
  var removesDirectory: Bool { before?.kind == .directory && after?.kind != .directory }
}
