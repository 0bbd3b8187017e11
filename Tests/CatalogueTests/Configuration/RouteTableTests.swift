import Policy
import Testing

@testable import Catalogue

/// Names of a configuration, held against the real catalogue.
@Suite struct RouteTableTests {
  private static let today = CalendarDate("2026-11-21")!

  private func table(_ text: String = Documents.whole) throws -> RouteTable {
    let catalogue = try Documents.catalogue.get()
    let configuration = try GatewayConfiguration.parse(text, file: "g", catalogue: catalogue)
    return RouteTable(configuration, catalogue: catalogue, today: Self.today)
  }

  private func route(_ name: String, needs: [String] = [], in table: RouteTable) throws -> Route {
    var random = SplitMix(seed: 1)
    let request = RouteRequest(name: name, needs: try Needs(words: needs), today: Self.today)
    return table.route(request, using: &random)
  }

  private func names(_ route: Route) -> [String] { route.order.map(\.key.description) }

  @Test func `own names, aliases, tiers and the catalogue's names are all found`() throws {
    let table = try table()
    #expect(names(try route("small", in: table)) == ["mistral/mistral-small-2603"])
    #expect(names(try route("haiku", in: table)) == ["anthropic/claude-haiku-4-5"])
    #expect(names(try route("openai/gpt-4o-mini", in: table)) == ["openai/gpt-4o-mini"])
    #expect(names(try route("gpt-4o-mini", in: table)) == ["openai/gpt-4o-mini"])
    // Two providers serve it, and nobody said that both may have it.
    #expect(names(try route("mistral-small-2603", in: table)) == ["mistral/mistral-small-2603"])
    #expect(try route("default", in: table).kind == .tier)
  }

  @Test func `the cheapest of a tier is by the prices of the document and the catalogue`() throws {
    let cheap = try route("cheap", in: try table())
    #expect(
      names(cheap) == [
        "own/llama3.3:70b", "mistral/mistral-small-2603", "eu/mistral-small-2603",
        "openai/gpt-5.4-nano",
      ]
    )
  }

  @Test func `a tier that is drawn from providers holds what qualifies, and nothing retired`()
    throws
  {
    let table = try table()
    let strong = try #require(table.group("strong"))
    #expect(strong.offers.contains { $0.key.description == "anthropic/claude-sonnet-4-6" })
    for offer in strong.offers {
      #expect(offer.model.input.contains(.image))
      #expect(!offer.model.lifecycle.isOver(on: Self.today))
      #expect((offer.model.limits.context ?? .max) >= 400_000)
    }
    #expect(!strong.offers.contains { $0.key.id == "gpt-5.4-pro" }, "it costs 180 USD a million")
  }

  @Test func `retired models refuse with what follows them`() throws {
    let table = try table(
      "version: 1\nproviders: { xiaomi: { key: XIAOMI_API_KEY }, anthropic: { key: A } }\n"
    )
    #expect(
      try route("Hunter Alpha", in: table).refusal?.description
        == "'Hunter Alpha' was retired on 2026-06-30; did you mean xiaomi/mimo-v2.5-pro?"
    )
    #expect(
      try route("claude-3-opus-20240229", in: table).refusal?.description
        == "'claude-3-opus-20240229' was retired on 2026-01-05; did you mean "
        + "anthropic/claude-opus-4-8, anthropic/claude-opus-4-7, anthropic/claude-opus-4-6?"
    )
  }

  @Test func `a picture for a text model is refused with models that could`() throws {
    let route = try route(
      "xiaomi/mimo-v2.5-pro",
      needs: ["vision"],
      in: try table(
        "version: 1\nproviders: { xiaomi: { key: K } }\n"
      )
    )
    guard case .noneQualifies(_, _, let could) = route.refusal else {
      Issue.record("\(route)")
      return
    }
    #expect(could.contains("xiaomi/mimo-v2.5"))
  }

  @Test func `only what is listed can be called where the document says so`() throws {
    let table = try table(
      """
      version: 1
      providers: { openai: { key: K } }
      aliases: { fast: openai/gpt-5.4-nano }
      routing: { listed_only: true }
      """
    )
    #expect(names(try route("fast", in: table)) == ["openai/gpt-5.4-nano"])
    #expect(try route("openai/gpt-5.4-nano", in: table).order.isEmpty)
    #expect(table.groups.count == 1)
  }

  @Test func `a model that nobody knows has no price and no eyes`() throws {
    let table = try table(
      """
      version: 1
      providers: { own: { dialect: openai, base: "http://127.0.0.1:8080/v1" } }
      models: { mine: { provider: own, model: mine.gguf } }
      """
    )
    let offer = try #require(try route("mine", in: table).order.first)
    #expect(offer.model.price == .unknown)
    #expect(offer.model.input == .text)
    #expect(try route("mine", needs: ["vision"], in: table).order.isEmpty)
  }
}
