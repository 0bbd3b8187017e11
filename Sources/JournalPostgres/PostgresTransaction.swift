import Journal

/// Assignments inside one transaction of a server.
///
/// What is found is locked there until the end. What is written is kept in a draft, which later looks
/// see; it is sent at the end, with the commit.
final class PostgresTransaction: WorkTransaction {
  /// What operations are known to look at, so that one trip brings it for all of them.
  struct Needs: Sendable {
    var assignments: [String] = []
    /// Whether their parents may have to be woken.
    var hasParents = false
    var steps: [PostgresDraft.StepName] = []
  }

  let now: Int64
  var draft = PostgresDraft()
  /// Whether something was written beside the draft.
  private var hasWritten = false
  private let connection: PostgresConnection
  private var found: [String: Assignment?] = [:]
  private var foundSteps: [PostgresDraft.StepName: WorkMachine.StepState?] = [:]

  private static let clock = "(extract(epoch FROM clock_timestamp()) * 1000000)::int8"

  /// The server's clock, in microseconds since 1970, where `$1` is added to it.
  static let movedClock = "(\(clock) + $1)"

  // MARK: Beginning and end

  /// - Parameter shift: what is added to the server's clock.
  init(_ connection: PostgresConnection, shift: Int64, _ needs: Needs) throws {
    self.connection = connection
    var queries = [
      PostgresQuery("BEGIN"), PostgresQuery("SELECT \(Self.movedClock)", .int(shift)),
    ]
    let ids = Array(Set(needs.assignments))
    if !ids.isEmpty { queries.append(Self.search(ids, andParents: needs.hasParents)) }
    if !needs.steps.isEmpty {
      queries.append(
        PostgresQuery(
          """
          SELECT assignment, step.sequence, status, attempts
          FROM unnest($1::text[], $2::int8[]) AS wanted (id, sequence)
            JOIN step ON step.assignment = wanted.id AND step.sequence = wanted.sequence
          """,
          .texts(needs.steps.map(\.assignment)),
          .ints(needs.steps.map { Int64($0.sequence) })
        )
      )
    }
    let results = try connection.run(queries)
    guard let now = results[1].first?.int(0) else {
      throw PostgresFailure.lost("the server does not tell the time")
    }
    self.now = now
    if !ids.isEmpty {
      for id in ids { found[id] = .some(nil) }
      for assignment in try results[2].map(PostgresRows.assignment) {
        found[assignment.id] = assignment
      }
    }
    if !needs.steps.isEmpty, let last = results.last {
      for name in needs.steps { foundSteps[name] = .some(nil) }
      for row in (0..<last.count).map(last.row) {
        guard let assignment = row.text(0), let sequence = row.int(1) else { continue }
        let name = PostgresDraft.StepName(assignment: assignment, sequence: Int(sequence))
        foundSteps[name] = try Self.state(row, from: 2)
      }
    }
  }

  /// In the order of ids, so that two who need the same never wait for each other.
  private static func search(_ ids: [String], andParents: Bool) -> PostgresQuery {
    let columns = PostgresRows.assignmentColumns
    let wanted =
      andParents
      ? """
      ANY (ARRAY(
        SELECT unnest($1) UNION
        SELECT parent FROM assignment WHERE id = ANY ($1) AND parent IS NOT NULL
      ))
      """ : "ANY ($1)"
    return PostgresQuery(
      "SELECT \(columns) FROM assignment WHERE id = \(wanted) ORDER BY id FOR UPDATE",
      .texts(ids)
    )
  }

  /// Whether there is anything to commit.
  var hasChanged: Bool { hasWritten || !draft.isEmpty }

  /// Locks the head of the chain, and gives what is to be sent with the commit.
  func finish(name: String) throws -> [PostgresQuery] {
    guard !draft.lines.isEmpty else { return draft.queries(after: .genesis, now: now).queries }
    let results = try connection.run([
      PostgresQuery("SELECT sequence, hash FROM head WHERE id = 1 FOR UPDATE"),
      // A statement of its own, which sees what was committed while the one before it waited.
      PostgresQuery("SELECT sequence, hash FROM entry ORDER BY sequence DESC LIMIT 1"),
    ])
    let head = Self.head(results[0].first)
    let last = results[1].count == 0 ? Head.genesis : Self.head(results[1].first)
    guard let head, head == last, head.sequence < .max - Int64(draft.lines.count) else {
      // The next head would hide the loss.
      throw WorkError.unavailable(
        "the journal \(name) does not match its head; nothing is written until that is mended; see "
          + "what is wrong with: caisson audit --verify"
      )
    }
    let (queries, new) = draft.queries(after: head, now: now)
    return queries + [
      PostgresQuery(
        "UPDATE head SET sequence = $1, hash = $2 WHERE id = 1",
        .int(new.sequence),
        .bytes(new.hash.bytes)
      )
    ]
  }

  static func head(_ row: PostgresResult.Row?) -> Head? {
    guard let sequence = row?.int(0), let bytes = row?.bytes(1),
      let hash = ChainHash(bytes: bytes)
    else { return nil }
    return Head(sequence: sequence, hash: hash)
  }

  // MARK: Looking

  func find(_ id: String) throws -> Assignment? {
    if let drafted = draft.assignments[id] { return drafted }
    if let known = found[id] { return known }
    let row = try connection.run(Self.search([id], andParents: false)).first
    let assignment = try row.map(PostgresRows.assignment)
    found[id] = .some(assignment)
    return assignment
  }

  func find(dedupe: String) throws -> Assignment? {
    if let drafted = draft.made(dedupe: dedupe) { return drafted }
    let row = try connection.run(
      PostgresQuery(
        "SELECT \(PostgresRows.assignmentColumns) FROM assignment WHERE dedupe = $1",
        .text(dedupe)
      )
    ).first
    return try row.map(PostgresRows.assignment)
  }

  /// Locks those of them that nobody else is at, the oldest first.
  func candidates(_ ids: [String]) throws -> [Assignment] {
    let rows = try connection.run(
      PostgresQuery(
        """
        SELECT \(PostgresRows.assignmentColumns) FROM assignment WHERE id = ANY ($1)
        ORDER BY created, id FOR UPDATE SKIP LOCKED
        """,
        .texts(ids)
      )
    )
    return try rows.map(PostgresRows.assignment).map { row in
      if let drafted = draft.assignments[row.id] { return drafted }
      found[row.id] = .some(row)
      return row
    }
  }

  func hasOpenChild(_ assignment: String) throws -> Bool {
    let drafted = draft.assignments.values.filter { $0.parent == assignment }
    if drafted.contains(where: { !$0.state.isOver }) { return true }
    let rows = try connection.run(
      PostgresQuery(
        """
        SELECT EXISTS (
          SELECT 1 FROM assignment WHERE parent = $1 AND state IN ('queued', 'running', 'waiting')
            AND id <> ALL ($2)
        )
        """,
        .text(assignment),
        .texts(drafted.map(\.id))
      )
    )
    return rows.first?.flag(0) ?? true
  }

  func step(_ sequence: Int, of assignment: String) throws -> WorkMachine.StepState? {
    let name = PostgresDraft.StepName(assignment: assignment, sequence: sequence)
    if let drafted = draft.stepStates[name] { return drafted }
    if let known = foundSteps[name] { return known }
    let row = try connection.run(
      PostgresQuery(
        "SELECT status, attempts FROM step WHERE assignment = $1 AND sequence = $2",
        .text(assignment),
        .int(Int64(sequence))
      )
    ).first
    let state = try row.map { try Self.state($0, from: 0) }
    foundSteps[name] = .some(state)
    return state
  }

  private static func state(
    _ row: PostgresResult.Row,
    from column: Int
  ) throws -> WorkMachine.StepState {
    let status = row.text(column)
    let read = status.flatMap(StepOutcome.Status.init)
    guard let attempts = row.int(column + 1), status == nil || read != nil else {
      throw WorkError.invalid("a step on record cannot be read")
    }
    return WorkMachine.StepState(status: read, attempts: Int(attempts))
  }

  func approval(_ id: String) throws -> Approval? {
    if let drafted = draft.approvals[id] { return drafted }
    let row = try connection.run(
      PostgresQuery(
        "SELECT \(PostgresRows.approvalColumns) FROM approval WHERE id = $1 FOR UPDATE",
        .text(id)
      )
    ).first
    return try row.map(PostgresRows.approval)
  }

  func pendingApprovals(of assignment: String) throws -> [Approval] {
    let rows = try connection.run(
      PostgresQuery(
        """
        SELECT \(PostgresRows.approvalColumns) FROM approval
        WHERE assignment = $1 AND state = 'pending' ORDER BY id FOR UPDATE
        """,
        .text(assignment)
      )
    )
    var all: [String: Approval] = [:]
    for approval in try rows.map(PostgresRows.approval) { all[approval.id] = approval }
    for (id, approval) in draft.approvals where approval.assignment == assignment {
      all[id] = approval
    }
    return all.values.filter { $0.state == .pending }.sorted { $0.id < $1.id }
  }

  // MARK: Writing

  func append(_ row: WorkRow, of assignment: String?) { draft.append(row, of: assignment) }

  func insert(_ assignment: Assignment, dedupe: String?) {
    draft.insert(assignment, dedupe: dedupe)
  }

  func update(_ assignment: Assignment, from before: Assignment) { draft.update(assignment) }

  func insertStep(_ sequence: Int, of assignment: String, epoch: Int64, _ row: WorkRow) {
    let name = PostgresDraft.StepName(assignment: assignment, sequence: sequence)
    draft.insertStep(name, epoch: epoch, row)
  }

  func repeatStep(_ sequence: Int, of assignment: String, attempts: Int, _ row: WorkRow) {
    let name = PostgresDraft.StepName(assignment: assignment, sequence: sequence)
    draft.repeatStep(name, attempts: attempts, row)
  }

  func closeStep(
    _ sequence: Int,
    of assignment: String,
    _ status: StepOutcome.Status,
    _ row: WorkRow
  ) throws {
    let name = PostgresDraft.StepName(assignment: assignment, sequence: sequence)
    guard let state = try step(sequence, of: assignment) else { return }
    draft.closeStep(name, state, status, row)
  }

  func put(_ approval: Approval) { draft.put(approval) }

  func insertNotice(kind: String, body: String, dedupe: String, of assignment: String) {
    draft.add(
      PostgresQuery(
        """
        INSERT INTO notice (assignment, kind, body, dedupe, created, due, attempts)
        VALUES ($1, $2, $3, $4, $5, $5, 0) ON CONFLICT (dedupe) DO NOTHING
        """,
        .text(assignment),
        .text(kind),
        .text(body),
        .text(dedupe),
        .int(now)
      )
    )
  }

  // MARK: At once

  /// Writes beside the draft what comes seldom, as the last thing of an operation: what is written so
  /// is not undone with it.
  func writeNow(_ query: PostgresQuery) throws -> PostgresResult {
    hasWritten = true
    return try connection.run(query)
  }

  func openNotice(_ id: Int64) throws -> (assignment: String?, kind: String)? {
    let row = try connection.run(
      PostgresQuery(
        "SELECT assignment, kind FROM notice WHERE id = $1 AND due IS NOT NULL FOR UPDATE",
        .int(id)
      )
    ).first
    return row.flatMap { row in row.text(1).map { (row.text(0), $0) } }
  }

  func setNotice(_ id: Int64, due: Int64?, receipt: String) throws {
    _ = try writeNow(
      PostgresQuery(
        "UPDATE notice SET due = $2, receipt = $3 WHERE id = $1",
        .int(id),
        .int(due),
        .text(receipt)
      )
    )
  }

  func dueSchedules() throws -> [Schedule] {
    try connection.run(
      PostgresQuery(
        """
        SELECT id, text, settings, every, due FROM schedule WHERE due <= $1 ORDER BY id FOR UPDATE
        """,
        .int(now)
      )
    ).map(PostgresRows.schedule)
  }

  func setSchedule(_ id: String, due: Int64?) throws {
    _ = try writeNow(
      PostgresQuery("UPDATE schedule SET due = $2 WHERE id = $1", .text(id), .int(due))
    )
  }
}
