import Catalogue

/// How long the gateway waits for its catalogue, and a request for its route.
///
///     swift build -c release && .build/release/catalogue-bench
@main
enum CatalogueBench {
  private static let document = """
    version: 1
    providers:
      openai: { key: K }
      anthropic: { key: K }
      google: { key: K }
      mistral: { key: K }
      openrouter: { key: K }
      nvidia: { key: K }
      alibaba: { key: K }
    tiers:
      cheap:
        models: [openai/gpt-5.4-nano, mistral/mistral-small-2603, anthropic/claude-haiku-4-5]
        policy: cheapest
    """

  static func main() throws {
    let catalogue = try ModelCatalogue(json: Snapshot.text, file: "models.json")
    try measure("reading the catalogue (\(catalogue.models.count) models)", 200) {
      _ = try ModelCatalogue(json: Snapshot.text, file: "models.json")
    }
    let configuration = try GatewayConfiguration.parse(
      document,
      file: "gateway.yaml",
      catalogue: catalogue
    )
    try measure("reading the configuration", 200) {
      _ = try GatewayConfiguration.parse(document, file: "gateway.yaml", catalogue: catalogue)
    }
    guard let today = CalendarDate("2026-11-21") else { return }
    let table = RouteTable(configuration, catalogue: catalogue, today: today)
    measure("working out \(table.groups.count) names", 200) {
      _ = RouteTable(configuration, catalogue: catalogue, today: today)
    }
    var random = SystemRandomNumberGenerator()
    var request = RouteRequest(
      name: "cheap",
      needs: Needs(input: .image, capabilities: .tools),
      bound: RequestBound(textBytes: 4000, outputTokens: 500),
      needsPrice: true,
      today: today
    )
    measure("a route by price among three", 20_000) {
      _ = table.route(request, using: &random)
    }
    request.name = "openai/gpt-5.4-minny"
    measure("a name that nobody knows", 200) { _ = table.route(request, using: &random) }
  }

  private static func measure(_ name: String, _ rounds: Int, _ body: () throws -> Void) rethrows {
    let clock = ContinuousClock()
    var times: [Duration] = []
    for _ in 0..<rounds { times.append(try clock.measure(body)) }
    times.sort()
    let p50 = microseconds(times[rounds / 2])
    let p99 = microseconds(times[rounds * 99 / 100])
    print("\(name): p50 \(p50) µs, p99 \(p99) µs")
  }

  private static func microseconds(_ time: Duration) -> String {
    let tenths = time.components.attoseconds / 100_000_000_000
    return "\(tenths / 10).\(tenths % 10)"
  }
}
