@testable import Journal

/// What is on the disk, as a value: it writes what ``WorkMachine`` gives, as a store does, and notes
/// the first thing that no store should ever be told to write.
///
/// Assignments lie in places: `a` to `d` are given by people, and each may have one child, four places
/// behind it.
struct SimulatedStore {
  struct Step {
    let intent: StepIntent
    var status: StepOutcome.Status?
    var attempts = 1
  }

  struct Record {
    var assignment: Assignment
    var steps: [Step] = []
    var approvals: [Approval] = []
  }

  struct Note {
    let dedupe: String
    var due: Int64?
    var deliveries = 0
  }

  static let tops = 4
  static let names = ["a", "b", "c", "d", "e", "f", "g", "h"]

  var now: Int64
  var notes: [Note] = []
  private(set) var records: [Record?] = Array(repeating: nil, count: 8)
  /// Places in the order in which a store looks at them: the oldest first.
  private(set) var order: [Int] = []
  private(set) var broken: String?
  /// Each call, to be made of a real store; nil where nobody asks.
  var log: [SimulatedCall.Entry]?
  private let mistake: SimulatedMistake?

  init(now: Int64, mistake: SimulatedMistake?) {
    self.now = now
    self.mistake = mistake
  }

  /// The place of an assignment, or of a question's.
  static func place(of id: String) -> Int {
    id.utf8.first.map { Int($0) - Int(UInt8(ascii: "a")) } ?? 0
  }

  // MARK: What people and workers call

  mutating func assign(_ new: NewAssignment) {
    insert(Record(assignment: WorkMachine.made(new, now: now)))
    note(.assign(new))
  }

  private mutating func insert(_ record: Record) {
    let place = Self.place(of: record.assignment.id)
    records[place] = record
    order.append(place)
    let created = records.map { $0?.assignment.created ?? 0 }
    order.sort { (created[$0], $0) < (created[$1], $1) }
  }

  mutating func note(_ call: SimulatedCall, isRefused: Bool = false) {
    guard log != nil else { return }
    log?.append(
      SimulatedCall.Entry(
        call: call,
        now: now,
        isRefused: isRefused,
        after: records.compactMap { $0?.assignment }
      )
    )
  }

  mutating func stop(_ place: Int) {
    guard var machine = machine(place) else { return }
    machine.stop(by: "user")
    save(machine, place)
    note(.stop(machine.assignment.id))
  }

  mutating func resume(_ place: Int) throws {
    guard var machine = machine(place) else { return }
    do {
      try machine.resume(by: "user")
    } catch {
      note(.resume(machine.assignment.id), isRefused: true)
      throw error
    }
    save(machine, place)
    note(.resume(machine.assignment.id))
  }

  mutating func answer(_ place: Int, _ number: Int, _ answer: ApprovalAnswer) throws {
    guard let approval = records[place]?.approvals[number] else { return }
    do {
      records[place]?.approvals[number] = try WorkMachine.answer(approval, answer, now: now)
    } catch {
      note(.answer(approval.id, answer), isRefused: true)
      throw error
    }
    wake(place, for: approval.id)
    note(.answer(approval.id, answer))
  }

  /// What `LeaseRule` said of it, beside the lease.
  mutating func take(
    _ place: Int,
    by worker: WorkerIdentity,
    for duration: Int64,
    sight: LeaseRule.Sight,
    largestRecoveries: Int
  ) -> (lease: Lease?, isParked: Bool) {
    guard var machine = machine(place) else { return (nil, false) }
    let lease = machine.take(
      by: worker,
      for: duration,
      sight: sight,
      largestRecoveries: largestRecoveries
    )
    guard !machine.writes.isEmpty else { return (nil, false) }
    save(machine, place)
    return (lease, lease == nil)
  }

  mutating func renew(_ lease: Lease, for duration: Int64) -> Bool {
    let place = Self.place(of: lease.assignment)
    guard var record = records[place], record.assignment.state == .running,
      record.assignment.lease.epoch == lease.epoch
    else {
      note(.renew(lease, for: duration), isRefused: true)
      return false
    }
    record.assignment.lease.until = now + duration
    records[place] = record
    note(.renew(lease, for: duration))
    return true
  }

  mutating func commit(_ changes: [WorkChange], under lease: Lease) throws {
    let place = Self.place(of: lease.assignment)
    guard var machine = machine(place), let record = records[place] else { return }
    let epoch = mistake == .oldLeasesWrite ? record.assignment.lease.epoch : lease.epoch
    do {
      try machine.apply(changes, epoch: epoch)
    } catch {
      note(.commit(changes, lease), isRefused: true)
      throw error
    }
    save(machine, place)
    note(.commit(changes, lease))
  }

  // MARK: Writing

  private func machine(_ place: Int) -> WorkMachine? {
    guard let record = records[place] else { return nil }
    let steps = record.steps
    let approvals = record.approvals
    let isBlind = mistake == .looksOnce
    let hasOpenChild = isChildOver(place) == false
    return WorkMachine(
      record.assignment,
      now: now,
      facts: WorkMachine.Facts(
        step: { sequence in
          guard steps.indices.contains(sequence - 1) else { return nil }
          let step = steps[sequence - 1]
          return WorkMachine.StepState(status: step.status, attempts: step.attempts)
        },
        approval: { id in
          let found = approvals.first { $0.id == id }
          // Who does not look again takes what was asked for not answered yet.
          return isBlind ? found?.closed(as: .pending) : found
        },
        hasOpenChild: { isBlind || hasOpenChild }
      )
    )
  }

  private mutating func save(_ machine: WorkMachine, _ place: Int) {
    records[place]?.assignment = machine.assignment
    for write in machine.writes { perform(write, place) }
  }

  private mutating func perform(_ write: WorkMachine.Write, _ place: Int) {
    switch write {
    case .row: break
    case .insertStep(let intent, let epoch, _):
      guard let record = records[place], intent.sequence == record.steps.count + 1,
        epoch == record.assignment.lease.epoch
      else { return fail("step \(intent.sequence) does not follow") }
      records[place]?.steps.append(Step(intent: intent))
    case .repeatStep(let sequence, let attempts, _):
      guard let step = records[place]?.steps[sequence - 1], step.status == nil,
        attempts == step.attempts + 1
      else { return fail("step \(sequence) is begun again, but is not open") }
      records[place]?.steps[sequence - 1].attempts = attempts
    case .closeStep(let sequence, let status, _):
      guard let step = records[place]?.steps[sequence - 1], step.status == nil else {
        return fail("step \(sequence) ends twice")
      }
      records[place]?.steps[sequence - 1].status = status
    case .putApproval(let approval, _): put(approval, place)
    case .supersedeApprovals: close(place, as: .superseded) { _ in true }
    case .insertNotice(_, _, let dedupe):
      if !notes.contains(where: { $0.dedupe == dedupe }) {
        notes.append(Note(dedupe: dedupe, due: now))
      }
    case .insertAssignment(let child, _, _):
      let own = Self.place(of: child.id)
      if records[own] == nil { insert(Record(assignment: child)) }
    case .wakeParent(let parent):
      let place = Self.place(of: parent)
      if isThere("children", place) { wake(place, for: "children") }
    }
  }

  private mutating func wake(_ place: Int, for what: String) {
    guard var machine = machine(place) else { return }
    machine.wake(for: what)
    save(machine, place)
  }

  /// Whether nothing is to come of what it waits for.
  func isThere(_ what: String, _ place: Int) -> Bool {
    if what == "children" { return isChildOver(place) ?? true }
    return records[place]?.approvals.first { $0.id == what }.map { $0.state != .pending } ?? false
  }

  func isChildOver(_ place: Int) -> Bool? {
    place < Self.tops ? records[place + Self.tops]?.assignment.state.isOver : nil
  }

  private mutating func put(_ approval: Approval, _ place: Int) {
    if let index = records[place]?.approvals.firstIndex(where: { $0.id == approval.id }) {
      records[place]?.approvals[index] = approval
    } else {
      records[place]?.approvals.append(approval)
    }
  }

  private mutating func close(
    _ place: Int,
    as state: Approval.State,
    where isMeant: (Approval) -> Bool
  ) {
    guard let approvals = records[place]?.approvals else { return }
    for (index, old) in approvals.enumerated() where old.state == .pending && isMeant(old) {
      records[place]?.approvals[index] = Approval(
        id: old.id,
        assignment: old.assignment,
        hash: old.hash,
        action: old.action,
        scope: old.scope,
        state: state,
        created: old.created,
        expires: old.expires
      )
    }
  }

  private mutating func fail(_ reason: String) {
    if broken == nil { broken = reason }
  }
}
