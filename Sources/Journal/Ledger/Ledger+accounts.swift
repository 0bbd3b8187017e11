import GRDB

extension Ledger {
  /// Makes an account, or gives one that exists another limit, period or parent.
  ///
  /// What calls have cost stays where it was charged.
  package func put(_ account: Account) throws(LedgerError) {
    try put([account])
  }

  /// Makes several accounts, or none of them; a parent may come after its child.
  package func put(_ accounts: [Account]) throws(LedgerError) {
    for account in accounts {
      let scalars = account.id.unicodeScalars
      guard !account.id.isEmpty, account.id.utf8.count <= 512,
        !scalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
      else { throw .invalid("the name of a budget is empty, too long or holds control characters") }
      if let limit = account.limit, limit < 0 {
        throw .invalid("the limit of '\(account.id)' is negative")
      }
    }
    try wait { batch in
      // Looked at before anything is written: an answer with an error undoes nothing by itself.
      var new = Dictionary(accounts.map { ($0.id, $0) }) { $1 }
      for account in accounts {
        var next = account.parent
        var depth = 1
        while let id = next {
          depth += 1
          guard depth <= Account.deepest else {
            throw LedgerError.invalid(
              "'\(account.id)' draws from itself in the end, or has too many budgets above it"
            )
          }
          guard let parent = try new[id] ?? batch.findAccount(id) else {
            throw LedgerError.unknownAccount(id)
          }
          new[id] = parent
          next = parent.parent
        }
      }
      for account in accounts {
        try batch.database.execute(
          sql: """
            INSERT INTO account (id, parent, "limit", period, created) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET parent = excluded.parent, "limit" = excluded."limit",
              period = excluded.period
            """,
          arguments: [
            account.id, account.parent, account.limit, account.period.rawValue, batch.now,
          ]
        )
      }
      batch.forgetAccounts()
    }
  }

  /// All accounts by name, each as it stands in the period that is running.
  package func accounts() throws(LedgerError) -> [AccountState] {
    let now = clock()
    return try read { database in
      let found = try GRDB.Row.fetchAll(
        database,
        sql: #"SELECT id, parent, "limit", period FROM account ORDER BY id"#
      )
      return try found.compactMap { row in
        guard let period = (row[3] as String?).flatMap(BudgetPeriod.init) else { return nil }
        let account = Account(id: row[0], parent: row[1], limit: row[2], period: period)
        let sums = try GRDB.Row.fetchOne(
          database,
          sql: "SELECT reserved, spent FROM spending WHERE account = ? AND start = ?",
          arguments: [account.id, period.start(at: now)]
        ).map { Sums(reserved: $0[0], spent: $0[1]) }
        let level = Budget.Level(account: account, sums: sums ?? .zero)
        return AccountState(
          account: account,
          sums: level.sums,
          left: level.left,
          resets: period.end(at: now)
        )
      }
    }
  }
}
