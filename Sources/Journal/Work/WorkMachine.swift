/// One assignment inside one transaction: what a change makes of it, and what is to be written.
///
/// It decides, and touches nothing: a store reads the assignment, lets this apply what was asked, and
/// writes what it gives, in order. So both stores decide alike.
package struct WorkMachine {
  /// What is known of a step beside its texts.
  package struct StepState: Sendable, Equatable {
    package var status: StepOutcome.Status?
    package var attempts: Int

    package init(status: StepOutcome.Status?, attempts: Int) {
      self.status = status
      self.attempts = attempts
    }
  }

  /// What a store writes.
  package enum Write: Sendable, Equatable {
    case row(WorkRow)
    /// A new step; its row comes with it.
    case insertStep(StepIntent, epoch: Int64, WorkRow)
    /// An open step is begun once more, for the `attempts`th time.
    case repeatStep(Int, attempts: Int, WorkRow)
    case closeStep(Int, StepOutcome.Status, WorkRow)
    /// A question that is asked, or not asked any more.
    case putApproval(Approval, WorkRow)
    /// Each question of this assignment that waits, with a row for each.
    case supersedeApprovals
    case insertNotice(kind: String, body: String, dedupe: String)
    case insertAssignment(Assignment, dedupe: String?, WorkRow)
    /// Who waits for its children goes on, if none of them is under way any more.
    case wakeParent(String)
  }

  /// What an assignment waits for whose children work.
  package static let children = "children"

  /// What an assignment waits for that goes on as soon as one of these is over.
  package static func oneOf(_ assignments: [String]) -> String {
    oneOfPrefix + assignments.joined(separator: ",")
  }

  private static let oneOfPrefix = "one of "

  private static func assignments(in what: String) -> [String]? {
    guard what.hasPrefix(oneOfPrefix) else { return nil }
    return what.dropFirst(oneOfPrefix.count).split(separator: ",").map(String.init)
  }

  /// What the store has on record, asked for where a change depends on it.
  package struct Facts {
    /// A step of this assignment.
    package var step: (Int) throws -> StepState? = { _ in nil }
    package var approval: (String) throws -> Approval? = { _ in nil }
    package var assignment: (String) throws -> Assignment? = { _ in nil }
    package var assignmentByDedupe: (String) throws -> Assignment? = { _ in nil }
    /// Whether work below this assignment is not over.
    package var hasOpenChild: () throws -> Bool = { false }
  }

  package private(set) var assignment: Assignment
  package private(set) var writes: [Write] = []
  let before: Assignment
  private let now: Int64
  private let facts: Facts
  private var knownSteps: [Int: StepState] = [:]
  private var knownApprovals: [String: Approval] = [:]
  /// Work that was given in this transaction.
  private var spawned: [String: Assignment] = [:]
  private var spawnedKeys: Set<String> = []
  private var hasLetGo = false

  /// - Parameter now: microseconds since 1970, by the store's clock.
  package init(_ assignment: Assignment, now: Int64, facts: Facts = Facts()) {
    self.assignment = assignment
    before = assignment
    self.now = now
    self.facts = facts
  }

  /// Whether there is anything to write.
  package var hasChanged: Bool { !writes.isEmpty || assignment != before }

  // MARK: A worker

  /// Applies a worker's changes; throws before anything is to be written where one does not fit.
  package mutating func apply(_ changes: [WorkChange], epoch: Int64) throws {
    guard assignment.state == .running, assignment.lease.epoch == epoch else {
      throw WorkError.fenced(assignment.id)
    }
    for change in changes { try apply(change) }
    assignment.changed = now
  }

  private mutating func apply(_ change: WorkChange) throws {
    if hasLetGo {
      guard case .notify = change else {
        throw WorkError.invalid("\(change) comes after the assignment was let go")
      }
    }
    switch change {
    case .intent(let intent): try begin(intent)
    case .again(let sequence, let reason): try beginAgain(sequence, reason)
    case .outcome(let sequence, let outcome): try close(sequence, outcome)
    case .ask(let question): try ask(question)
    case .close(let number, let state): try closeApproval(number, as: state)
    // Who was asked to stop stops here: what waits would else wait on, the request unheard.
    case .wait where assignment.isAskedToStop, .letGo where assignment.isAskedToStop:
      end(.stopped, "stopped, as it was asked to")
    case .wait(let what, let wake): try wait(for: what, wake: wake)
    case .letGo:
      assignment.state = .queued
      assignment.wake = nil
      letGo()
    case .end(let state, let reason):
      guard state.isOver else { throw WorkError.invalid("\(state.rawValue) is no end") }
      try WorkText.check(reason)
      end(state, reason)
    case .notify(let kind, let body, let dedupe):
      try WorkText.check(kind, body, dedupe)
      writes.append(.insertNotice(kind: kind, body: body, dedupe: dedupe))
    case .spawn(let new): try spawn(new)
    }
  }

  private mutating func begin(_ intent: StepIntent) throws {
    guard assignment.steps < .max, intent.sequence == assignment.steps + 1 else {
      throw WorkError.conflict(
        "step \(intent.sequence) of \(assignment.id) cannot follow step \(assignment.steps)"
      )
    }
    try Self.check(intent)
    assignment.steps = intent.sequence
    knownSteps[intent.sequence] = StepState(status: nil, attempts: 1)
    let key = intent.key(in: assignment.id)
    let row = WorkRow.intent(intent, key: key)
    writes.append(.insertStep(intent, epoch: assignment.lease.epoch, row))
  }

  private mutating func beginAgain(_ sequence: Int, _ reason: String) throws {
    try WorkText.check(reason)
    var state = try open(sequence)
    if state.attempts < .max { state.attempts += 1 }
    knownSteps[sequence] = state
    let row = WorkRow.again(sequence, attempt: state.attempts, reason: reason)
    writes.append(.repeatStep(sequence, attempts: state.attempts, row))
  }

  private mutating func close(_ sequence: Int, _ outcome: StepOutcome) throws {
    try WorkText.check(outcome.body)
    var state = try open(sequence)
    state.status = outcome.status
    knownSteps[sequence] = state
    // Something came to its end: whatever killed workers before, it is not this assignment. What was
    // cut off or never happened is no such sign, else a step that kills each worker is never the last.
    switch outcome.status {
    case .done, .failed: assignment.recoveries = 0
    case .interrupted, .notHappened: break
    }
    writes.append(.closeStep(sequence, outcome.status, .outcome(sequence, outcome)))
  }

  private mutating func open(_ sequence: Int) throws -> StepState {
    guard let state = try knownSteps[sequence] ?? facts.step(sequence) else {
      throw WorkError.conflict("\(assignment.id) has no step \(sequence)")
    }
    guard state.status == nil else {
      throw WorkError.conflict("step \(sequence) of \(assignment.id) has ended already")
    }
    return state
  }

  /// Asks, once: the same question again changes nothing, unless it was set aside meanwhile. Another
  /// one under its number takes its place.
  private mutating func ask(_ question: NewApproval) throws {
    try Self.check(hash: question.hash)
    try WorkText.check(question.action)
    let approval = Approval(
      id: "\(assignment.id).\(question.number)",
      assignment: assignment.id,
      hash: question.hash,
      action: question.action,
      scope: question.scope,
      state: .pending,
      created: now,
      expires: question.expires
    )
    if let found = try self.approval(approval.id), found.state != .superseded {
      // An answer holds for what was shown and for nothing else.
      if found.hash == approval.hash { return }
      if found.state == .pending {
        writes.append(
          .putApproval(found.closed(as: .superseded), .closed(found.id, as: .superseded))
        )
      }
    }
    knownApprovals[approval.id] = approval
    writes.append(.putApproval(approval, .asked(approval)))
  }

  private mutating func closeApproval(_ number: Int, as state: Approval.State) throws {
    guard ![.pending, .approved, .denied].contains(state) else {
      throw WorkError.invalid("a worker does not answer what it asks")
    }
    let id = "\(assignment.id).\(number)"
    // An answer that came first stands.
    guard let found = try approval(id), found.state == .pending else { return }
    knownApprovals[id] = found.closed(as: state)
    writes.append(.putApproval(found.closed(as: state), .closed(id, as: state)))
  }

  private func approval(_ id: String) throws -> Approval? {
    try knownApprovals[id] ?? facts.approval(id)
  }

  // MARK: Letting go

  private mutating func wait(for what: String, wake: Int64?) throws {
    try WorkText.check(what)
    writes.append(.row(.waits(for: what, wake: wake)))
    letGo()
    // It may have come since the worker looked: then nobody would wake it any more.
    if try isThere(what) {
      assignment.state = .queued
      assignment.waiting = nil
      assignment.wake = nil
    } else {
      assignment.state = .waiting
      assignment.waiting = what
      assignment.wake = wake
    }
  }

  private func isThere(_ what: String) throws -> Bool {
    switch what {
    case "time": return false
    case Self.children:
      return try spawned.isEmpty && !facts.hasOpenChild()
    default:
      if let awaited = Self.assignments(in: what) {
        // One that was given in this transaction cannot be over.
        return try awaited.contains { id in
          guard spawned[id] == nil else { return false }
          return try facts.assignment(id)?.state.isOver ?? true
        }
      }
      return try approval(what).map { $0.state != .pending } ?? false
    }
  }

  private mutating func spawn(_ new: NewAssignment) throws {
    guard new.parent == assignment.id else {
      throw WorkError.invalid("an agent gives work to none but its own")
    }
    try new.check()
    if let dedupe = new.dedupe,
      try spawnedKeys.contains(dedupe) || facts.assignmentByDedupe(dedupe) != nil
    {
      return
    }
    guard spawned[new.id] == nil, try facts.assignment(new.id) == nil else {
      throw WorkError.conflict("there is an assignment \(new.id) already")
    }
    let child = Self.made(new, now: now)
    spawned[new.id] = child
    if let dedupe = new.dedupe { spawnedKeys.insert(dedupe) }
    writes.append(.insertAssignment(child, dedupe: new.dedupe, .assigned(child)))
  }

  private mutating func letGo() {
    hasLetGo = true
    assignment.lease.holder = nil
    assignment.lease.until = 0
  }

  private mutating func end(_ state: Assignment.State, _ reason: String?) {
    assignment.state = state
    assignment.reason = reason
    assignment.waiting = nil
    assignment.wake = nil
    assignment.isAskedToStop = false
    assignment.changed = now
    letGo()
    writes.append(.row(.ended(state, reason: reason)))
    // What was asked for its sake is asked no more; a stopped one asks again when it is resumed.
    writes.append(.supersedeApprovals)
    if let parent = assignment.parent { writes.append(.wakeParent(parent)) }
  }

  // MARK: The lease

  /// Takes the lease, or sets the assignment aside; false where neither may be.
  package mutating func take(
    by worker: WorkerIdentity,
    for duration: Int64,
    sight: LeaseRule.Sight,
    largestRecoveries: Int
  ) -> Lease? {
    let isDue =
      switch assignment.state {
      case .queued: assignment.wake.map { $0 <= now } ?? true
      case .waiting: assignment.wake.map { $0 <= now } ?? false
      default: false
      }
    let decision = LeaseRule.decide(
      state: assignment.state,
      isDue: isDue,
      lease: assignment.lease,
      recoveries: assignment.recoveries,
      sight: sight,
      now: now,
      largestRecoveries: largestRecoveries
    )
    switch decision {
    case .leave: return nil
    case .park:
      end(.parked, "\(assignment.recoveries) workers died of it without a step between")
      let body = #"{"reason":"workers died of it"}"#
      writes.append(
        .insertNotice(
          kind: "parked",
          body: body,
          dedupe: "parked:\(assignment.id):\(assignment.lease.epoch)"
        )
      )
      return nil
    case .take(let epoch, let isRecovery):
      let (until, isTooFar) = now.addingReportingOverflow(duration)
      assignment.lease = LeaseRecord(epoch: epoch, holder: worker, until: isTooFar ? .max : until)
      assignment.state = .running
      assignment.waiting = nil
      assignment.wake = nil
      assignment.reason = nil
      assignment.changed = now
      if isRecovery, assignment.recoveries < .max { assignment.recoveries += 1 }
      writes.append(.row(.taken(epoch, by: worker, isRecovery: isRecovery)))
      return Lease(assignment: assignment.id, epoch: epoch, isRecovery: isRecovery)
    }
  }

  // MARK: People

  package mutating func stop(by: String) {
    switch assignment.state {
    case .queued, .waiting: end(.stopped, "stopped by \(by)")
    case .running where !assignment.isAskedToStop:
      assignment.isAskedToStop = true
      assignment.changed = now
      writes.append(.row(.askedToStop(by: by)))
    case .running, .done, .failed, .stopped, .parked: break
    }
  }

  package mutating func resume(by: String) throws {
    switch assignment.state {
    case .stopped, .parked, .failed: break
    case .done:
      throw WorkError.conflict("\(assignment.id) is done; give new work with: caisson assign")
    case .queued, .running, .waiting:
      throw WorkError.conflict(
        "\(assignment.id) is \(assignment.state.rawValue): it goes on by itself"
      )
    }
    assignment.state = .queued
    assignment.reason = nil
    assignment.recoveries = 0
    assignment.isAskedToStop = false
    assignment.changed = now
    writes.append(.row(.resumed(by: by)))
  }

  /// Something that it waits for is there.
  package mutating func wake(for what: String) {
    guard assignment.state == .waiting, let waiting = assignment.waiting,
      waiting == what || Self.assignments(in: waiting)?.contains(what) == true
    else { return }
    assignment.state = .queued
    assignment.waiting = nil
    assignment.wake = nil
    assignment.changed = now
  }

  /// What becomes of a question that a person answers.
  package static func answer(
    _ approval: Approval,
    _ answer: ApprovalAnswer,
    now: Int64
  ) throws -> Approval {
    guard approval.state == .pending else {
      throw WorkError.conflict("the question \(approval.id) is \(approval.state.rawValue) already")
    }
    if let expires = approval.expires, expires <= now {
      throw WorkError.conflict("the question \(approval.id) has expired")
    }
    guard answer.hash == approval.hash else {
      throw WorkError.conflict(
        "the question \(approval.id) asks for something else than what was shown; look again with: "
          + "caisson show \(approval.assignment)"
      )
    }
    let widths: [Approval.Scope] = [.once, .session, .always]
    guard let asked = widths.firstIndex(of: approval.scope),
      let given = widths.firstIndex(of: answer.scope), given <= asked || !answer.isApproved
    else {
      throw WorkError.conflict(
        "the question \(approval.id) may be approved '\(approval.scope.rawValue)' at most"
      )
    }
    return Approval(
      id: approval.id,
      assignment: approval.assignment,
      hash: approval.hash,
      action: approval.action,
      scope: approval.scope,
      state: answer.isApproved ? .approved : .denied,
      created: approval.created,
      expires: approval.expires,
      answeredBy: answer.by,
      answeredAt: now,
      comment: answer.comment,
      given: answer.scope
    )
  }

  // MARK: Parts

  /// A new assignment as it stands in the store.
  package static func made(_ new: NewAssignment, now: Int64) -> Assignment {
    Assignment(
      id: new.id,
      parent: new.parent,
      text: new.text,
      settings: new.settings,
      state: .queued,
      waiting: nil,
      reason: nil,
      created: now,
      changed: now,
      steps: 0,
      recoveries: 0,
      lease: LeaseRecord(),
      wake: new.start,
      isAskedToStop: false
    )
  }

  /// Names stand unescaped in rows and keys.
  private static func check(_ intent: StepIntent) throws {
    let isName = intent.kind.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: ":"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard isName, (1...128).contains(intent.kind.utf8.count) else {
      throw WorkError.invalid("'\(intent.kind)' is no name of a kind of step")
    }
    try check(hash: intent.hash)
    try WorkText.check(intent.body)
  }

  private static func check(hash: String) throws {
    guard ChainHash(hexadecimal: hash) != nil else {
      throw WorkError.invalid("'\(hash)' is no SHA-256 in hexadecimal")
    }
  }
}
