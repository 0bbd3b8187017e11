import GRDB

extension Ledger {
  /// What has been spent, and is held back, in all time in some accounts; those of which nothing is
  /// known are left out.
  package func sums(of accounts: [String]) throws(LedgerError) -> [String: Sums] {
    let start = BudgetPeriod.total.start(at: clock())
    return try read { database in
      var found: [String: Sums] = [:]
      var rest = accounts[...]
      while !rest.isEmpty {
        // SQLite takes so many values and more.
        let some = rest.prefix(500)
        rest = rest.dropFirst(500)
        let rows = try GRDB.Row.fetchAll(
          database,
          sql: """
            SELECT account, reserved, spent FROM spending WHERE start = ?
              AND account IN (\(some.map { _ in "?" }.joined(separator: ", ")))
            """,
          arguments: [start] + StatementArguments(Array(some))
        )
        for row in rows { found[row[0]] = Sums(reserved: row[1], spent: row[2]) }
      }
      return found
    }
  }
}
