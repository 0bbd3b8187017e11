package import Journal
package import Policy

/// What a plan's steps come to: how far each part is, and what is to be done next. A function of what is on
/// record and of how the agents stand.
package struct PlanThread: Sendable {
  /// How an agent of the plan stands.
  package struct Standing: Sendable, Equatable {
    package var state: Assignment.State
    package var reason: String?

    package init(_ state: Assignment.State, reason: String? = nil) {
      self.state = state
      self.reason = reason
    }
  }

  /// What is to be done next.
  package enum Next: Sendable, Equatable {
    /// Make the plan's own branch.
    case start
    /// Settle what a worker that died has left open.
    case recover([StepRecord])
    /// Give a part to an agent, whose branch begins at this commit.
    case begin(String, at: String)
    case merge(String, child: String, settledBy: String?)
    /// Ask a person what becomes of a conflict.
    case ask(String, Conflict)
    /// Give a conflict to an agent.
    case settle(String, Conflict, advice: String?)
    /// Wait until one of these agents is over.
    case wait([String])
    case finish(Assignment.State, String)
  }

  /// Two branches that changed the same lines.
  package struct Conflict: Sendable, Equatable {
    package var child: String
    package var report: BranchReport
    /// Why whoever was to settle it has not; nil where nobody tried.
    package var complaint: String?
    /// How often somebody tried.
    package var attempts = 0
  }

  /// How far a part is.
  enum Stage: Equatable {
    case pending
    /// Its agent works.
    case working(String)
    /// Its agent is done, and its branch is to be merged.
    case finished(String)
    case conflict(Conflict)
    /// A person, or the plan, has it settled.
    case toSettle(Conflict, advice: String?)
    case settling(Conflict, by: String)
    /// Its conflict is settled, and what came of it is to be merged.
    case settled(Conflict, by: String)
    case done
    /// A person has left its branch out.
    case leftOut(String)
    /// Its agent came to no good end, or its branch cannot be merged.
    case broken(String)
  }

  package private(set) var next: Next = .start
  private(set) var stages: [String: Stage] = [:]
  private let plan: PlanDocument

  package init(
    _ plan: PlanDocument,
    _ records: [StepRecord],
    standing: (String) -> Standing?
  ) {
    self.plan = plan
    var reader = PlanReader()
    for record in records { reader.read(record) }
    for part in plan.parts {
      stages[part.name] = Self.stage(part, reader, plan.conflicts, standing)
    }
    next = Self.next(plan, stages, reader)
  }

  private static func stage(
    _ part: PlanDocument.Part,
    _ reader: PlanReader,
    _ conflicts: PlanDocument.Conflicts,
    _ standing: (String) -> Standing?
  ) -> Stage {
    guard let known = reader.parts[part.name], let child = known.child else { return .pending }
    guard let state = standing(child) else { return .broken("its agent \(child) is gone") }
    guard state.state.isOver else { return .working(child) }
    guard state.state == .done else {
      let why = state.reason.map { ": \($0)" } ?? ""
      return .broken("\(child) is \(state.state.rawValue)\(why)")
    }
    if known.isMerged || !part.merges { return .done }
    if let failure = known.failure { return .broken("\(child) cannot be merged: \(failure)") }
    guard let report = known.conflict else { return .finished(child) }
    if known.isLeftOut { return .leftOut(child) }
    // The branch has moved on since: that may be another conflict by now, or none.
    if known.settler == nil, report.head != reader.head { return .finished(child) }
    var conflict = Conflict(child: child, report: report)
    conflict.complaint = known.complaint
    conflict.attempts = known.attempts
    if let settler = known.settler {
      let at = standing(settler) ?? Standing(.failed, reason: "it is gone")
      if !at.state.isOver { return .settling(conflict, by: settler) }
      if at.state == .done { return .settled(conflict, by: settler) }
      conflict.complaint = "\(settler) is \(at.state.rawValue): \(at.reason ?? "")"
    } else if known.isApproved {
      return .toSettle(conflict, advice: known.advice)
    } else if case .agent = conflicts, known.attempts == 0 {
      return .toSettle(conflict, advice: nil)
    }
    return .conflict(conflict)
  }

  private static func next(
    _ plan: PlanDocument,
    _ stages: [String: Stage],
    _ reader: PlanReader
  ) -> Next {
    if !reader.open.isEmpty { return .recover(reader.open) }
    guard let head = reader.head else { return .start }
    let all = plan.parts.map { ($0, stages[$0.name] ?? .pending) }
    // While somebody settles a conflict with the branch as it is, it stays as it is.
    for (part, stage) in all {
      if case .settled(let conflict, let settler) = stage {
        return .merge(part.name, child: conflict.child, settledBy: settler)
      }
    }
    let isSettling = all.contains { _, stage in
      if case .settling = stage { return true }
      return false
    }
    if !isSettling {
      for (part, stage) in all {
        if case .finished(let child) = stage {
          return .merge(part.name, child: child, settledBy: nil)
        }
      }
    }
    let working = all.compactMap { _, stage -> String? in
      switch stage {
      case .working(let child): child
      case .settling(_, let settler): settler
      default: nil
      }
    }
    if working.count < plan.atOnce {
      if !isSettling {
        for (part, stage) in all {
          if case .toSettle(let conflict, let advice) = stage {
            return .settle(part.name, conflict, advice: advice)
          }
        }
      }
      let ready = all.first { part, stage in
        stage == .pending && part.after.allSatisfy { stages[$0] == .done }
      }
      if let (part, _) = ready { return .begin(part.name, at: head) }
    }
    if !working.isEmpty { return .wait(working) }
    // Nothing else can go on: a person is asked last, so that no work waits for the answer.
    for (part, stage) in all {
      if case .conflict(let conflict) = stage { return .ask(part.name, conflict) }
    }
    return finish(all)
  }

  private static func finish(_ all: [(PlanDocument.Part, Stage)]) -> Next {
    var lines: [String] = []
    var (broken, left, waiting) = (0, 0, 0)
    for (part, stage) in all {
      switch stage {
      case .done: lines.append("\(part.name): done\(part.merges ? "" : ", kept in its own run")")
      case .leftOut(let child):
        left += 1
        lines.append("\(part.name): left out; its work stays in run \(child)")
      case .broken(let why):
        broken += 1
        lines.append("\(part.name): \(why)")
      default:
        waiting += 1
        lines.append("\(part.name): not begun, since what it comes after is not done")
      }
    }
    let text = lines.joined(separator: "\n")
    if broken > 0 { return .finish(.parked, text) }
    return .finish(waiting > 0 ? .failed : .done, text)
  }
}
