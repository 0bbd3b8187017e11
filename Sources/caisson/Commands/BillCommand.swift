import ArgumentParser
import Catalogue
import Foundation
import Journal

extension Bill.Grouping: ExpressibleByArgument {}

/// `caisson bill`: what model calls have cost.
struct BillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bill",
    abstract: "Says what model calls have cost.",
    discussion: """
      Amounts are exact. A call of which nobody knows whether it was billed counts at its ceiling, \
      and is listed besides. Days are those of UTC, as budgets count them.

      --verify adds every call up anew, and holds the sums and the calls against the journal.

      Example:
        caisson bill --by key --since 2026-11-01
        caisson bill last --by model --json

      Exit status: 0, or 1 where --verify finds something that differs.
      """
  )

  @Argument(
    help: ArgumentHelp(
      "A run or an assignment alone, with its agents: its name, its beginning or 'last'.",
      valueName: "run"
    )
  )
  var only: String?

  @Option(help: "run, model, key, account or day.")
  var by = Bill.Grouping.model

  @Option(help: ArgumentHelp("The first day, as in 2026-11-01.", valueName: "day"))
  var since: String?

  @Option(help: ArgumentHelp("The last day.", valueName: "day"))
  var until: String?

  @Flag(help: "Print comma-separated values.")
  var csv = false

  @Flag(help: "Print a JSON object; amounts in 10⁻¹² USD.")
  var json = false

  @Flag(help: "Check that the sums are those of the calls, and the calls those of the journal.")
  var verify = false

  func validate() throws {
    if csv && json { throw ValidationError("--csv and --json exclude each other") }
    for (name, day) in [("--since", since), ("--until", until)] {
      if let day, CalendarDate(day) == nil {
        throw ValidationError("\(name) is a day, as in 2026-11-01")
      }
    }
  }

  func run() throws {
    try reportingFailures {
      let home = try Home.current()
      guard let ledger = try home.existingLedger() else {
        complain("there are no calls yet")
        if json || csv { try show(Bill.none, unknowns: []) }
        return
      }
      defer { ledger.close() }
      if verify {
        try check(ledger)
        return
      }
      var selection = Bill.Selection()
      if let only { selection.run = try Self.resolve(only, ledger, home) }
      selection.since = try since.map(Self.start)
      selection.until = try until.map { try Self.start(of: $0) + 86_400_000_000 }
      let bill = try ledger.bill(by: by, selection)
      let unknowns =
        bill.total.unknownCalls == 0 ? [] : try ledger.unknowns(selection)
      try show(bill, unknowns: unknowns)
    }
  }

  private func show(_ bill: Bill, unknowns: [CallRecord]) throws {
    let text = BillText(bill: bill, grouping: by, unknowns: unknowns)
    if json {
      print(try text.json())
    } else if csv {
      print(text.csv)
    } else {
      print(text.table(width: TerminalGlimpse.width, colour: TerminalGlimpse.hasColour))
    }
  }

  /// A run's name; that of an assignment is on the ledger before its run has begun.
  private static func resolve(_ text: String, _ ledger: Ledger, _ home: Home) throws -> String {
    do {
      return try home.journal().resolve(text)
    } catch JournalError.unknownRun(let text) {
      let wanted = "run:" + text.lowercased()
      let found = try ledger.accounts().map(\.account.id).filter { $0.hasPrefix(wanted) }
      guard !text.isEmpty, found.count == 1 else { throw JournalError.unknownRun(text) }
      return String(found[0].dropFirst("run:".count))
    }
  }

  private func check(_ ledger: Ledger) throws {
    let differences = try ledger.verify()
    for difference in differences { complain("\(difference)") }
    if json {
      print(try JSONText.encode(["differences": differences.map(\.description)]))
    } else if differences.isEmpty {
      print("the sums are those of the calls, and the calls those of the journal")
    }
    if !differences.isEmpty { throw ExitCode.failure }
  }

  /// Midnight of a day in UTC, in microseconds since 1970.
  private static func start(of day: String) throws -> Int64 {
    let date = try Date("\(day)T00:00:00Z", strategy: .iso8601)
    return Int64(date.timeIntervalSince1970) * 1_000_000
  }
}

extension Bill {
  fileprivate static let none = Bill(
    lines: [],
    total: Line(),
    callsUnderWay: 0,
    reserved: 0
  )
}
