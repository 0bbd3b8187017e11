import Journal

/// How what the journal knows stands in the server's rows.
enum PostgresRows {
  static let assignmentColumns = """
    id, parent, text, settings, state, waiting, reason, created, changed, steps, recoveries, epoch,
    holder, lease_until, wake, stopping
    """

  static func assignment(_ row: PostgresResult.Row) throws -> Assignment {
    guard let id = row.text(0), let text = row.text(2), let settings = row.text(3),
      let state = row.text(4).flatMap(Assignment.State.init), let created = row.int(7),
      let changed = row.int(8), let steps = row.int(9), let recoveries = row.int(10),
      let epoch = row.int(11), let until = row.int(13), let isAskedToStop = row.flag(15)
    else { throw WorkError.invalid("an assignment on record cannot be read") }
    return Assignment(
      id: id,
      parent: row.text(1),
      text: text,
      settings: settings,
      state: state,
      waiting: row.text(5),
      reason: row.text(6),
      created: created,
      changed: changed,
      steps: Int(steps),
      recoveries: Int(recoveries),
      lease: LeaseRecord(
        epoch: epoch,
        holder: row.text(12).flatMap { WorkerIdentity(text: $0) },
        until: until
      ),
      wake: row.int(14),
      isAskedToStop: isAskedToStop
    )
  }

  static func insertion(_ assignment: Assignment, dedupe: String?) -> PostgresQuery {
    PostgresQuery(
      """
      INSERT INTO assignment (\(assignmentColumns), dedupe)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
      """,
      .text(assignment.id),
      .text(assignment.parent),
      .text(assignment.text),
      .text(assignment.settings),
      .text(assignment.state.rawValue),
      .text(assignment.waiting),
      .text(assignment.reason),
      .int(assignment.created),
      .int(assignment.changed),
      .int(Int64(assignment.steps)),
      .int(Int64(assignment.recoveries)),
      .int(assignment.lease.epoch),
      .text(assignment.lease.holder?.text),
      .int(assignment.lease.until),
      .int(assignment.wake),
      .flag(assignment.isAskedToStop),
      .text(dedupe)
    )
  }

  static func update(_ assignment: Assignment) -> PostgresQuery {
    PostgresQuery(
      """
      UPDATE assignment SET state = $2, waiting = $3, reason = $4, changed = $5, steps = $6,
        recoveries = $7, epoch = $8, holder = $9, lease_until = $10, wake = $11, stopping = $12
      WHERE id = $1
      """,
      .text(assignment.id),
      .text(assignment.state.rawValue),
      .text(assignment.waiting),
      .text(assignment.reason),
      .int(assignment.changed),
      .int(Int64(assignment.steps)),
      .int(Int64(assignment.recoveries)),
      .int(assignment.lease.epoch),
      .text(assignment.lease.holder?.text),
      .int(assignment.lease.until),
      .int(assignment.wake),
      .flag(assignment.isAskedToStop)
    )
  }

  // MARK: Questions, notices, schedules

  static let approvalColumns = """
    id, assignment, hash, action, scope, state, created, expires, answered_by, answered_at, comment,
    given
    """

  static func approval(_ row: PostgresResult.Row) throws -> Approval {
    guard let id = row.text(0), let assignment = row.text(1), let hash = row.text(2),
      let action = row.text(3), let scope = row.text(4).flatMap(Approval.Scope.init),
      let state = row.text(5).flatMap(Approval.State.init), let created = row.int(6)
    else { throw WorkError.invalid("a question on record cannot be read") }
    return Approval(
      id: id,
      assignment: assignment,
      hash: hash,
      action: action,
      scope: scope,
      state: state,
      created: created,
      expires: row.int(7),
      answeredBy: row.text(8),
      answeredAt: row.int(9),
      comment: row.text(10),
      given: row.text(11).flatMap(Approval.Scope.init)
    )
  }

  static func put(_ approval: Approval) -> PostgresQuery {
    PostgresQuery(
      """
      INSERT INTO approval (\(approvalColumns))
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
      ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, action = excluded.action,
        scope = excluded.scope, state = excluded.state, created = excluded.created,
        expires = excluded.expires, answered_by = excluded.answered_by,
        answered_at = excluded.answered_at, comment = excluded.comment, given = excluded.given
      """,
      .text(approval.id),
      .text(approval.assignment),
      .text(approval.hash),
      .text(approval.action),
      .text(approval.scope.rawValue),
      .text(approval.state.rawValue),
      .int(approval.created),
      .int(approval.expires),
      .text(approval.answeredBy),
      .int(approval.answeredAt),
      .text(approval.comment),
      .text(approval.given?.rawValue)
    )
  }

  static func notice(_ row: PostgresResult.Row) throws -> Notice {
    guard let id = row.int(0), let kind = row.text(2), let body = row.text(3),
      let created = row.int(4), let attempts = row.int(5)
    else { throw WorkError.invalid("a notice on record cannot be read") }
    return Notice(
      id: id,
      assignment: row.text(1),
      kind: kind,
      body: body,
      created: created,
      attempts: Int(attempts)
    )
  }

  static func schedule(_ row: PostgresResult.Row) throws -> Schedule {
    guard let id = row.text(0), let text = row.text(1), let settings = row.text(2) else {
      throw WorkError.invalid("a schedule on record cannot be read")
    }
    return Schedule(id: id, text: text, settings: settings, every: row.int(3), due: row.int(4))
  }
}
