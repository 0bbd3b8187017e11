import Foundation
import GRDB

extension Journal {
  /// Rows in the order in which they were written, after row `after`, at most `limit`.
  package func rows(
    run: String? = nil,
    after: Int64 = 0,
    limit: Int = .max
  ) throws(JournalError) -> [Row] {
    try read { database in
      let columns = "SELECT sequence, CAST(time AS INTEGER), run, kind, payload, hash FROM entry"
      let order = "ORDER BY sequence LIMIT ?"
      let found =
        if let run {
          try GRDB.Row.fetchCursor(
            database,
            sql: "\(columns) WHERE run = ? AND sequence > ? \(order)",
            arguments: [run, after, limit]
          )
        } else {
          try GRDB.Row.fetchCursor(
            database,
            sql: "\(columns) WHERE sequence > ? \(order)",
            arguments: [after, limit]
          )
        }
      var rows: [Row] = []
      while let next = try found.next() { rows.append(try self.decode(next)) }
      return rows
    }
  }

  /// The newest runs, newest first.
  package func runs(limit: Int = .max) throws(JournalError) -> [RunSummary] {
    try read { database in
      try self.summaries(
        database,
        where: "1 ORDER BY run.started DESC LIMIT ?",
        arguments: [limit]
      )
    }
  }

  /// One run by its full name; nil where there is none.
  package func run(_ run: String) throws(JournalError) -> RunSummary? {
    try read { database in
      try self.summaries(database, where: "run.id = ?", arguments: [run]).first
    }
  }

  /// The names of all runs that have a row.
  package func runNames() throws(JournalError) -> Set<String> {
    try read { database in try String.fetchSet(database, sql: "SELECT id FROM run") }
  }

  /// Finds the run that a person means: by full name, by the beginning of one, or `last`.
  package func resolve(_ text: String) throws(JournalError) -> String {
    try read { database in
      if text == "last" {
        let newest = try String.fetchOne(
          database,
          sql: "SELECT id FROM run ORDER BY started DESC LIMIT 1"
        )
        guard let newest else { throw JournalError.unknownRun(text) }
        return newest
      }
      let wanted = text.lowercased()
      guard !wanted.isEmpty else { throw JournalError.unknownRun(text) }
      let candidates = try String.fetchAll(
        database,
        sql: "SELECT id FROM run WHERE substr(id, 1, ?) = ? ORDER BY started DESC LIMIT 6",
        arguments: [wanted.unicodeScalars.count, wanted]
      )
      if candidates.contains(wanted) { return wanted }
      guard let only = candidates.first else { throw JournalError.unknownRun(text) }
      guard candidates.count == 1 else {
        throw JournalError.ambiguousRun(text, candidates: candidates)
      }
      return only
    }
  }

  func read<Result>(_ body: (Database) throws -> Result) throws(JournalError) -> Result {
    try Self.translating(path) { try queue.read(body) }
  }

  /// Reads a row without trusting its types: someone else may have written it.
  private func decode(_ row: GRDB.Row) throws -> Row {
    guard let sequence = Int64.fromDatabaseValue(row[0]),
      let time = Int64.fromDatabaseValue(row[1]), let kind = String.fromDatabaseValue(row[3]),
      let payload = String.fromDatabaseValue(row[4]), let bytes = Data.fromDatabaseValue(row[5]),
      let hash = ChainHash(bytes: bytes)
    else {
      throw JournalError.damaged(path: path, reason: "row \(row[0] as DatabaseValue) is no row")
    }
    return Row(
      sequence: sequence,
      microseconds: time,
      run: String.fromDatabaseValue(row[2]),
      kind: kind,
      payload: payload,
      hash: hash
    )
  }

  private func summaries(
    _ database: Database,
    where condition: String,
    arguments: StatementArguments
  ) throws -> [RunSummary] {
    let found = try GRDB.Row.fetchCursor(
      database,
      sql: """
        SELECT run.id, run.denials, start.time, start.kind, start.payload, finish.kind,
          finish.payload, fate.kind, fate.payload
        FROM run JOIN entry AS start ON start.sequence = run.started
          LEFT JOIN entry AS finish ON finish.sequence = run.ended
          LEFT JOIN entry AS fate ON fate.sequence = run.fate
        WHERE \(condition)
        """,
      arguments: arguments
    )
    var summaries: [RunSummary] = []
    while let next = try found.next() {
      if let summary = summary(next) { summaries.append(summary) }
    }
    return summaries
  }

  /// Puts a run together; nil where its start is not readable by this version.
  private func summary(_ row: GRDB.Row) -> RunSummary? {
    func event(at index: Int) -> Event? {
      guard let kind = String.fromDatabaseValue(row[index]),
        let payload = String.fromDatabaseValue(row[index + 1])
      else { return nil }
      return Event(kind: kind, payload: payload)
    }
    guard let run = String.fromDatabaseValue(row[0]), let time = Int64.fromDatabaseValue(row[2])
    else { return nil }
    let started: RunStarted
    switch event(at: 3) {
    case .runStarted(let first): started = first
    case .runResumed(let latest): started = latest
    default: return nil
    }
    var denials = Int.fromDatabaseValue(row[1]) ?? 0
    let state: RunSummary.State
    switch event(at: 5) {
    case .runEnded(let ended):
      state = .ended(ended)
      // The end counts repeats that had no row of their own, and none twice; and nothing of what a
      // run did before it was continued.
      denials = max(denials, ended.denials)
    case .runAbandoned(let abandoned): state = .abandoned(reason: abandoned.reason)
    default: state = .running
    }
    return RunSummary(
      run: run,
      startedAt: time,
      started: started,
      state: state,
      fate: event(at: 7).flatMap(RunSummary.Fate.init),
      denials: denials
    )
  }
}
