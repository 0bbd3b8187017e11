/// Assignments inside one transaction of a store: what is found stays as it is until the end, and what
/// is written is there for everyone then, all of it or nothing.
///
/// A store gives these few ways to look and to write; what is done with them stands below, once, so
/// that all stores do alike. An operation looks before it writes: what it refuses it refuses before its
/// first change, so that its neighbours in the transaction stand.
package protocol WorkTransaction {
  /// The moment of the transaction by the store's clock; microseconds since 1970.
  var now: Int64 { get }

  func find(_ id: String) throws -> Assignment?
  func find(dedupe: String) throws -> Assignment?
  func step(_ sequence: Int, of assignment: String) throws -> WorkMachine.StepState?
  func approval(_ id: String) throws -> Approval?
  func pendingApprovals(of assignment: String) throws -> [Approval]
  func hasOpenChild(_ assignment: String) throws -> Bool
  /// What it tells of; nil where it is delivered or given up.
  func openNotice(_ id: Int64) throws -> (assignment: String?, kind: String)?
  func dueSchedules() throws -> [Schedule]

  func append(_ row: WorkRow, of assignment: String?) throws
  func insert(_ assignment: Assignment, dedupe: String?) throws
  /// - Parameter before: what ``find(_:)`` gave.
  func update(_ assignment: Assignment, from before: Assignment) throws
  func insertStep(_ sequence: Int, of assignment: String, epoch: Int64, _ row: WorkRow) throws
  func repeatStep(_ sequence: Int, of assignment: String, attempts: Int, _ row: WorkRow) throws
  func closeStep(
    _ sequence: Int,
    of assignment: String,
    _ status: StepOutcome.Status,
    _ row: WorkRow
  ) throws
  /// In place of what had its id.
  func put(_ approval: Approval) throws
  /// Unless there is one with this dedupe key.
  func insertNotice(kind: String, body: String, dedupe: String, of assignment: String) throws
  func setNotice(_ id: Int64, due: Int64?, receipt: String) throws
  func setSchedule(_ id: String, due: Int64?) throws
}

// MARK: - Of people

extension WorkTransaction {
  func get(_ id: String) throws -> Assignment {
    guard let found = try find(id) else { throw WorkError.unknownAssignment(id) }
    return found
  }

  package func assign(_ new: NewAssignment) throws -> Assignment {
    try new.check()
    if let dedupe = new.dedupe, let found = try find(dedupe: dedupe) { return found }
    try requireUnused(new.id)
    let made = WorkMachine.made(new, now: now)
    try append(.assigned(made), of: made.id)
    try insert(made, dedupe: new.dedupe)
    return made
  }

  package func stop(_ id: String, by: String) throws -> Assignment {
    try WorkText.check(by)
    var machine = machine(try get(id))
    machine.stop(by: by)
    try save(machine)
    return machine.assignment
  }

  package func resume(_ id: String, by: String) throws -> Assignment {
    try WorkText.check(by)
    var machine = machine(try get(id))
    try machine.resume(by: by)
    try save(machine)
    return machine.assignment
  }

  /// Answers, and wakes whoever waits for it.
  package func answer(_ id: String, _ answer: ApprovalAnswer) throws -> Approval {
    try WorkText.check(answer.by, answer.comment)
    guard let found = try approval(id) else { throw WorkError.unknownApproval(id) }
    let answered = try WorkMachine.answer(found, answer, now: now)
    try append(.answered(id, answer), of: answered.assignment)
    try put(answered)
    try wake(answered.assignment, for: id)
    return answered
  }

  /// Gives what is due, each moment once. `names` are for as many assignments at most.
  package func fire(names: [String]) throws -> [Assignment] {
    let due = Array(zip(try dueSchedules(), names))
    let dedupes = due.map { "schedule:\($0.0.id):\($0.0.due ?? 0)" }
    let isGiven = try dedupes.map { try find(dedupe: $0) != nil }
    guard Set(names).count == names.count else {
      throw WorkError.conflict("two assignments cannot have one name")
    }
    for (index, (_, name)) in due.enumerated() where !isGiven[index] { try requireUnused(name) }
    var given: [Assignment] = []
    for (index, (schedule, name)) in due.enumerated() {
      try setSchedule(schedule.id, due: schedule.next(after: now))
      if isGiven[index] { continue }
      let new = NewAssignment(id: name, text: schedule.text, settings: schedule.settings)
      let made = WorkMachine.made(new, now: now)
      try append(.assigned(made), of: made.id)
      try insert(made, dedupe: dedupes[index])
      given.append(made)
    }
    return given
  }

  private func requireUnused(_ id: String) throws {
    guard try find(id) == nil else {
      throw WorkError.conflict("there is an assignment \(id) already")
    }
  }
}

// MARK: - Of workers

extension WorkTransaction {
  /// Takes what may be taken of `candidates`, up to the request's limit.
  package func take(_ request: LeaseRequest, among candidates: [Assignment]) throws -> [Lease] {
    var leases: [Lease] = []
    for found in candidates {
      guard leases.count < request.limit else { break }
      var machine = machine(found)
      let lease = machine.take(for: request)
      if machine.writes.isEmpty { continue }
      try save(machine)
      if let lease { leases.append(lease) }
    }
    return leases
  }

  /// Whether each lease is still held, and asked to stop; those that are, for longer.
  package func renew(_ leases: [Lease], for duration: Int64) throws -> [LeaseStatus] {
    let (until, isTooFar) = now.addingReportingOverflow(duration)
    return try leases.map { lease in
      guard let found = try find(lease.assignment), found.state == .running,
        found.lease.epoch == lease.epoch
      else { return .lost }
      var held = found
      held.lease.until = isTooFar ? .max : until
      try update(held, from: found)
      return .held(isAskedToStop: held.isAskedToStop)
    }
  }

  package func commit(_ changes: [WorkChange], under lease: Lease) throws {
    var machine = machine(try get(lease.assignment))
    try machine.apply(changes, epoch: lease.epoch)
    try save(machine)
  }

  package func take(_ receipt: NoticeReceipt, for id: Int64) throws {
    let due: Int64?
    let text: String
    switch receipt {
    case .delivered(let said): (due, text) = (nil, "delivered: \(said)")
    case .givenUp(let why): (due, text) = (nil, "given up: \(why)")
    case .failed(let why, let retryAt): (due, text) = (retryAt, "failed: \(why)")
    }
    try WorkText.check(text)
    // Delivered by another meanwhile.
    guard let found = try openNotice(id) else { return }
    try append(.notified(id, kind: found.kind, receipt: text), of: found.assignment)
    try setNotice(id, due: due, receipt: text)
  }
}

// MARK: - Of both

extension WorkTransaction {
  func machine(_ assignment: Assignment) -> WorkMachine {
    WorkMachine(
      assignment,
      now: now,
      facts: WorkMachine.Facts(
        step: { try step($0, of: assignment.id) },
        approval: { try approval($0) },
        assignment: { try find($0) },
        assignmentByDedupe: { try find(dedupe: $0) },
        hasOpenChild: { try hasOpenChild(assignment.id) }
      )
    )
  }

  /// Writes the assignment as it is now, and then what the machine gives: whoever that wakes sees it
  /// so.
  func save(_ machine: WorkMachine) throws {
    guard machine.hasChanged else { return }
    let id = machine.assignment.id
    try update(machine.assignment, from: machine.before)
    for write in machine.writes { try perform(write, of: id) }
  }

  private func perform(_ write: WorkMachine.Write, of id: String) throws {
    switch write {
    case .row(let row): try append(row, of: id)
    case .insertStep(let intent, let epoch, let row):
      try insertStep(intent.sequence, of: id, epoch: epoch, row)
    case .repeatStep(let sequence, let attempts, let row):
      try repeatStep(sequence, of: id, attempts: attempts, row)
    case .closeStep(let sequence, let status, let row):
      try closeStep(sequence, of: id, status, row)
    case .putApproval(let approval, let row):
      try append(row, of: id)
      try put(approval)
    case .supersedeApprovals:
      for approval in try pendingApprovals(of: id) {
        try append(.closed(approval.id, as: .superseded), of: id)
        try put(approval.closed(as: .superseded))
      }
    case .insertNotice(let kind, let body, let dedupe):
      try insertNotice(kind: kind, body: body, dedupe: dedupe, of: id)
    case .insertAssignment(let child, let dedupe, let row):
      try append(row, of: child.id)
      try insert(child, dedupe: dedupe)
    case .wakeParent(let parent):
      if try !hasOpenChild(parent) { try wake(parent, for: WorkMachine.children) }
      try wake(parent, for: id)
    }
  }

  private func wake(_ id: String, for what: String) throws {
    guard let waiting = try find(id) else { return }
    var machine = machine(waiting)
    machine.wake(for: what)
    try save(machine)
  }
}
