import Foundation
import Testing

@testable import Catalogue

/// `docs/models.md` is held against what it describes.
@Suite struct ReferenceTests {
  private static let text: String = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let data = try? Data(contentsOf: root.appending(path: "docs/models.md"))
    return String(decoding: data ?? Data(), as: UTF8.self)
  }()

  /// Everything in backticks.
  private static let words = Set(text.split(separator: "`").map(String.init))

  @Test func `it names every key, and every word that a key may have`() {
    var words =
      GatewaySchema.document + GatewaySchema.provider + GatewaySchema.key + GatewaySchema.model
    words += GatewaySchema.price + GatewaySchema.priceTier + GatewaySchema.tier + GatewaySchema.cap
    words += GatewaySchema.routing + GatewaySchema.breaker + GatewaySchema.timeouts
    words += GatewaySchema.translation + GatewaySchema.cache + GatewaySchema.budget
    words += GatewaySchema.limits + GatewaySchema.logs
    words += RoutePolicy.allCases.map(\.rawValue) + Dialect.allCases.map(\.rawValue)
    words += BudgetSettings.Period.allCases.map(\.rawValue) + Needs.words.map(\.word)
    words += GatewayConfiguration.Unsupported.allCases.map(\.rawValue)
    for word in words { #expect(Self.words.contains(word), "\(word)") }
  }

  @Test func `its example is a configuration, and its tiers can be called`() throws {
    let start = try #require(Self.text.range(of: "```yaml\n"))
    let end = try #require(Self.text.range(of: "```", range: start.upperBound..<Self.text.endIndex))
    let example = String(Self.text[start.upperBound..<end.lowerBound])
    let catalogue = try Documents.catalogue.get()
    let configuration = try GatewayConfiguration.parse(example, file: "e", catalogue: catalogue)
    let today = try #require(CalendarDate("2026-11-21"))
    let table = RouteTable(configuration, catalogue: catalogue, today: today)
    var random = SplitMix(seed: 1)
    for name in ["cheap", "strong", "default", "llama"] {
      let route = table.route(RouteRequest(name: name, today: today), using: &random)
      #expect(!route.order.isEmpty, "\(name)")
    }
  }

  @Test func `the defaults that it names are the defaults`() {
    let usual = RoutingSettings()
    #expect(usual.retry.attempts == 3)
    #expect(usual.retryShare == 200)
    #expect(usual.retry.longestAsked == .seconds(20))
    #expect(
      usual.breaker
        == .init(
          failures: 5,
          window: .seconds(30),
          rest: .seconds(5),
          longestRest: .seconds(120),
          probes: 1
        )
    )
    #expect(usual.timeouts.connect == .seconds(5))
    #expect(usual.timeouts.firstByte == .seconds(120))
    #expect(usual.timeouts.idle == .seconds(60))
    #expect(usual.timeouts.total == .seconds(600))
    #expect(GatewayLimits().body == 32 << 20)
    #expect(GatewayLimits().concurrency == 1024)
    #expect(RequestBound.tokensPerImage == 12_000)
  }
}
