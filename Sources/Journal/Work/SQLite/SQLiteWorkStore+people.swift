import GRDB

extension SQLiteWorkStore {
  package func assign(_ new: NewAssignment) async throws(WorkError) -> Assignment {
    try await write { try $0.assign(new) }
  }

  package func assignment(_ id: String) async throws(WorkError) -> Assignment? {
    try read { database in
      try GRDB.Row.fetchOne(
        database,
        sql: "SELECT \(WorkBatch.columns) FROM assignment WHERE id = ?",
        arguments: [id]
      ).map(WorkBatch.assignment)
    }
  }

  package func assignments(_ filter: AssignmentFilter) async throws(WorkError) -> [Assignment] {
    try read { database in
      var conditions: [String] = []
      var arguments: [any DatabaseValueConvertible] = []
      if let states = filter.states {
        let names = states.map(\.rawValue).sorted()
        conditions.append("state IN (\(names.map { _ in "?" }.joined(separator: ", ")))")
        arguments += names
      }
      if let parent = filter.parent {
        conditions.append("parent = ?")
        arguments.append(parent)
      }
      let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
      return try GRDB.Row.fetchAll(
        database,
        sql: """
          SELECT \(WorkBatch.columns) FROM assignment \(condition)
          ORDER BY created DESC, id DESC LIMIT \(max(0, filter.limit))
          """,
        arguments: StatementArguments(arguments)
      ).map(WorkBatch.assignment)
    }
  }

  package func stop(_ id: String, by: String) async throws(WorkError) -> Assignment {
    try await write { try $0.stop(id, by: by) }
  }

  package func resume(_ id: String, by: String) async throws(WorkError) -> Assignment {
    try await write { try $0.resume(id, by: by) }
  }

  package func steps(of id: String, after: Int) async throws(WorkError) -> [StepRecord] {
    try read { database in
      let rows = try GRDB.Row.fetchCursor(
        database,
        sql: """
          SELECT step.sequence, step.status, step.attempts, intent.payload, intent.time,
            outcome.payload, outcome.time
          FROM step JOIN entry AS intent ON intent.sequence = step.intent
            LEFT JOIN entry AS outcome ON outcome.sequence = step.outcome
          WHERE step.assignment = ? AND step.sequence > ? ORDER BY step.sequence
          """,
        arguments: [id, after]
      )
      var steps: [StepRecord] = []
      while let row = try rows.next() {
        let step = StepRecord(
          intent: row[3],
          outcome: row[5],
          status: row[1],
          attempts: row[2],
          begun: row[4],
          ended: row[6]
        )
        guard let step else {
          throw WorkError.invalid("step \(row[0] as Int) of \(id) cannot be read")
        }
        steps.append(step)
      }
      return steps
    }
  }

  // MARK: Questions

  package func approvals(
    _ state: Approval.State?,
    of assignment: String?
  ) async throws(WorkError) -> [Approval] {
    try read { database in
      try GRDB.Row.fetchAll(
        database,
        sql: """
          SELECT \(WorkBatch.approvalColumns) FROM approval
          WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR assignment = ?2)
          ORDER BY created, id LIMIT 10000
          """,
        arguments: [state?.rawValue, assignment]
      ).map(WorkBatch.approval)
    }
  }

  package func approval(_ id: String) async throws(WorkError) -> Approval? {
    try read { database in
      try GRDB.Row.fetchOne(
        database,
        sql: "SELECT \(WorkBatch.approvalColumns) FROM approval WHERE id = ?",
        arguments: [id]
      ).map(WorkBatch.approval)
    }
  }

  package func answer(
    _ id: String,
    _ answer: ApprovalAnswer
  ) async throws(WorkError) -> Approval {
    try await write { try $0.answer(id, answer) }
  }

  package func standingApproval(
    hash: String,
    in assignment: String
  ) async throws(WorkError) -> Approval? {
    try read { database in
      try GRDB.Row.fetchOne(
        database,
        sql: """
          SELECT \(WorkBatch.approvalColumns) FROM approval
          WHERE hash = ?1 AND state = 'approved'
            AND (given = 'always' OR (given = 'session' AND assignment = ?2))
          ORDER BY answered_at DESC LIMIT 1
          """,
        arguments: [hash, assignment]
      ).map(WorkBatch.approval)
    }
  }

  // MARK: Schedules

  package func schedule(_ schedule: Schedule) async throws(WorkError) {
    try await write { batch in
      try schedule.check()
      try batch.database.execute(
        sql: """
          INSERT OR REPLACE INTO schedule (id, text, settings, every, due) VALUES (?, ?, ?, ?, ?)
          """,
        arguments: [schedule.id, schedule.text, schedule.settings, schedule.every, schedule.due]
      )
    }
  }

  package func schedules() async throws(WorkError) -> [Schedule] {
    try read { try WorkBatch.schedules(in: $0, dueBy: nil) }
  }

  package func removeSchedule(_ id: String) async throws(WorkError) {
    try await write { batch in
      try batch.database.execute(sql: "DELETE FROM schedule WHERE id = ?", arguments: [id])
      if batch.database.changesCount == 0 { throw WorkError.unknownSchedule(id) }
    }
  }

  package func fireSchedules(
    makeID: @Sendable () -> String
  ) async throws(WorkError) -> [Assignment] {
    // Looked at first without the write lock: mostly nothing is due.
    let now = clock()
    let due = try read { try WorkBatch.schedules(in: $0, dueBy: now) }
    guard !due.isEmpty else { return [] }
    let names = due.map { _ in makeID() }
    return try await write { try $0.fire(names: names) }
  }
}
