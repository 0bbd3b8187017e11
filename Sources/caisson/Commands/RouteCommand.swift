import ArgumentParser
import Catalogue
import Foundation
import Policy
import SystemPackage

/// `caisson route`: which model a request would go to.
struct RouteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "route",
    abstract: "Says which model a request would go to.",
    discussion: """
      Example:
        caisson route explain --model cheap --needs vision
      """,
    subcommands: [Explain.self]
  )

  /// `caisson route explain`
  struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "explain",
      abstract: "Lists each candidate for a request, with why it is one or why not.",
      discussion: """
        How providers fare at this moment is not known here: what rests or is busy is not left out.

        Example:
          caisson route explain --model cheap --needs vision,tools
          caisson route explain --model gpt-5.4-mini --input 50000 --output 2000 --json

        Exit status: 0 a model would be called, 1 none would, 126 the configuration is wrong.
        """
    )

    @Option(help: "A model, an alias or a tier.")
    var model: String

    @Option(help: "What the request needs: vision, audio, pdf, tools, json, reasoning, 200k, …")
    var needs: String?

    @Option(help: "Tokens of the prompt, to compare prices by the call.")
    var input: Int?

    @Option(help: "Tokens of the answer at most.")
    var output: Int?

    @Option(help: ArgumentHelp("What the call may cost at most, as in '0.05 USD'."))
    var cap: String?

    @Flag(help: "As under a budget: what has no price is not called.")
    var budget = false

    @Option(
      help: "The gateway's configuration; gateway.yaml of yours by default.",
      completion: .file()
    )
    var config: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    func validate() throws {
      for (name, count) in [("--input", input), ("--output", output)] {
        if let count, !(0...1_000_000_000).contains(count) {
          throw ValidationError("\(name) is a number of tokens")
        }
      }
    }

    func run() throws {
      try ModelsCommand.reporting {
        let home = try Home.current()
        let catalogue = try CatalogueStore(home: home).load()
        let today = CalendarDate.today()
        let configuration = try GatewayFile(home: home, named: config).withLocalModels(catalogue)
        let table = RouteTable(configuration, catalogue: catalogue, today: today)
        var random = SystemRandomNumberGenerator()
        let route = table.route(try request(today, configuration), using: &random)
        print(json ? try JSONText.encode(RouteJSON(route)) : RouteText(route: route).text)
        if route.refusal != nil { throw ExitCode.failure }
      }
    }

    private func request(
      _ today: CalendarDate,
      _ configuration: GatewayConfiguration
    ) throws -> RouteRequest {
      var needs = try Needs(words: needs.map(ModelsCommand.List.words) ?? [])
      needs.contextTokens = max(needs.contextTokens, (input ?? 0) + (output ?? 0))
      let money = try cap.map { text throws(ValueProblem) in try Money(parsing: text) }
      let bound =
        input != nil || output != nil || money != nil
        ? RequestBound(inputTokens: input ?? 1000, outputTokens: output) : nil
      return RouteRequest(
        name: model,
        needs: needs,
        bound: bound,
        cap: money.map { PriceCap(call: $0) },
        needsPrice: budget && configuration.unknownPrice == .refuse,
        today: today
      )
    }
  }
}

/// The gateway's document: the one that is named, or the user's own.
struct GatewayFile {
  let path: String
  private let isNamed: Bool
  private let home: Home

  init(home: Home, named name: String?) {
    self.home = home
    isNamed = name != nil
    path = name ?? home.config.appending("gateway.yaml").string
  }

  func read(_ catalogue: ModelCatalogue) throws -> GatewayConfiguration {
    try GatewayConfiguration.parse(try text(), file: path, catalogue: catalogue)
  }

  /// With the models of this machine, wherever they are reached.
  func withLocalModels(_ catalogue: ModelCatalogue) throws -> GatewayConfiguration {
    let models = try ModelStore(home: home).all()
    let text = try text(orOwn: !models.isEmpty)
    return try GatewayConfiguration.parse(text, file: path, catalogue: catalogue)
      .serving(models.map(\.asOffered), at: "/")
  }

  /// The document, or where there is none and nobody named one, the one that says nothing.
  ///
  /// - Parameter isServed: whether there is something to serve without one.
  func text(orOwn isServed: Bool) throws -> String {
    let isMissing = try !isNamed && isServed && CatalogueStore.text(of: FilePath(path)) == nil
    return isMissing ? "version: 1\n" : try text()
  }

  func text() throws -> String {
    guard let text = try CatalogueStore.text(of: FilePath(path)) else {
      throw CatalogueStoreError.unreadable(
        path,
        reason: isNamed
          ? "there is no such file; name another"
          : "the gateway has no configuration yet; write one there, as docs/models.md says, or name one "
            + "with --config"
      )
    }
    return text
  }
}
