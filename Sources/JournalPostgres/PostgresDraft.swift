import Journal

/// What a transaction is going to write: nothing is sent before all of its operations are decided.
///
/// So an operation that is refused is undone by putting the draft back, its neighbours stand, and the
/// head of the chain is locked for one trip to the server only.
struct PostgresDraft {
  struct Line {
    let row: WorkRow
    let assignment: String?
  }

  struct StepName: Hashable {
    let assignment: String
    let sequence: Int
  }

  private enum StepWrite {
    /// The last of each is the line that belongs to it.
    case insert(StepName, epoch: Int64, Int)
    case setAttempts(StepName, Int)
    case close(StepName, StepOutcome.Status, Int)
  }

  private(set) var lines: [Line] = []
  private var steps: [StepWrite] = []
  private var made: [(id: String, dedupe: String?)] = []
  private var changed: Set<String> = []
  private(set) var assignments: [String: Assignment] = [:]
  private(set) var stepStates: [StepName: WorkMachine.StepState] = [:]
  private(set) var approvals: [String: Approval] = [:]
  private var notices: [PostgresQuery] = []

  var isEmpty: Bool {
    lines.isEmpty && steps.isEmpty && made.isEmpty && changed.isEmpty && approvals.isEmpty
      && notices.isEmpty
  }

  func made(dedupe: String) -> Assignment? {
    made.first { $0.dedupe == dedupe }.flatMap { assignments[$0.id] }
  }

  @discardableResult
  mutating func append(_ row: WorkRow, of assignment: String?) -> Int {
    lines.append(Line(row: row, assignment: assignment))
    return lines.count - 1
  }

  mutating func insert(_ assignment: Assignment, dedupe: String?) {
    assignments[assignment.id] = assignment
    made.append((assignment.id, dedupe))
  }

  mutating func update(_ assignment: Assignment) {
    assignments[assignment.id] = assignment
    changed.insert(assignment.id)
  }

  mutating func insertStep(_ name: StepName, epoch: Int64, _ row: WorkRow) {
    steps.append(.insert(name, epoch: epoch, append(row, of: name.assignment)))
    stepStates[name] = WorkMachine.StepState(status: nil, attempts: 1)
  }

  mutating func repeatStep(_ name: StepName, attempts: Int, _ row: WorkRow) {
    append(row, of: name.assignment)
    steps.append(.setAttempts(name, attempts))
    stepStates[name] = WorkMachine.StepState(status: nil, attempts: attempts)
  }

  mutating func closeStep(
    _ name: StepName,
    _ state: WorkMachine.StepState,
    _ status: StepOutcome.Status,
    _ row: WorkRow
  ) {
    steps.append(.close(name, status, append(row, of: name.assignment)))
    stepStates[name] = WorkMachine.StepState(status: status, attempts: state.attempts)
  }

  mutating func put(_ approval: Approval) { approvals[approval.id] = approval }

  mutating func add(_ notice: PostgresQuery) { notices.append(notice) }

  /// The statements, where the first line is given the number after `head`; and the head after them.
  func queries(after head: Head, now: Int64) -> (queries: [PostgresQuery], head: Head) {
    var queries: [PostgresQuery] = []
    var tip = head
    for line in lines {
      let hash = ChainHash(
        sequence: tip.sequence + 1,
        previous: tip.hash,
        microseconds: now,
        run: line.assignment?.utf8,
        kind: line.row.kind.utf8,
        payload: line.row.payload.utf8
      )
      queries.append(
        PostgresQuery(
          """
          INSERT INTO entry (sequence, time, run, kind, payload, previous, hash)
          VALUES ($1, $2, $3, $4, $5, $6, $7)
          """,
          .int(tip.sequence + 1),
          .int(now),
          .text(line.assignment),
          .text(line.row.kind),
          .text(line.row.payload),
          .bytes(tip.hash.bytes),
          .bytes(hash.bytes)
        )
      )
      tip = Head(sequence: tip.sequence + 1, hash: hash)
    }
    var isNew: Set<String> = []
    for (id, dedupe) in made {
      guard let assignment = assignments[id] else { continue }
      queries.append(PostgresRows.insertion(assignment, dedupe: dedupe))
      isNew.insert(id)
    }
    for id in changed where !isNew.contains(id) {
      if let assignment = assignments[id] { queries.append(PostgresRows.update(assignment)) }
    }
    for step in steps { queries.append(query(step, first: head.sequence + 1)) }
    queries += approvals.values.map(PostgresRows.put)
    queries += notices
    return (queries, tip)
  }

  private func query(_ step: StepWrite, first: Int64) -> PostgresQuery {
    switch step {
    case .insert(let name, let epoch, let line):
      PostgresQuery(
        """
        INSERT INTO step (assignment, sequence, attempts, epoch, intent) VALUES ($1, $2, 1, $3, $4)
        """,
        .text(name.assignment),
        .int(Int64(name.sequence)),
        .int(epoch),
        .int(first + Int64(line))
      )
    case .setAttempts(let name, let attempts):
      PostgresQuery(
        "UPDATE step SET attempts = $3 WHERE assignment = $1 AND sequence = $2",
        .text(name.assignment),
        .int(Int64(name.sequence)),
        .int(Int64(attempts))
      )
    case .close(let name, let status, let line):
      PostgresQuery(
        "UPDATE step SET status = $3, outcome = $4 WHERE assignment = $1 AND sequence = $2",
        .text(name.assignment),
        .int(Int64(name.sequence)),
        .text(status.rawValue),
        .int(first + Int64(line))
      )
    }
  }
}
