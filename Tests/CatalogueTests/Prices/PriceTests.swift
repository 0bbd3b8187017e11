import Policy
import Testing

@testable import Catalogue

/// Prices in pico-dollars a token: 150,000 is 0.15 USD a million.
private func rate(_ picoDollars: Int64, per: Int64 = 1, least: Int64 = 0) throws -> Rate {
  try #require(Rate(picoDollars: picoDollars, per: per, least: least))
}

@Suite struct PriceTests {
  @Test func `each token is billed once, at the rate of its kind`() throws {
    let prices = PriceList([
      .input: try rate(3_000_000), .output: try rate(15_000_000), .cacheRead: try rate(300_000),
      .cacheWrite: try rate(3_750_000), .cacheWriteHour: try rate(6_000_000),
    ])
    let usage = Usage(
      inputTokens: 10,
      cacheReadTokens: 1000,
      cacheWriteTokens: 7,
      cacheWriteHourTokens: 3,
      outputTokens: 20,
      reasoningTokens: 5
    )
    let expected: Int64 =
      10 * 3_000_000 + 1000 * 300_000 + 7 * 3_750_000 + 3 * 6_000_000 + 25 * 15_000_000
    #expect(try prices.cost(of: usage) == Money(picoDollars: expected))
  }

  @Test func `beyond its size a tier bills the whole call`() throws {
    let prices = PriceList(
      [.input: try rate(2), .output: try rate(12), .cacheRead: try rate(1)],
      tiers: [
        .init(above: 200, rates: [.input: try rate(4), .output: try rate(18)]),
        .init(above: 1000, rates: [.input: try rate(5), .output: try rate(20)]),
      ]
    )
    #expect(try prices.cost(of: Usage(inputTokens: 200, outputTokens: 1)).picoDollars == 412)
    #expect(try prices.cost(of: Usage(inputTokens: 201, outputTokens: 1)).picoDollars == 822)
    #expect(try prices.cost(of: Usage(inputTokens: 1001)).picoDollars == 5005)
    // The tier does not name reading from the cache: what it costs is never less than before.
    let cached = Usage(inputTokens: 1, cacheReadTokens: 300)
    #expect(try prices.cost(of: cached).picoDollars == 4 + 300 * 4)
  }

  @Test func `seconds are billed by the millisecond, rounded up to the pico-dollar`() throws {
    let veo = PriceList([:], video: ["720p": try rate(100_000_000_000), "4k": try rate(3)])
    let clip = Usage(videoMilliseconds: 8000, resolution: "720p")
    #expect(try veo.cost(of: clip).text == "0.80 USD")
    #expect(try veo.cost(of: Usage(videoMilliseconds: 1, resolution: "4k")).picoDollars == 1)
    // A resolution that nobody named may be the dearest.
    #expect(try veo.cost(of: Usage(videoMilliseconds: 8000)).text == "0.80 USD")
    #expect(throws: PriceProblem.unknownResolution("8k")) {
      try veo.cost(of: Usage(videoMilliseconds: 1, resolution: "8k"))
    }
  }

  @Test func `an hour that has a price is divided exactly, and ten seconds are billed at least`()
    throws
  {
    let whisper = PriceList([
      .audioInputSecond: try rate(111_000_000_000, per: 3600, least: 10)
    ])
    #expect(try whisper.cost(of: Usage(audioInputMilliseconds: 3_600_000)).text == "0.111 USD")
    let ten = try whisper.cost(of: Usage(audioInputMilliseconds: 10_000))
    #expect(try whisper.cost(of: Usage(audioInputMilliseconds: 1)) == ten)
    #expect(ten.picoDollars == 308_333_334)
  }

  @Test func `what is used and has no price leaves the whole without one`() throws {
    let prices = PriceList([.input: try rate(1), .output: try rate(1), .cacheWrite: try rate(2)])
    #expect(throws: PriceProblem.unknownUnit(.image)) { try prices.cost(of: Usage(images: 1)) }
    #expect(throws: PriceProblem.unknownUnit(.cacheWriteHour)) {
      try prices.cost(of: Usage(cacheWriteHourTokens: 1))
    }
    #expect(throws: PriceProblem.unknownUnit(.videoSecond)) {
      try prices.cost(of: Usage(videoMilliseconds: 1))
    }
    #expect(throws: PriceProblem.unknownPrice) { try Price.unknown.cost(of: Usage()) }
    #expect(try Price.free.cost(of: Usage(inputTokens: 9)) == Money(picoDollars: 0))
    #expect(Price.unknown != .free)
  }

  @Test func `a call has its price beside its tokens, and none where none is named`() throws {
    let prices = PriceList([
      .input: try rate(1), .output: try rate(1), .request: try rate(5_000_000_000),
    ])
    #expect(try prices.cost(of: Usage(inputTokens: 2)).picoDollars == 5_000_000_002)
    #expect(try PriceList([:]).cost(of: Usage()).picoDollars == 0)
  }

  @Test func `a mode has its own rates, and none for what it does not serve`() throws {
    let prices = PriceList(
      [.input: try rate(2), .output: try rate(3)],
      tiers: [.init(above: 100, rates: [.input: try rate(4), .output: try rate(5)])],
      modes: [
        .init(
          name: "fast",
          field: "service_tier",
          value: "priority",
          rates: [.input: try rate(20), .output: try rate(30)]
        )
      ]
    )
    let usage = Usage(inputTokens: 10, outputTokens: 10)
    #expect(try prices.cost(of: usage, mode: "fast").picoDollars == 500)
    #expect(throws: PriceProblem.unknownMode("fast")) {
      try prices.cost(of: Usage(inputTokens: 101), mode: "fast")
    }
    #expect(throws: PriceProblem.unknownMode("slow")) { try prices.cost(of: usage, mode: "slow") }
  }

  @Test func `what does not fit into 64 bits is a problem, never a small number`() throws {
    let prices = PriceList([.input: try rate(.max), .output: try rate(1)])
    #expect(throws: PriceProblem.overflow) { try prices.cost(of: Usage(inputTokens: 2)) }
    #expect(throws: PriceProblem.overflow) {
      try prices.cost(of: Usage(inputTokens: 1, outputTokens: 1))
    }
    #expect(throws: PriceProblem.overflow) {
      try prices.cost(of: Usage(inputTokens: .max, cacheReadTokens: 1))
    }
    #expect(throws: PriceProblem.negativeCount) { try prices.cost(of: Usage(inputTokens: -1)) }
    #expect(throws: PriceProblem.negativeCount) { try prices.cost(of: Usage(outputTokens: -1)) }
    #expect(Rate(picoDollars: -1) == nil)
    #expect(Rate(picoDollars: 1, per: 0) == nil)
  }
}
