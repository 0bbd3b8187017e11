import GRDB

/// One life of a gateway: its calls carry the number, so that those of a dead one are found.
package struct Epoch: Sendable, Hashable {
  package let id: Int64
  package let process: ProcessIdentity
}

extension Ledger {
  /// Begins the life of a gateway, before its first reservation.
  package func begin(_ process: ProcessIdentity = .current()) throws(LedgerError) -> Epoch {
    try wait { batch in
      try batch.database.execute(
        sql: """
          INSERT INTO epoch (pid, pid_start, boot, pid_namespace, started) VALUES (?, ?, ?, ?, ?)
          """,
        arguments: [
          process.pid, Int64(bitPattern: process.start), process.boot, process.namespace, batch.now,
        ]
      )
      return Epoch(id: batch.database.lastInsertedRowID, process: process)
    }
  }

  /// Ends the life of a gateway: what it has still reserved is an orphan from now on.
  package func end(_ epoch: Epoch) throws(LedgerError) {
    try wait { batch in
      try batch.database.execute(
        sql: "UPDATE epoch SET ended = ? WHERE id = ? AND ended IS NULL",
        arguments: [batch.now, epoch.id]
      )
    }
  }

  /// Calls under way whose gateway is certainly dead.
  ///
  /// Whoever has the spool settles those that it can prove, and marks the others unknown. Two that
  /// do so at once do no harm: each call is closed once.
  package func orphans(
    seenFrom own: ProcessIdentity = .current(),
    look: (Int32) -> CallRecovery.Sight = ProcessIdentity.look(up:)
  ) throws(LedgerError) -> [CallRecord] {
    try read { database in
      // The epochs first, all in one snapshot: a gateway that begins now has no calls in it.
      let epochs = try GRDB.Row.fetchAll(
        database,
        sql: """
          SELECT id, pid, pid_start, boot, pid_namespace, ended IS NOT NULL FROM epoch
          WHERE id IN (SELECT DISTINCT epoch FROM call WHERE state = 'reserved')
          """
      )
      var calls: [CallRecord] = []
      for epoch in epochs {
        let process = ProcessIdentity(
          pid: epoch[1],
          start: UInt64(bitPattern: epoch[2] as Int64),
          boot: epoch[3],
          namespace: epoch[4]
        )
        let fate = CallRecovery.fate(
          of: process,
          hasEnded: epoch[5],
          seenFrom: own,
          as: look(process.pid)
        )
        guard fate == .dead else { continue }
        let found = try GRDB.Row.fetchAll(
          database,
          sql: "\(CallRecord.columns) WHERE state = 'reserved' AND epoch = ? ORDER BY id",
          arguments: [epoch[0] as Int64]
        )
        calls += try found.map { try CallRecord($0) }
      }
      return calls.sorted { $0.id < $1.id }
    }
  }

  /// Whether a gateway's life was in the machine's present one: what it wrote to a file is there then,
  /// whether or not it waited for the disk.
  package func isOfThisBoot(_ epoch: Int64) throws(LedgerError) -> Bool {
    guard let boot = ProcessIdentity.current().boot else { return false }
    return try read { database in
      try String.fetchOne(
        database,
        sql: "SELECT boot FROM epoch WHERE id = ?",
        arguments: [epoch]
      ) == boot
    }
  }

  /// Charges orphans that nobody could settle at their ceiling, all in one transaction.
  ///
  /// Gives those that were charged; a call that somebody closed meanwhile is left as it is.
  @discardableResult
  package func markUnknown(_ calls: [CallID], outcome: String) throws(LedgerError) -> [CallRecord] {
    guard !calls.isEmpty else { return [] }
    return try wait { batch in
      try calls.compactMap { id in
        guard try batch.call(id)?.state == .reserved else { return nil }
        return try batch.markUnknown(id, outcome: outcome)
      }
    }
  }

  /// Calls of which nobody knows whether they were billed, newest first.
  package func unknowns(
    _ selection: Bill.Selection = Bill.Selection(),
    limit: Int = .max
  ) throws(LedgerError) -> [CallRecord] {
    let (condition, arguments) = selection.condition
    return try read { database in
      try GRDB.Row.fetchAll(
        database,
        sql: """
          \(CallRecord.columns) WHERE state = 'unknown' AND \(condition) ORDER BY id DESC LIMIT ?
          """,
        arguments: arguments + [limit]
      ).map { try CallRecord($0) }
    }
  }

  /// One attempt; nil where there is none of that number.
  package func call(_ id: CallID) throws(LedgerError) -> CallRecord? {
    try read { database in
      try GRDB.Row.fetchOne(
        database,
        sql: "\(CallRecord.columns) WHERE id = ?",
        arguments: [id.number]
      ).map { try CallRecord($0) }
    }
  }
}
