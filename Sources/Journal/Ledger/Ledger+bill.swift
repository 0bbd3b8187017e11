import GRDB

extension Ledger {
  /// Adds up what calls have cost. Everything is counted from the calls, in one snapshot.
  package func bill(
    by grouping: Bill.Grouping = .model,
    _ selection: Bill.Selection = Bill.Selection()
  ) throws(LedgerError) -> Bill {
    try read { database in
      let (condition, arguments) = selection.condition
      let kinds = CallUsage.Kind.allCases
      let rows = try GRDB.Row.fetchCursor(
        database,
        sql: """
          SELECT \(grouping.expression) AS name, count(*), sum(charged),
            sum(state = 'unknown'), sum(CASE state WHEN 'unknown' THEN charged ELSE 0 END),
            \(kinds.map { "total(used ->> '$.\($0.rawValue)')" }.joined(separator: ", "))
          FROM call LEFT JOIN virtual_key ON virtual_key.prefix = call.key
          WHERE state IN ('settled', 'unknown') AND \(condition)
          GROUP BY \(grouping.key) ORDER BY \(grouping == .day ? "1" : "3 DESC, 1")
          """,
        arguments: arguments
      )
      var lines: [Bill.Line] = []
      var total = Bill.Line()
      while let row = try rows.next() {
        var line = Bill.Line(
          name: row[0],
          calls: row[1],
          charged: row[2],
          unknownCalls: row[3],
          unknownCharged: row[4]
        )
        for (index, kind) in kinds.enumerated() {
          line.used[kind] = Int64(row[5 + index] as Double)
        }
        guard total.add(line) else {
          throw LedgerError.invalid("the calls add up to more than can be counted")
        }
        lines.append(line)
      }
      let underWay = try GRDB.Row.fetchOne(
        database,
        sql: """
          SELECT count(*), coalesce(sum(ceiling), 0) FROM call
          WHERE state = 'reserved' AND \(condition)
          """,
        arguments: arguments
      )
      return Bill(
        lines: lines,
        total: total,
        callsUnderWay: underWay?[0] ?? 0,
        reserved: underWay?[1] ?? 0
      )
    }
  }
}

extension Bill.Line {
  /// False where a sum would overflow.
  fileprivate mutating func add(_ other: Bill.Line) -> Bool {
    let (charged, overflow) = charged.addingReportingOverflow(other.charged)
    if overflow { return false }
    self.charged = charged
    calls += other.calls
    unknownCalls += other.unknownCalls
    // Part of what is charged, which did not overflow.
    unknownCharged += other.unknownCharged
    used.add(other.used)
    return true
  }
}

extension Bill.Selection {
  /// Of rows of `call`.
  var condition: (sql: String, arguments: StatementArguments) {
    var conditions = ["1"]
    var arguments: StatementArguments = []
    if let run {
      // Budgets are named after the runs that they are of.
      conditions.append(
        """
        (call.run = ? OR call.account IN (
          WITH RECURSIVE below (id) AS (
            SELECT 'run:' || ? UNION
            SELECT account.id FROM account JOIN below ON account.parent = below.id
          ) SELECT id FROM below))
        """
      )
      arguments += [run, run]
    }
    if let since {
      conditions.append("call.started >= ?")
      arguments += [since]
    }
    if let until {
      conditions.append("call.started < ?")
      arguments += [until]
    }
    return (conditions.joined(separator: " AND "), arguments)
  }
}

extension Bill.Grouping {
  fileprivate var key: String {
    switch self {
    case .run: "call.run"
    case .model: "call.provider, call.model"
    case .key: "call.key"
    case .account: "call.account"
    case .day: "1"
    }
  }

  fileprivate var expression: String {
    switch self {
    case .run: "call.run"
    case .model: "call.provider || '/' || call.model"
    case .key: "coalesce(max(virtual_key.name), call.key)"
    case .account: "call.account"
    case .day: "strftime('%Y-%m-%d', call.started / 1000000, 'unixepoch')"
    }
  }
}
