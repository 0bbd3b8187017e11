package import Journal

extension PostgresWorkStore {
  package func assign(_ new: NewAssignment) async throws(WorkError) -> Assignment {
    try await write { try $0.assign(new) }
  }

  package func assignment(_ id: String) async throws(WorkError) -> Assignment? {
    try await read { connection in
      try connection.run(
        PostgresQuery(
          "SELECT \(PostgresRows.assignmentColumns) FROM assignment WHERE id = $1",
          .text(id)
        )
      ).map(PostgresRows.assignment).first
    }
  }

  package func assignments(_ filter: AssignmentFilter) async throws(WorkError) -> [Assignment] {
    try await read { connection in
      try connection.run(
        PostgresQuery(
          """
          SELECT \(PostgresRows.assignmentColumns) FROM assignment
          WHERE (NOT $1 OR state = ANY ($2)) AND ($3 IS NULL OR parent = $3)
          ORDER BY created DESC, id DESC LIMIT $4
          """,
          .flag(filter.states != nil),
          .texts(filter.states?.map(\.rawValue) ?? []),
          .text(filter.parent),
          .int(Int64(max(0, filter.limit)))
        )
      ).map(PostgresRows.assignment)
    }
  }

  package func stop(_ id: String, by: String) async throws(WorkError) -> Assignment {
    try await write(needing: .init(assignments: [id], hasParents: true)) {
      try $0.stop(id, by: by)
    }
  }

  package func resume(_ id: String, by: String) async throws(WorkError) -> Assignment {
    try await write(needing: .init(assignments: [id])) { try $0.resume(id, by: by) }
  }

  package func steps(of id: String, after: Int) async throws(WorkError) -> [StepRecord] {
    try await read { connection in
      try connection.run(
        PostgresQuery(
          """
          SELECT step.sequence, step.status, step.attempts, intent.payload, intent.time,
            outcome.payload, outcome.time
          FROM step JOIN entry AS intent ON intent.sequence = step.intent
            LEFT JOIN entry AS outcome ON outcome.sequence = step.outcome
          WHERE step.assignment = $1 AND step.sequence > $2 ORDER BY step.sequence
          """,
          .text(id),
          .int(Int64(after))
        )
      ).map { row in
        guard let intent = row.text(3), let attempts = row.int(2), let begun = row.int(4),
          let step = StepRecord(
            intent: intent,
            outcome: row.text(5),
            status: row.text(1),
            attempts: Int(attempts),
            begun: begun,
            ended: row.int(6)
          )
        else { throw WorkError.invalid("step \(row.int(0) ?? 0) of \(id) cannot be read") }
        return step
      }
    }
  }

  // MARK: Questions

  package func approvals(
    _ state: Approval.State?,
    of assignment: String?
  ) async throws(WorkError) -> [Approval] {
    try await read { connection in
      try connection.run(
        PostgresQuery(
          """
          SELECT \(PostgresRows.approvalColumns) FROM approval
          WHERE ($1 IS NULL OR state = $1) AND ($2 IS NULL OR assignment = $2)
          ORDER BY created, id LIMIT 10000
          """,
          .text(state?.rawValue),
          .text(assignment)
        )
      ).map(PostgresRows.approval)
    }
  }

  package func approval(_ id: String) async throws(WorkError) -> Approval? {
    try await read { connection in
      try connection.run(
        PostgresQuery(
          "SELECT \(PostgresRows.approvalColumns) FROM approval WHERE id = $1",
          .text(id)
        )
      ).map(PostgresRows.approval).first
    }
  }

  package func answer(
    _ id: String,
    _ answer: ApprovalAnswer
  ) async throws(WorkError) -> Approval {
    // `ASSIGNMENT.NUMBER`. The assignment is locked first, as by its worker: or each could wait for
    // what the other one has.
    let assignment = id.split(separator: ".").dropLast().joined(separator: ".")
    return try await write(needing: .init(assignments: [assignment])) { try $0.answer(id, answer) }
  }

  package func standingApproval(
    hash: String,
    in assignment: String
  ) async throws(WorkError) -> Approval? {
    try await read { connection in
      try connection.run(
        PostgresQuery(
          """
          SELECT \(PostgresRows.approvalColumns) FROM approval
          WHERE hash = $1 AND state = 'approved'
            AND (given = 'always' OR (given = 'session' AND assignment = $2))
          ORDER BY answered_at DESC LIMIT 1
          """,
          .text(hash),
          .text(assignment)
        )
      ).map(PostgresRows.approval).first
    }
  }

  // MARK: Schedules

  package func schedule(_ schedule: Schedule) async throws(WorkError) {
    try await write { transaction in
      try schedule.check()
      _ = try transaction.writeNow(
        PostgresQuery(
          """
          INSERT INTO schedule (id, text, settings, every, due) VALUES ($1, $2, $3, $4, $5)
          ON CONFLICT (id) DO UPDATE SET text = excluded.text, settings = excluded.settings,
            every = excluded.every, due = excluded.due
          """,
          .text(schedule.id),
          .text(schedule.text),
          .text(schedule.settings),
          .int(schedule.every),
          .int(schedule.due)
        )
      )
    }
  }

  package func schedules() async throws(WorkError) -> [Schedule] {
    try await read { connection in
      try connection.run(
        PostgresQuery("SELECT id, text, settings, every, due FROM schedule ORDER BY id")
      ).map(PostgresRows.schedule)
    }
  }

  package func removeSchedule(_ id: String) async throws(WorkError) {
    try await write { transaction in
      let removed = try transaction.writeNow(
        PostgresQuery("DELETE FROM schedule WHERE id = $1 RETURNING 1", .text(id))
      )
      if removed.count == 0 { throw WorkError.unknownSchedule(id) }
    }
  }

  package func fireSchedules(
    makeID: @Sendable () -> String
  ) async throws(WorkError) -> [Assignment] {
    // Looked at first without a lock: mostly nothing is due.
    let shift = shift()
    let due = try await read { connection in
      try connection.run(
        PostgresQuery(
          "SELECT count(*) FROM schedule WHERE due <= \(PostgresTransaction.movedClock)",
          .int(shift)
        )
      ).first?.int(0) ?? 0
    }
    guard due > 0 else { return [] }
    let names = (0..<due).map { _ in makeID() }
    return try await write { try $0.fire(names: names) }
  }
}
