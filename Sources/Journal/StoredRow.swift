import Foundation
import GRDB

/// A row as the file holds it, bytes and not yet believed.
struct StoredRow {
  let sequence: Int64
  let microseconds: Int64
  let run: Data?
  let kind: Data
  let payload: Data
  let previous: ChainHash
  let hash: ChainHash

  // The casts give every column its type, whatever someone has written into it.
  private static let columns = """
    SELECT sequence, CAST(time AS INTEGER), CAST(run AS BLOB), CAST(kind AS BLOB),
      CAST(payload AS BLOB), CAST(previous AS BLOB), CAST(hash AS BLOB) FROM entry
    """

  static func cursor(over database: Database) throws -> RowCursor {
    try GRDB.Row.fetchCursor(database, sql: "\(columns) ORDER BY sequence")
  }

  static func find(_ sequence: Int64, in database: Database) throws -> StoredRow? {
    try GRDB.Row.fetchOne(
      database,
      sql: "\(columns) WHERE sequence = ?",
      arguments: [sequence]
    ).flatMap(StoredRow.init)
  }

  /// Takes a row apart, or gives nil where a part is missing or has no possible form.
  init?(_ row: GRDB.Row) {
    guard let sequence = Int64.fromDatabaseValue(row[0]), sequence > 0,
      let time = Int64.fromDatabaseValue(row[1]), let kind = Data.fromDatabaseValue(row[3]),
      let payload = Data.fromDatabaseValue(row[4]),
      let previous = Data.fromDatabaseValue(row[5]).flatMap({ ChainHash(bytes: $0) }),
      let hash = Data.fromDatabaseValue(row[6]).flatMap({ ChainHash(bytes: $0) })
    else { return nil }
    self.sequence = sequence
    microseconds = time
    run = Data.fromDatabaseValue(row[2])
    self.kind = kind
    self.payload = payload
    self.previous = previous
    self.hash = hash
  }

  /// Whether this row is the one after `tip`.
  func follows(_ tip: Head) -> Bool {
    sequence == tip.sequence + 1 && previous == tip.hash
      && hash == digest(as: sequence, after: previous)
  }

  /// The hash that this content has as row `sequence` after `previous`.
  func digest(as sequence: Int64, after previous: ChainHash) -> ChainHash {
    ChainHash(
      sequence: sequence,
      previous: previous,
      microseconds: microseconds,
      run: run,
      kind: kind,
      payload: payload
    )
  }
}
