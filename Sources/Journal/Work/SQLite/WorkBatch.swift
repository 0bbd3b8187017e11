import GRDB

/// Assignments inside one transaction of SQLite.
///
/// An operation looks before it writes: what it refuses it refuses before its first change, so that
/// its neighbours in the transaction stand.
struct WorkBatch {
  let database: Database
  let chain: LazyChain
  /// Microseconds since 1970.
  let now: Int64

  // MARK: Looking

  static let columns = """
    id, parent, text, settings, state, waiting, reason, created, changed, steps, recoveries, epoch,
    holder, lease_until, wake, stopping
    """

  static func assignment(_ row: GRDB.Row) throws -> Assignment {
    guard let id = String.fromDatabaseValue(row[0]),
      let state = String.fromDatabaseValue(row[4]).flatMap(Assignment.State.init)
    else { throw WorkError.invalid("an assignment on record cannot be read") }
    return Assignment(
      id: id,
      parent: row[1],
      text: row[2],
      settings: row[3],
      state: state,
      waiting: row[5],
      reason: row[6],
      created: row[7],
      changed: row[8],
      steps: row[9],
      recoveries: row[10],
      lease: LeaseRecord(
        epoch: row[11],
        holder: (row[12] as String?).flatMap { WorkerIdentity(text: $0) },
        until: row[13]
      ),
      wake: row[14],
      isAskedToStop: row[15]
    )
  }

  func find(_ id: String) throws -> Assignment? {
    let statement = try database.cachedStatement(
      sql: "SELECT \(Self.columns) FROM assignment WHERE id = ?"
    )
    return try GRDB.Row.fetchOne(statement, arguments: [id]).map(Self.assignment)
  }

  func get(_ id: String) throws -> Assignment {
    guard let found = try find(id) else { throw WorkError.unknownAssignment(id) }
    return found
  }

  func findByDedupe(_ key: String) throws -> Assignment? {
    let statement = try database.cachedStatement(
      sql: "SELECT \(Self.columns) FROM assignment WHERE dedupe = ?"
    )
    return try GRDB.Row.fetchOne(statement, arguments: [key]).map(Self.assignment)
  }

  func machine(_ assignment: Assignment) -> WorkMachine {
    WorkMachine(assignment, now: now) { [database] sequence in
      let statement = try database.cachedStatement(
        sql: "SELECT status, attempts FROM step WHERE assignment = ? AND sequence = ?"
      )
      let row = try GRDB.Row.fetchOne(statement, arguments: [assignment.id, sequence])
      return row.map { row in
        WorkMachine.StepState(
          status: (row[0] as String?).flatMap(StepOutcome.Status.init),
          attempts: row[1]
        )
      }
    }
  }

  // MARK: Writing

  /// Writes the assignment as it is now, and then what the machine gives, which may wake it.
  func save(_ machine: WorkMachine) throws {
    let id = machine.assignment.id
    try update(machine.assignment)
    for write in machine.writes { try perform(write, of: id) }
  }

  @discardableResult
  func append(_ row: WorkRow, _ run: String?) throws -> Int64 {
    try chain.append(try Entry(.work(row)), run: run, time: now)
  }

  func insert(_ assignment: Assignment, dedupe: String?) throws {
    try database.cachedStatement(
      sql: """
        INSERT INTO assignment (\(Self.columns), dedupe)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: Self.arguments(assignment) + [dedupe])
  }

  func update(_ assignment: Assignment) throws {
    try database.cachedStatement(
      sql: """
        UPDATE assignment SET state = ?, waiting = ?, reason = ?, changed = ?, steps = ?,
          recoveries = ?, epoch = ?, holder = ?, lease_until = ?, wake = ?, stopping = ?
        WHERE id = ?
        """
    ).execute(arguments: [
      assignment.state.rawValue, assignment.waiting, assignment.reason, assignment.changed,
      assignment.steps, assignment.recoveries, assignment.lease.epoch,
      assignment.lease.holder?.text, assignment.lease.until, assignment.wake,
      assignment.isAskedToStop, assignment.id,
    ])
  }

  private static func arguments(_ assignment: Assignment) -> StatementArguments {
    [
      assignment.id, assignment.parent, assignment.text, assignment.settings,
      assignment.state.rawValue, assignment.waiting, assignment.reason, assignment.created,
      assignment.changed, assignment.steps, assignment.recoveries, assignment.lease.epoch,
      assignment.lease.holder?.text, assignment.lease.until, assignment.wake,
      assignment.isAskedToStop,
    ]
  }

  private func perform(_ write: WorkMachine.Write, of id: String) throws {
    switch write {
    case .row(let row): try append(row, id)
    case .insertStep(let intent, let epoch, let row):
      let entry = try append(row, id)
      try database.cachedStatement(
        sql: """
          INSERT INTO step (assignment, sequence, attempts, epoch, intent) VALUES (?, ?, 1, ?, ?)
          """
      ).execute(arguments: [id, intent.sequence, epoch, entry])
    case .repeatStep(let sequence, let attempts, let row):
      try append(row, id)
      try database.cachedStatement(
        sql: "UPDATE step SET attempts = ? WHERE assignment = ? AND sequence = ?"
      ).execute(arguments: [attempts, id, sequence])
    case .closeStep(let sequence, let status, let row):
      let entry = try append(row, id)
      try database.cachedStatement(
        sql: "UPDATE step SET status = ?, outcome = ? WHERE assignment = ? AND sequence = ?"
      ).execute(arguments: [status.rawValue, entry, id, sequence])
    case .insertApproval(let approval, let row): try insert(approval, row)
    case .closeApproval(let approval, let state, let row):
      let isOpen = try approvalState(approval) == .pending
      if isOpen {
        try append(row, id)
        try setApproval(approval, state)
      }
    case .supersedeApprovals:
      let open = try String.fetchAll(
        database,
        sql: "SELECT id FROM approval WHERE assignment = ? AND state = 'pending'",
        arguments: [id]
      )
      for approval in open {
        try append(.closed(approval, as: .superseded), id)
        try setApproval(approval, .superseded)
      }
    case .insertNotice(let kind, let body, let dedupe):
      try database.cachedStatement(
        sql: """
          INSERT INTO notice (assignment, kind, body, dedupe, created, due, attempts)
          VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT (dedupe) DO NOTHING
          """
      ).execute(arguments: [id, kind, body, dedupe, now, now])
    case .insertAssignment(let child, let dedupe, let row):
      if let dedupe, try findByDedupe(dedupe) != nil { return }
      try append(row, child.id)
      try insert(child, dedupe: dedupe)
    case .wakeParent(let parent):
      if try isThere(WorkMachine.children, for: parent) {
        try wake(parent, for: WorkMachine.children)
      }
    case .lookAgain(let what):
      if try isThere(what, for: id) { try wake(id, for: what) }
    }
  }

  /// Whether nothing is to come of what an assignment waits for.
  private func isThere(_ what: String, for id: String) throws -> Bool {
    guard what == WorkMachine.children else {
      return try approvalState(what).map { $0 != .pending } ?? false
    }
    let children = try Bool.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT EXISTS (SELECT 1 FROM assignment
            WHERE parent = ? AND state IN ('queued', 'running', 'waiting'))
          """
      ),
      arguments: [id]
    )
    return children == false
  }

  func wake(_ id: String, for what: String) throws {
    guard let waiting = try find(id) else { return }
    var machine = machine(waiting)
    machine.wake(for: what)
    try save(machine)
  }
}
