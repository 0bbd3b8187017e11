import ArgumentParser
import Catalogue
import Foundation
import Journal
import Policy
import SystemPackage

extension BudgetPeriod: ExpressibleByArgument {}

/// `caisson gateway key`: who may call models, which, and for how much.
struct GatewayKeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key",
    abstract: "Gives out keys for the gateway, each with its models and its budget.",
    discussion: """
      A key is shown once, when it is made; only its hash is kept.

      Example:
        caisson gateway key add ci --budget "20.00 USD" --per day --model cheap
        caisson gateway key list
      """,
    subcommands: [Add.self, List.self, Revoke.self]
  )

  fileprivate static func reporting(_ body: () throws -> Void) throws {
    try ModelsCommand.reporting {
      do {
        try body()
      } catch let error as LedgerError {
        complain("\(error)")
        throw error.isUsage ? ExitCode.validationFailure : caissonFailed
      }
    }
  }
}

extension GatewayKeyCommand {
  /// `caisson gateway key add NAME`
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add",
      abstract: "Makes a key and prints it, once.",
      discussion: """
        The key gets a budget of its own, called key:NAME, which draws on that of --parent, too. \
        Without --budget only the parent bounds it.

        Example:
          caisson gateway key add ci --budget "20.00 USD" --per day --model cheap
          caisson gateway key add anna --parent team --requests-per-minute 60 --json

        Exit status: 0 made, 64 the name is taken, or there is no such parent.
        """
    )

    @Argument(help: "A name of your own, for bills and for 'revoke'.")
    var name: String

    @Option(help: ArgumentHelp("What may be spent, as in '20.00 USD'.", valueName: "amount"))
    var budget: String?

    @Option(help: "For how long: hour, day, week, month or total, in UTC.")
    var per: BudgetPeriod?

    @Option(
      help: "The budget from which it draws, too: of gateway.yaml, or another key's, as key:NAME."
    )
    var parent: String?

    @Option(help: "What it may ask for: a model, an alias or a tier. May be repeated.")
    var model: [String] = []

    @Option(help: ArgumentHelp("Requests a minute at most.", valueName: "n"))
    var requestsPerMinute: Int64?

    @Option(help: ArgumentHelp("Tokens a minute at most.", valueName: "n"))
    var tokensPerMinute: Int64?

    @Flag(help: "Print a JSON object.")
    var json = false

    func validate() throws {
      if per != nil, budget == nil { throw ValidationError("--per belongs to --budget") }
    }

    func run() throws {
      try GatewayKeyCommand.reporting {
        let limit = try budget.map { text throws(ValueProblem) in try Money(parsing: text) }
        let home = try Home.current()
        let ledger = try home.ledger()
        defer { ledger.close() }
        if let parent { try make(parent, in: ledger, home: home) }
        let account = Account(
          id: "key:\(name)",
          parent: parent,
          limit: limit?.picoDollars,
          period: per ?? .total
        )
        let secret = try ledger.addKey(
          VirtualKey.Terms(
            name: name,
            account: account.id,
            models: model.isEmpty ? nil : model,
            requestsPerMinute: requestsPerMinute,
            tokensPerMinute: tokensPerMinute
          ),
          account: account
        )
        if json {
          print(try JSONText.encode(["name": name, "key": secret.text, "prefix": secret.prefix]))
        } else {
          print(secret.text)
          complain("this is shown once; keep it where secrets are kept")
        }
      }
    }

    /// Makes a budget of the gateway's document that no gateway has made yet.
    private func make(_ parent: String, in ledger: Ledger, home: Home) throws {
      let file = GatewayFile(home: home, named: nil)
      let isKnown = try ledger.accounts().contains { $0.account.id == parent }
      guard !isKnown, (try? FilePath(file.path).stat()) != nil else { return }
      let budgets = try file.read(try CatalogueStore(home: home).load()).budgets
      guard budgets.contains(where: { $0.name == parent }) else { return }
      try ledger.put(budgets.map(\.account))
    }
  }

  /// `caisson gateway key list`
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "Lists the keys, never themselves, with what is left of their budgets.",
      discussion: """
        Example:
          caisson gateway key list --all
        """
    )

    @Flag(help: "Revoked keys, too.")
    var all = false

    @Flag(help: "Print an array of JSON objects.")
    var json = false

    func run() throws {
      try GatewayKeyCommand.reporting {
        guard let ledger = try Home.current().existingLedger() else {
          json ? print("[]") : complain(Self.none)
          return
        }
        defer { ledger.close() }
        let states = try ledger.accounts()
        let rows = try ledger.keys(includingRevoked: all).map { key in
          KeyRow(key: key, state: states.first { $0.account.id == key.account })
        }
        if json {
          let lines = try rows.map { try JSONText.encode($0.json) }
          print(lines.isEmpty ? "[]" : "[\n  \(lines.joined(separator: ",\n  "))\n]")
        } else if rows.isEmpty {
          let wereThere = try !all && !ledger.keys(includingRevoked: true).isEmpty
          complain(wereThere ? Self.noneLeft : Self.none)
        } else {
          let table = TextTable(titles: KeyRow.titles, rows: rows.map(\.cells))
          print(table.text(width: TerminalGlimpse.width, colour: TerminalGlimpse.hasColour))
        }
      }
    }

    private static let none = "there are no keys yet; make one with: caisson gateway key add NAME"
    private static let noneLeft =
      "all keys are revoked; see them with: caisson gateway key list --all"
  }

  /// `caisson gateway key revoke NAME`
  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "revoke",
      abstract: "Refuses a key from now on.",
      discussion: """
        What it has spent stays on the bill.

        Example:
          caisson gateway key revoke ci

        Exit status: 0 revoked, 64 there is no key of that name.
        """
    )

    @Argument(help: "The key's name.")
    var name: String

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
      try GatewayKeyCommand.reporting {
        guard let ledger = try Home.current().existingLedger() else {
          throw LedgerError.unknownKey(name)
        }
        defer { ledger.close() }
        try ledger.revokeKey(named: name)
        if json { print(try JSONText.encode(["revoked": name])) }
      }
    }
  }
}

/// A key as a list shows it.
private struct KeyRow {
  let key: VirtualKey
  let state: AccountState?

  static let titles = ["NAME", "KEY", "LEFT", "OF", "PARENT", "STATE", "MODELS"]

  var cells: [String] {
    let limit = state?.account.limit.map { limit in
      "\(Money(picoDollars: limit).text) \(state.map { "per \($0.account.period.rawValue)" } ?? "")"
    }
    return [
      key.name.printable, "sk-caisson-\(key.prefix)…".printable,
      state?.left.map { Money(picoDollars: $0).text } ?? "", limit ?? "",
      state?.account.parent?.printable ?? "", key.revoked == nil ? "" : "revoked",
      key.models?.joined(separator: " ").printable ?? "all",
    ]
  }

  var json: KeyJSON {
    KeyJSON(
      name: key.name,
      prefix: key.prefix,
      account: key.account,
      parent: state?.account.parent,
      models: key.models,
      requestsPerMinute: key.requestsPerMinute,
      tokensPerMinute: key.tokensPerMinute,
      limit: state?.account.limit,
      period: state?.account.period.rawValue,
      reserved: state?.sums.reserved,
      spent: state?.sums.spent,
      left: state?.left,
      resets: state?.resets.map { Timestamp.text(microseconds: $0) },
      created: Timestamp.text(microseconds: key.created),
      revoked: key.revoked.map { Timestamp.text(microseconds: $0) }
    )
  }
}

/// What `key list --json` prints; amounts are pico-dollars (10⁻¹² USD).
private struct KeyJSON: Encodable {
  let name: String
  let prefix: String
  let account: String?
  let parent: String?
  let models: [String]?
  let requestsPerMinute: Int64?
  let tokensPerMinute: Int64?
  let limit: Int64?
  let period: String?
  let reserved: Int64?
  let spent: Int64?
  let left: Int64?
  let resets: String?
  let created: String
  let revoked: String?
}
