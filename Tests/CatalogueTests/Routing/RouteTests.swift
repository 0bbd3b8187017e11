import Policy
import Testing

@testable import Catalogue

@Suite struct RouteTests {
  private static let today = CalendarDate("2026-11-21") ?? CalendarDate("2026-11")!

  private static func offer(
    _ provider: String,
    _ id: String,
    input: Modalities = .text,
    capabilities: Capabilities = [.tools, .streaming],
    context: Int = 100_000,
    lifecycle: Lifecycle = .current,
    price: (Int64, Int64)? = (100_000, 400_000),
    weight: Int = 1
  ) -> Offer {
    let key = Offer.Key(provider: provider, id: id)
    var rates: PriceList.Rates = [:]
    rates[.input] = price.flatMap { Rate(picoDollars: $0.0) }
    rates[.output] = price.flatMap { Rate(picoDollars: $0.1) }
    let model = ModelEntry(
      key: key,
      input: input,
      capabilities: capabilities,
      limits: ModelLimits(context: context, output: 1000),
      lifecycle: lifecycle,
      price: price == nil ? .unknown : .listed(PriceList(rates))
    )
    return Offer(key: key, model: model, weight: weight)
  }

  private static let mini = offer("openai", "mini", input: [.text, .image])
  private static let nano = offer("openai", "nano", price: (50_000, 200_000), weight: 3)
  private static let small = offer("mistral", "small", context: 8000, price: (60_000, 100_000))
  private static let own = offer("own", "llama", price: nil)
  private static let old = offer(
    "xiaomi",
    "mimo-v2-pro",
    lifecycle: .retired(on: CalendarDate("2026-06-30"), successor: "mimo-v2.5-pro")
  )

  private func table(_ policy: RoutePolicy = .priority, cap: PriceCap? = nil) -> RouteTable {
    func model(_ offer: Offer) -> RouteTable.Group {
      .init(name: offer.key.description, kind: .model, offers: [offer])
    }
    return RouteTable(
      groups: [
        model(Self.mini), model(Self.nano), model(Self.small), model(Self.own), model(Self.old),
        .init(name: "Hunter Alpha", kind: .alias, offers: [Self.old]),
        .init(
          name: "cheap",
          kind: .tier,
          offers: [Self.mini, Self.nano, Self.small, Self.own],
          policy: policy,
          cap: cap
        ),
      ]
    )
  }

  private func route(
    _ name: String,
    _ policy: RoutePolicy = .priority,
    needs: [String] = [],
    cap: PriceCap? = nil,
    seed: UInt64 = 0,
    health: [String: OfferHealth] = [:],
    change: (inout RouteRequest) -> Void = { _ in }
  ) throws -> Route {
    var random = SplitMix(seed: seed)
    var request = RouteRequest(
      name: name,
      needs: try Needs(words: needs),
      today: Self.today,
      now: .seconds(100)
    )
    change(&request)
    return table(policy, cap: cap).route(
      request,
      health: { health[$0.description] ?? OfferHealth() },
      using: &random
    )
  }

  private func names(_ route: Route) -> [String] { route.order.map(\.key.description) }

  @Test func `a concrete model, an alias and a tier are found however they are written`() throws {
    #expect(names(try route("OpenAI/mini")) == ["openai/mini"])
    let tier = try route("Cheap")
    #expect(tier.kind == .tier)
    #expect(names(tier) == ["openai/mini", "openai/nano", "mistral/small", "own/llama"])
  }

  @Test func `a request with images never goes to a model without eyes`() throws {
    let tier = try route("cheap", needs: ["vision"])
    #expect(names(tier) == ["openai/mini"])
    #expect(
      tier.candidates.filter { !$0.qualifies }.map(\.exclusions).allSatisfy {
        $0 == [.takesNo(.image)]
      }
    )
    let refused = try route("openai/nano", needs: ["vision"])
    #expect(refused.order.isEmpty)
    #expect(
      refused.refusal?.description
        == "nothing that 'openai/nano' stands for has what is needed (vision); "
        + "these would do: openai/mini"
    )
  }

  @Test func `capabilities and windows are held against the model`() throws {
    let json = try route("cheap", needs: ["json", "9k"])
    let reasons = json.candidates.map(\.exclusions)
    #expect(reasons.contains([.cannot(.json), .windowTooSmall(8000, needed: 9000)]))
    #expect(names(try route("cheap", needs: ["9k"])).contains("mistral/small") == false)
  }

  @Test func `the cheapest is that of the call where it is known, else of its rates`() throws {
    #expect(
      names(try route("cheap", .cheapest))
        == ["mistral/small", "openai/nano", "openai/mini", "own/llama"]
    )
    // Of a call that is nearly all prompt, the rate of the answer matters little.
    let prompt = try route("cheap", .cheapest) {
      $0.bound = RequestBound(inputTokens: 100_000, outputTokens: 1)
    }
    #expect(names(prompt).first == "openai/nano")
  }

  @Test func `what has no price is above every cap, and under a budget out of the question`()
    throws
  {
    let cap = PriceCap(output: try Rate(parsing: "0.30 USD/M", for: .output))
    let capped = try route("cheap", cap: cap)
    #expect(names(capped) == ["openai/nano", "mistral/small"])
    #expect(
      capped.candidates.map(\.exclusions).contains([
        .aboveCap(what: "output", price: "0.40 USD/M", cap: "0.30 USD/M")
      ])
    )
    #expect(
      capped.candidates.map(\.exclusions).contains([.unknownPrice(.unknownPrice)])
    )
    let budget = try route("own/llama") { $0.needsPrice = true }
    #expect(budget.order.isEmpty)
    let call = try route("cheap") {
      $0.bound = RequestBound(inputTokens: 1_000_000, outputTokens: 1)
      $0.cap = PriceCap(call: Money(picoDollars: Money.dollar / 15))
    }
    #expect(names(call) == ["openai/nano", "mistral/small"])
  }

  @Test func `what rests or is full is left out, and the refusal says for how long`() throws {
    let resting = OfferHealth(restsUntil: .seconds(112))
    let one = try route("cheap", health: ["openai/mini": resting])
    #expect(names(one).first == "openai/nano")
    #expect(one.candidates.last?.exclusions == [.resting(seconds: 12)])
    let full = OfferHealth(inFlight: 4, limit: 4)
    let none = try route("openai/mini", health: ["openai/mini": resting])
    #expect(none.refusal == .unavailable("openai/mini", seconds: 12))
    let busy = try route("openai/mini", health: ["openai/mini": full])
    #expect(busy.refusal == .unavailable("openai/mini", seconds: 1))
  }

  @Test func `the least busy is so for its weight`() throws {
    let health = [
      "openai/mini": OfferHealth(inFlight: 2), "openai/nano": OfferHealth(inFlight: 5),
      "mistral/small": OfferHealth(inFlight: 3), "own/llama": OfferHealth(inFlight: 9),
    ]
    #expect(
      names(try route("cheap", .leastBusy, health: health))
        == ["openai/nano", "openai/mini", "mistral/small", "own/llama"]
    )
  }

  @Test func `weights decide how often each is first`() throws {
    var counts: [String: Int] = [:]
    for seed in 0..<3000 {
      let order = names(try route("cheap", .weighted, seed: UInt64(seed)))
      #expect(Set(order).count == 4)
      counts[order[0], default: 0] += 1
    }
    // Three of six.
    #expect(abs((counts["openai/nano"] ?? 0) - 1500) < 120)
    #expect(abs((counts["openai/mini"] ?? 0) - 500) < 90)
  }

  @Test func `retired and unknown names are refused with the nearest that are served`() throws {
    let retired = try route("hunter-alpha")
    #expect(
      retired.refusal
        == .retired(
          "hunter-alpha",
          on: CalendarDate("2026-06-30"),
          successor: "xiaomi/mimo-v2.5-pro",
          nearest: []
        )
    )
    #expect(
      try route("openai/minni").refusal
        == .unknown("openai/minni", nearest: ["openai/mini", "openai/nano"])
    )
    #expect(try route("chaep").refusal == .unknown("chaep", nearest: ["cheap"]))
    #expect(try route("zzzzzzzzz").refusal == .unknown("zzzzzzzzz", nearest: []))
  }

  @Test func `a key's list of models holds for tiers and for what they stand for`() throws {
    let one = try route("cheap") { $0.allowed = ["openai/*"] }
    #expect(names(one) == ["openai/mini", "openai/nano"])
    #expect(try route("cheap") { $0.allowed = ["cheap"] }.order.count == 4)
    #expect(try route("own/llama") { $0.allowed = ["cheap"] }.refusal == .notAllowed("own/llama"))
    #expect(
      try route("chaep") { $0.allowed = ["openai/*"] }.refusal == .unknown("chaep", nearest: [])
    )
  }

  @Test(arguments: 0..<40)
  func `whatever is asked, only what qualifies is tried, and a refusal says why`(seed: UInt64)
    throws
  {
    var random = SplitMix(seed: seed)
    for _ in 0..<50 {
      let words = Needs.words.map(\.word).shuffled(using: &random).prefix(.random(in: 0...2))
      let policy = RoutePolicy.allCases.randomElement(using: &random) ?? .priority
      var health: [String: OfferHealth] = [:]
      for name in ["openai/mini", "openai/nano", "mistral/small"] where Bool.random(using: &random)
      {
        health[name] = OfferHealth(
          restsUntil: .seconds(Int.random(in: 90...110, using: &random)),
          inFlight: .random(in: 0...3, using: &random),
          limit: .random(in: 1...3, using: &random)
        )
      }
      let route = try route("cheap", policy, needs: Array(words), seed: seed, health: health)
      #expect(route.candidates.count == 4)
      #expect(route.order.isEmpty == (route.refusal != nil))
      let needs = try Needs(words: Array(words))
      for offer in route.order {
        #expect(offer.model.input.isSuperset(of: needs.input))
        #expect(offer.model.capabilities.isSuperset(of: needs.capabilities))
        let own = health[offer.key.description]
        #expect((own?.restsUntil ?? .zero) <= .seconds(100))
      }
    }
  }

  @Test(
    arguments: [
      ("200k", 200_000), ("1M", 1_000_000), ("4096", 4096), ("0", nil), ("k", nil), ("2x", nil),
      ("999999999M", nil),
    ] as [(String, Int?)]
  )
  func `a window is written as people write it`(text: String, tokens: Int?) {
    #expect(Needs.tokens(text) == tokens)
  }

  @Test func `a need that no model has is refused with the nearest`() {
    #expect(
      throws: ValueProblem(
        "'visoin' is nothing that a model can have",
        remedy: "did you mean 'vision'?"
      )
    ) {
      try Needs(words: ["visoin"])
    }
  }
}
