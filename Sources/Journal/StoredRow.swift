import Foundation
import GRDB

/// A row as the file holds it, bytes and not yet believed.
package struct StoredRow {
  let sequence: Int64
  let microseconds: Int64
  let run: [UInt8]?
  let kind: [UInt8]
  let payload: [UInt8]
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

  /// Takes a row apart, or gives nil where a part is missing or has no possible form.
  init?(_ row: GRDB.Row) {
    func bytes(_ column: Int) -> [UInt8]? { Data.fromDatabaseValue(row[column]).map(Array.init) }
    self.init(
      sequence: Int64.fromDatabaseValue(row[0]),
      microseconds: Int64.fromDatabaseValue(row[1]),
      run: bytes(2),
      kind: bytes(3),
      payload: bytes(4),
      previous: bytes(5),
      hash: bytes(6)
    )
  }

  /// Takes the parts as they were found; nil where one is missing or has no possible form.
  package init?(
    sequence: Int64?,
    microseconds: Int64?,
    run: [UInt8]?,
    kind: [UInt8]?,
    payload: [UInt8]?,
    previous: [UInt8]?,
    hash: [UInt8]?
  ) {
    guard let sequence, sequence > 0, let microseconds, let kind, let payload,
      let previous = previous.flatMap({ ChainHash(bytes: $0) }),
      let hash = hash.flatMap({ ChainHash(bytes: $0) })
    else { return nil }
    self.sequence = sequence
    self.microseconds = microseconds
    self.run = run
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
