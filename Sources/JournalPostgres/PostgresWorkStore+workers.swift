package import Journal

extension PostgresWorkStore {
  package func lease(_ request: LeaseRequest) async throws(WorkError) -> [Lease] {
    guard request.limit > 0 else { return [] }
    var leases: [Lease] = []
    // Others look at the same time and may be quicker: then there may be more behind.
    for _ in 0..<4 {
      var rest = request
      rest.limit -= leases.count
      let wanted = try await candidates(for: rest, besides: Set(leases.map(\.assignment)))
      guard !wanted.isEmpty else { break }
      leases += try await write { [rest] transaction in
        try transaction.take(rest, among: transaction.candidates(wanted))
      }
      guard leases.count < request.limit else { break }
    }
    return leases
  }

  /// Which of those that are due or under way would be taken, looked at without a lock.
  private func candidates(
    for request: LeaseRequest,
    besides taken: Set<String>
  ) async throws(WorkError) -> [String] {
    let shift = shift()
    return try await read { connection in
      let rows = try connection.run(
        PostgresQuery(
          """
          SELECT \(PostgresRows.assignmentColumns), now FROM (
            SELECT \(PostgresTransaction.movedClock) AS now
          ) AS clock, LATERAL (
            (SELECT * FROM assignment WHERE state = 'running' ORDER BY created, id LIMIT 10000)
            UNION ALL
            (SELECT * FROM assignment
              WHERE (state = 'queued' AND (wake IS NULL OR wake <= now))
                OR (state = 'waiting' AND wake <= now)
              ORDER BY created, id LIMIT 1000)
          ) AS found
          ORDER BY created, id
          """,
          .int(shift)
        )
      )
      var wanted: [String] = []
      for index in 0..<rows.count where wanted.count < request.limit {
        let row = rows.row(index)
        let found = try PostgresRows.assignment(row)
        if !taken.contains(found.id), request.mayTake(found, now: row.int(16) ?? 0) {
          wanted.append(found.id)
        }
      }
      return wanted
    }
  }

  package func renew(
    _ leases: [Lease],
    for duration: Int64
  ) async throws(WorkError) -> [LeaseStatus] {
    guard !leases.isEmpty else { return [] }
    return try await write(needing: .init(assignments: leases.map(\.assignment))) {
      try $0.renew(leases, for: duration)
    }
  }

  package func commit(
    _ changes: [WorkChange],
    under lease: Lease
  ) async throws(WorkError) {
    var needs = PostgresTransaction.Needs(assignments: [lease.assignment])
    for change in changes {
      switch change {
      case .again(let sequence, _), .outcome(let sequence, _):
        needs.steps.append(.init(assignment: lease.assignment, sequence: sequence))
      case .end: needs.hasParents = true
      default: break
      }
    }
    try await write(needing: needs) { try $0.commit(changes, under: lease) }
  }

  // MARK: Notices

  package func takeNotices(
    limit: Int,
    for duration: Int64
  ) async throws(WorkError) -> [Notice] {
    // Looked at first without a lock: mostly there is none.
    let shift = shift()
    let isAny = try await read { connection in
      try connection.run(
        PostgresQuery(
          "SELECT EXISTS (SELECT 1 FROM notice WHERE due <= \(PostgresTransaction.movedClock))",
          .int(shift)
        )
      ).first?.flag(0) ?? false
    }
    guard isAny, limit > 0 else { return [] }
    return try await write { transaction in
      let (until, isTooFar) = transaction.now.addingReportingOverflow(duration)
      return try transaction.writeNow(
        PostgresQuery(
          """
          UPDATE notice SET due = $1, attempts = attempts + 1 WHERE id IN (
            SELECT id FROM notice WHERE due <= $2 ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
          ) RETURNING id, assignment, kind, body, created, attempts
          """,
          .int(isTooFar ? .max : until),
          .int(transaction.now),
          .int(Int64(limit))
        )
      ).map(PostgresRows.notice).sorted { $0.id < $1.id }
    }
  }

  package func receipt(_ id: Int64, _ receipt: NoticeReceipt) async throws(WorkError) {
    try await write { try $0.take(receipt, for: id) }
  }
}
