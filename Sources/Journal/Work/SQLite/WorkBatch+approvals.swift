import GRDB

// Questions, notices and schedules.
extension WorkBatch {
  static let approvalColumns = """
    id, assignment, hash, action, scope, state, created, expires, answered_by, answered_at, comment,
    given
    """

  static func approval(_ row: GRDB.Row) throws -> Approval {
    guard let id = String.fromDatabaseValue(row[0]),
      let scope = String.fromDatabaseValue(row[4]).flatMap(Approval.Scope.init),
      let state = String.fromDatabaseValue(row[5]).flatMap(Approval.State.init)
    else { throw WorkError.invalid("a question on record cannot be read") }
    return Approval(
      id: id,
      assignment: row[1],
      hash: row[2],
      action: row[3],
      scope: scope,
      state: state,
      created: row[6],
      expires: row[7],
      answeredBy: row[8],
      answeredAt: row[9],
      comment: row[10],
      given: (row[11] as String?).flatMap(Approval.Scope.init)
    )
  }

  func approval(_ id: String) throws -> Approval? {
    let statement = try database.cachedStatement(
      sql: "SELECT \(Self.approvalColumns) FROM approval WHERE id = ?"
    )
    return try GRDB.Row.fetchOne(statement, arguments: [id]).map(Self.approval)
  }

  func pendingApprovals(of assignment: String) throws -> [Approval] {
    try GRDB.Row.fetchAll(
      database,
      sql: """
        SELECT \(Self.approvalColumns) FROM approval
        WHERE assignment = ? AND state = 'pending' ORDER BY id
        """,
      arguments: [assignment]
    ).map(Self.approval)
  }

  func put(_ approval: Approval) throws {
    try database.cachedStatement(
      sql: """
        INSERT OR REPLACE INTO approval (\(Self.approvalColumns))
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      approval.id, approval.assignment, approval.hash, approval.action, approval.scope.rawValue,
      approval.state.rawValue, approval.created, approval.expires, approval.answeredBy,
      approval.answeredAt, approval.comment, approval.given?.rawValue,
    ])
  }

  func insertNotice(kind: String, body: String, dedupe: String, of assignment: String) throws {
    try database.cachedStatement(
      sql: """
        INSERT INTO notice (assignment, kind, body, dedupe, created, due, attempts)
        VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT (dedupe) DO NOTHING
        """
    ).execute(arguments: [assignment, kind, body, dedupe, now, now])
  }

  func openNotice(_ id: Int64) throws -> (assignment: String?, kind: String)? {
    let row = try GRDB.Row.fetchOne(
      database,
      sql: "SELECT assignment, kind FROM notice WHERE id = ? AND due IS NOT NULL",
      arguments: [id]
    )
    return row.map { ($0[0], $0[1]) }
  }

  func setNotice(_ id: Int64, due: Int64?, receipt: String) throws {
    try database.execute(
      sql: "UPDATE notice SET due = ?, receipt = ? WHERE id = ?",
      arguments: [due, receipt, id]
    )
  }

  static func schedules(in database: Database, dueBy now: Int64?) throws -> [Schedule] {
    try GRDB.Row.fetchAll(
      database,
      sql: """
        SELECT id, text, settings, every, due FROM schedule WHERE ?1 IS NULL OR due <= ?1
        ORDER BY id
        """,
      arguments: [now]
    ).map {
      Schedule(id: $0[0], text: $0[1], settings: $0[2], every: $0[3], due: $0[4])
    }
  }

  func dueSchedules() throws -> [Schedule] { try Self.schedules(in: database, dueBy: now) }

  func setSchedule(_ id: String, due: Int64?) throws {
    try database.execute(
      sql: "UPDATE schedule SET due = ? WHERE id = ?",
      arguments: [due, id]
    )
  }
}
