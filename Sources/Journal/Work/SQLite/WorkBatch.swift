import GRDB

/// Assignments inside one transaction of SQLite.
struct WorkBatch: WorkTransaction {
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

  func find(dedupe: String) throws -> Assignment? {
    let statement = try database.cachedStatement(
      sql: "SELECT \(Self.columns) FROM assignment WHERE dedupe = ?"
    )
    return try GRDB.Row.fetchOne(statement, arguments: [dedupe]).map(Self.assignment)
  }

  func hasOpenChild(_ assignment: String) throws -> Bool {
    let statement = try database.cachedStatement(
      sql: """
        SELECT EXISTS (
          SELECT 1 FROM assignment
          WHERE parent = ? AND state IN ('queued', 'running', 'waiting')
        )
        """
    )
    return try Bool.fetchOne(statement, arguments: [assignment]) ?? false
  }

  func step(_ sequence: Int, of assignment: String) throws -> WorkMachine.StepState? {
    let statement = try database.cachedStatement(
      sql: "SELECT status, attempts FROM step WHERE assignment = ? AND sequence = ?"
    )
    let row = try GRDB.Row.fetchOne(statement, arguments: [assignment, sequence])
    return row.map { row in
      WorkMachine.StepState(
        status: (row[0] as String?).flatMap(StepOutcome.Status.init),
        attempts: row[1]
      )
    }
  }

  // MARK: Writing

  func append(_ row: WorkRow, of assignment: String?) throws {
    try enter(row, of: assignment)
  }

  /// The row's number.
  @discardableResult
  private func enter(_ row: WorkRow, of assignment: String?) throws -> Int64 {
    try chain.append(try Entry(.work(row)), run: assignment, time: now)
  }

  func insert(_ assignment: Assignment, dedupe: String?) throws {
    try database.cachedStatement(
      sql: """
        INSERT INTO assignment (\(Self.columns), dedupe)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: Self.arguments(assignment) + [dedupe])
  }

  func update(_ assignment: Assignment, from before: Assignment) throws {
    // Where it is set, its index is written, whether it changes or not.
    let state = assignment.state == before.state ? "" : ", state = ?12"
    try database.cachedStatement(
      sql: """
        UPDATE assignment SET waiting = ?1, reason = ?2, changed = ?3, steps = ?4, recoveries = ?5,
          epoch = ?6, holder = ?7, lease_until = ?8, wake = ?9, stopping = ?10\(state)
        WHERE id = ?11
        """
    ).execute(
      arguments: [
        assignment.waiting, assignment.reason, assignment.changed, assignment.steps,
        assignment.recoveries, assignment.lease.epoch, assignment.lease.holder?.text,
        assignment.lease.until, assignment.wake, assignment.isAskedToStop, assignment.id,
      ] + (state.isEmpty ? [] : [assignment.state.rawValue])
    )
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

  func insertStep(
    _ sequence: Int,
    of assignment: String,
    epoch: Int64,
    _ row: WorkRow
  ) throws {
    let entry = try enter(row, of: assignment)
    try database.cachedStatement(
      sql: "INSERT INTO step (assignment, sequence, attempts, epoch, intent) VALUES (?, ?, 1, ?, ?)"
    ).execute(arguments: [assignment, sequence, epoch, entry])
  }

  func repeatStep(
    _ sequence: Int,
    of assignment: String,
    attempts: Int,
    _ row: WorkRow
  ) throws {
    try enter(row, of: assignment)
    try database.cachedStatement(
      sql: "UPDATE step SET attempts = ? WHERE assignment = ? AND sequence = ?"
    ).execute(arguments: [attempts, assignment, sequence])
  }

  func closeStep(
    _ sequence: Int,
    of assignment: String,
    _ status: StepOutcome.Status,
    _ row: WorkRow
  ) throws {
    let entry = try enter(row, of: assignment)
    try database.cachedStatement(
      sql: "UPDATE step SET status = ?, outcome = ? WHERE assignment = ? AND sequence = ?"
    ).execute(arguments: [status.rawValue, entry, assignment, sequence])
  }
}
