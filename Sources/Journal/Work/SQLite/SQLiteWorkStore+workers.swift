import GRDB

extension SQLiteWorkStore {
  package func lease(_ request: LeaseRequest) async throws(WorkError) -> [Lease] {
    // Looked at first without the write lock: mostly there is nothing to take.
    let now = clock()
    let mayTake = try read { database in
      try Self.candidates(in: database, now: now).contains { request.mayTake($0, now: now) }
    }
    guard mayTake, request.limit > 0 else { return [] }
    return try await write { batch in
      try batch.take(request, among: Self.candidates(in: batch.database, now: batch.now))
    }
  }

  /// What is due, and all that is under way: of that, only its holder's fate tells. Apart, so that
  /// much of the one never hides the other.
  private static func candidates(in database: Database, now: Int64) throws -> [Assignment] {
    try GRDB.Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT * FROM (
            SELECT \(WorkBatch.columns) FROM assignment WHERE state = 'running'
            ORDER BY created, id LIMIT 10000
          ) UNION ALL SELECT * FROM (
            SELECT \(WorkBatch.columns) FROM assignment
            WHERE state = 'queued' AND (wake IS NULL OR wake <= ?1)
            ORDER BY created, id LIMIT 1000
          ) UNION ALL SELECT * FROM (
            SELECT \(WorkBatch.columns) FROM assignment
            WHERE state = 'waiting' AND wake <= ?1 ORDER BY created, id LIMIT 1000
          ) ORDER BY 8, 1
          """
      ),
      arguments: [now]
    ).map(WorkBatch.assignment)
  }

  package func renew(
    _ leases: [Lease],
    for duration: Int64
  ) async throws(WorkError) -> [LeaseStatus] {
    try await write { try $0.renew(leases, for: duration) }
  }

  package func commit(
    _ changes: [WorkChange],
    under lease: Lease
  ) async throws(WorkError) {
    try await write { try $0.commit(changes, under: lease) }
  }

  // MARK: Notices

  package func takeNotices(
    limit: Int,
    for duration: Int64
  ) async throws(WorkError) -> [Notice] {
    let now = clock()
    let isAny = try read { database in
      try Bool.fetchOne(
        database,
        sql: "SELECT EXISTS (SELECT 1 FROM notice WHERE due <= ?)",
        arguments: [now]
      ) ?? false
    }
    guard isAny else { return [] }
    return try await write { batch in
      let notices = try GRDB.Row.fetchAll(
        batch.database,
        sql: """
          SELECT id, assignment, kind, body, created, attempts + 1 FROM notice WHERE due <= ?
          ORDER BY id LIMIT ?
          """,
        arguments: [batch.now, max(0, limit)]
      ).map {
        Notice(
          id: $0[0],
          assignment: $0[1],
          kind: $0[2],
          body: $0[3],
          created: $0[4],
          attempts: $0[5]
        )
      }
      let (until, isTooFar) = batch.now.addingReportingOverflow(duration)
      for notice in notices {
        try batch.database.execute(
          sql: "UPDATE notice SET due = ?, attempts = attempts + 1 WHERE id = ?",
          arguments: [isTooFar ? .max : until, notice.id]
        )
      }
      return notices
    }
  }

  package func receipt(_ id: Int64, _ receipt: NoticeReceipt) async throws(WorkError) {
    try await write { try $0.take(receipt, for: id) }
  }
}
