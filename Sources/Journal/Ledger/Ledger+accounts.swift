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
    try wait { try $0.put(accounts) }
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

extension LedgerBatch {
  func put(_ accounts: [Account]) throws {
    for account in accounts { try account.check() }
    // Looked at before anything is written: an error undoes nothing by itself.
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
        guard let parent = try new[id] ?? findAccount(id) else {
          throw LedgerError.unknownAccount(id)
        }
        new[id] = parent
        next = parent.parent
      }
    }
    for account in accounts {
      try database.execute(
        sql: """
          INSERT INTO account (id, parent, "limit", period, created) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT DO UPDATE SET parent = excluded.parent, "limit" = excluded."limit",
            period = excluded.period
          """,
        arguments: [account.id, account.parent, account.limit, account.period.rawValue, now]
      )
    }
    forgetAccounts()
  }
}

extension Account {
  fileprivate func check() throws(LedgerError) {
    let hasControls = id.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
    guard !id.isEmpty, id.utf8.count <= 512, !hasControls else {
      throw .invalid("the name of a budget is empty, too long or holds control characters")
    }
    if let limit, limit < 0 { throw .invalid("the limit of '\(id)' is negative") }
  }
}
