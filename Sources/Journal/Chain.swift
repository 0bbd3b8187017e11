import Foundation
import GRDB

/// An event as it will stand in its row.
struct Entry: Sendable {
  let event: Event
  let payload: String

  init(_ event: Event) throws(JournalError) {
    self.event = event
    do {
      payload = try event.encodedPayload()
    } catch {
      throw .unencodable(kind: event.kind, reason: "\(error)")
    }
  }
}

/// The end of the chain inside one transaction, and how a row joins it.
struct Chain {
  private(set) var tip: Head

  /// Reads where the chain ends. The caller holds the write lock, so it stays true.
  init(_ database: Database) throws {
    let last = try GRDB.Row.fetchOne(
      database.cachedStatement(
        sql: "SELECT sequence, CAST(hash AS BLOB) FROM entry ORDER BY sequence DESC LIMIT 1"
      )
    )
    guard let last else {
      tip = .genesis
      return
    }
    guard let sequence = Int64.fromDatabaseValue(last[0]),
      let bytes = Data.fromDatabaseValue(last[1]), let hash = ChainHash(bytes: bytes)
    else {
      throw JournalError.damaged(path: "journal.sqlite", reason: "its last row has no hash")
    }
    tip = Head(sequence: sequence, hash: hash)
  }

  mutating func append(
    _ entry: Entry,
    run: String?,
    time: Int64,
    to database: Database
  ) throws -> Row {
    let kind = entry.event.kind
    guard tip.sequence < .max else {
      throw JournalError.damaged(path: "journal.sqlite", reason: "its last row has no next one")
    }
    let sequence = tip.sequence + 1
    let hash = ChainHash(
      sequence: sequence,
      previous: tip.hash,
      microseconds: time,
      run: run?.utf8,
      kind: kind.utf8,
      payload: entry.payload.utf8
    )
    let statement = try database.cachedStatement(
      sql: """
        INSERT INTO entry (sequence, time, run, kind, payload, previous, hash)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    )
    try statement.execute(arguments: [
      sequence, time, run, kind, entry.payload, Data(tip.hash.bytes), Data(hash.bytes),
    ])
    if let run { try index(entry.event, run: run, sequence: sequence, in: database) }
    tip = Head(sequence: sequence, hash: hash)
    return Row(
      sequence: sequence,
      microseconds: time,
      run: run,
      kind: kind,
      payload: entry.payload,
      hash: hash
    )
  }

  /// Notes where the row is found for `caisson runs`.
  private func index(
    _ event: Event,
    run: String,
    sequence: Int64,
    in database: Database
  ) throws {
    switch event {
    case .runStarted:
      try database.execute(
        sql: "INSERT OR IGNORE INTO run (id, started) VALUES (?, ?)",
        arguments: [run, sequence]
      )
    case .runResumed:
      // Whatever became of its changes: there may be new ones now.
      try database.execute(
        sql: "UPDATE run SET started = ?, ended = NULL, fate = NULL WHERE id = ?",
        arguments: [sequence, run]
      )
    case .runEnded, .runAbandoned:
      try database.execute(
        sql: "UPDATE run SET ended = ? WHERE id = ?",
        arguments: [sequence, run]
      )
    case .denial(let denial):
      try database.execute(
        sql: "UPDATE run SET denials = denials + ? WHERE id = ?",
        arguments: [denial.count, run]
      )
    case .network(let event) where event.verdict == .denied:
      try database.execute(
        sql: "UPDATE run SET denials = denials + ? WHERE id = ?",
        arguments: [event.count, run]
      )
    case .applyStarted, .applyFinished, .applyRolledForward, .undoStarted, .undoFinished,
      .discarded:
      try database.execute(
        sql: "UPDATE run SET fate = ? WHERE id = ?",
        arguments: [sequence, run]
      )
    case .limitHit, .mergeFinished, .mergeStarted, .modelCall, .network, .networkGranted,
      .networkRevoked, .unknown, .work:
      break
    }
  }
}
