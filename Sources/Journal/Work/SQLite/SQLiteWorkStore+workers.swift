import GRDB

extension SQLiteWorkStore {
  package func lease(_ request: LeaseRequest) async throws(WorkError) -> [Lease] {
    // Looked at first without the write lock: mostly there is nothing to take.
    let now = clock()
    let mayTake = try read { database in
      try Self.candidates(in: database, now: now).contains { found in
        var machine = WorkMachine(found, now: now)
        return machine.take(for: request) != nil || !machine.writes.isEmpty
      }
    }
    guard mayTake else { return [] }
    return try await write { batch in
      var leases: [Lease] = []
      for found in try Self.candidates(in: batch.database, now: batch.now) {
        guard leases.count < request.limit else { break }
        var machine = batch.machine(found)
        let lease = machine.take(for: request)
        if machine.writes.isEmpty { continue }
        try batch.save(machine)
        if let lease { leases.append(lease) }
      }
      return leases
    }
  }

  private static func candidates(in database: Database, now: Int64) throws -> [Assignment] {
    try GRDB.Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT \(WorkBatch.columns) FROM assignment
          WHERE state = 'running' OR (state = 'queued' AND (wake IS NULL OR wake <= ?1))
            OR (state = 'waiting' AND wake <= ?1)
          ORDER BY created, id LIMIT 1000
          """
      ),
      arguments: [now]
    ).map(WorkBatch.assignment)
  }

  package func renew(
    _ leases: [Lease],
    for duration: Int64
  ) async throws(WorkError) -> [LeaseStatus] {
    try await write { batch in
      let statement = try batch.database.cachedStatement(
        sql: """
          UPDATE assignment SET lease_until = ? WHERE id = ? AND epoch = ? AND state = 'running'
          """
      )
      let asked = try batch.database.cachedStatement(
        sql: "SELECT stopping FROM assignment WHERE id = ?"
      )
      return try leases.map { lease in
        let (until, isTooFar) = batch.now.addingReportingOverflow(duration)
        try statement.execute(
          arguments: [isTooFar ? .max : until, lease.assignment, lease.epoch]
        )
        guard batch.database.changesCount == 1 else { return .lost }
        let isAsked = try Bool.fetchOne(asked, arguments: [lease.assignment]) ?? false
        return .held(isAskedToStop: isAsked)
      }
    }
  }

  package func commit(
    _ changes: [WorkChange],
    under lease: Lease
  ) async throws(WorkError) {
    try await write { batch in
      var machine = batch.machine(try batch.get(lease.assignment))
      try machine.apply(changes, epoch: lease.epoch)
      try batch.save(machine)
    }
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
        arguments: [batch.now, limit]
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
    try await write { batch in
      let found = try GRDB.Row.fetchOne(
        batch.database,
        sql: "SELECT assignment, kind FROM notice WHERE id = ? AND due IS NOT NULL",
        arguments: [id]
      )
      // Delivered by another meanwhile.
      guard let found else { return }
      let due: Int64?
      let text: String
      switch receipt {
      case .delivered(let said): (due, text) = (nil, "delivered: \(said)")
      case .givenUp(let why): (due, text) = (nil, "given up: \(why)")
      case .failed(let why, let retryAt): (due, text) = (retryAt, "failed: \(why)")
      }
      try batch.append(.notified(id, kind: found[1], receipt: text), found[0])
      try batch.database.execute(
        sql: "UPDATE notice SET due = ?, receipt = ? WHERE id = ?",
        arguments: [due, text, id]
      )
    }
  }
}

extension WorkMachine {
  mutating func take(for request: LeaseRequest) -> Lease? {
    take(
      by: request.worker,
      for: request.duration,
      sight: assignment.lease.holder.map(request.look) ?? .unclear,
      largestRecoveries: request.largestRecoveries
    )
  }
}
