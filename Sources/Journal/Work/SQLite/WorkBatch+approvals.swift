import GRDB

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

  func findApproval(_ id: String) throws -> Approval? {
    let statement = try database.cachedStatement(
      sql: "SELECT \(Self.approvalColumns) FROM approval WHERE id = ?"
    )
    return try GRDB.Row.fetchOne(statement, arguments: [id]).map(Self.approval)
  }

  func approvalState(_ id: String) throws -> Approval.State? { try findApproval(id)?.state }

  /// A question that has been asked already stays as it is, unless what was asked is over, or is
  /// something else: then it is asked anew.
  func insert(_ approval: Approval, _ row: WorkRow) throws {
    if let found = try findApproval(approval.id), found.state != .superseded {
      // An answer holds for what was shown and for nothing else.
      if found.hash == approval.hash { return }
      if found.state == .pending {
        try append(.closed(found.id, as: .superseded), approval.assignment)
      }
    }
    try append(row, approval.assignment)
    try database.cachedStatement(
      sql: """
        INSERT OR REPLACE INTO approval (\(Self.approvalColumns))
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, NULL)
        """
    ).execute(arguments: [
      approval.id, approval.assignment, approval.hash, approval.action, approval.scope.rawValue,
      approval.state.rawValue, approval.created, approval.expires,
    ])
  }

  func setApproval(_ id: String, _ state: Approval.State) throws {
    try database.cachedStatement(sql: "UPDATE approval SET state = ? WHERE id = ?")
      .execute(arguments: [state.rawValue, id])
  }

  /// Answers, and wakes whoever waits for it.
  func answer(_ id: String, _ answer: ApprovalAnswer) throws -> Approval {
    guard let found = try findApproval(id) else { throw WorkError.unknownApproval(id) }
    let answered = try WorkMachine.answer(found, answer, now: now)
    try append(.answered(id, answer), answered.assignment)
    try database.cachedStatement(
      sql: """
        UPDATE approval SET state = ?, answered_by = ?, answered_at = ?, comment = ?, given = ?
        WHERE id = ?
        """
    ).execute(arguments: [
      answered.state.rawValue, answered.answeredBy, answered.answeredAt, answered.comment,
      answered.given?.rawValue, id,
    ])
    try wake(answered.assignment, for: id)
    return answered
  }
}
