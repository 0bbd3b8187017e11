import GRDB

extension Journal {
  /// Recomputes the chain from its first row and compares it with the head that is kept apart.
  ///
  /// Reads one row at a time, in one snapshot: others may go on writing.
  package func verify() throws(JournalError) -> Verification {
    // The head first: rows are committed before their head is, so the snapshot that is opened
    // next holds every row that this head knows.
    let known = try head.read()
    return try read { try SQLiteChain(database: $0).verify(against: known) }
  }
}

/// The rows of `entry`, inside one read.
private struct SQLiteChain: ChainSource {
  let database: Database

  func eachRow(_ body: (StoredRow?) throws -> Bool) throws {
    let rows = try StoredRow.cursor(over: database)
    while let row = try rows.next() {
      guard try body(StoredRow(row)) else { return }
    }
  }

  func largestNumber() throws -> Int64? {
    try Int64.fetchOne(database, sql: "SELECT max(sequence) FROM entry")
  }
}
