import Policy
import Testing

@testable import Catalogue

@Suite struct CeilingTests {
  private let limits = ModelLimits(context: 1000, output: 100)

  private func prices(_ rates: [PriceUnit: Int64]) -> PriceList {
    var base: PriceList.Rates = [:]
    for (unit, amount) in rates { base[unit] = Rate(picoDollars: amount) }
    return PriceList(base)
  }

  @Test func `bytes bound the prompt, and the request's limit the answers`() throws {
    let list = prices([.input: 2, .output: 10])
    let bound = RequestBound(textBytes: 500, outputTokens: 7, choices: 3)
    let input = Int64(500 + RequestBound.unseenTokens)
    #expect(try list.ceiling(of: bound, limits: limits).picoDollars == input * 2 + 21 * 10)
  }

  @Test func `a request that names no limit has the model's`() throws {
    let list = prices([.input: 2, .output: 10])
    let bound = RequestBound(inputTokens: 1)
    #expect(try list.ceiling(of: bound, limits: limits).picoDollars == 2 + 1000)
    #expect(throws: PriceProblem.unboundedOutput) {
      try list.ceiling(of: bound, limits: ModelLimits(context: 1000))
    }
  }

  @Test func `each picture is counted, and what cannot be counted fills the window`() throws {
    let list = prices([.input: 1, .output: 1])
    var bound = RequestBound(inputTokens: 5, images: 2, outputTokens: 0)
    #expect(try list.ceiling(of: bound, limits: limits).picoDollars == 24_005)
    let own = ModelLimits(context: 1000, imageTokens: 300)
    #expect(try list.ceiling(of: bound, limits: own).picoDollars == 605)
    bound = RequestBound(inputTokens: 5, hasOtherMedia: true, outputTokens: 0)
    #expect(try list.ceiling(of: bound, limits: limits).picoDollars == 1000)
    #expect(throws: PriceProblem.unboundedInput) {
      try list.ceiling(of: bound, limits: ModelLimits())
    }
  }

  @Test func `a video is reserved at the dearest resolution that it may have`() throws {
    let list = PriceList(
      [:],
      video: [
        "720p": try #require(Rate(picoDollars: 100)), "4k": try #require(Rate(picoDollars: 300)),
      ]
    )
    var bound = RequestBound(outputTokens: 0, cacheWrites: .none, videoMilliseconds: 8000)
    bound.inputTokens = 0
    #expect(try list.ceiling(of: bound, limits: limits).picoDollars == 2400)
    bound.resolution = "720p"
    #expect(try list.ceiling(of: bound, limits: limits).picoDollars == 800)
  }

  @Test(arguments: 0..<20)
  func `no usage within the bound costs more than the ceiling`(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    for _ in 0..<500 {
      let list = PriceList.random(using: &random)
      let bound = RequestBound.random(using: &random)
      let limits = ModelLimits(
        context: .random(in: 0...3000, using: &random),
        output: .random(in: 0...200, using: &random),
        imageTokens: Bool.random(using: &random) ? .random(in: 0...50, using: &random) : nil
      )
      guard let ceiling = try? list.ceiling(of: bound, limits: limits) else { continue }
      for _ in 0..<10 {
        let usage = try Usage.random(within: bound, limits: limits, using: &random)
        let cost = try list.cost(of: usage, mode: bound.mode)
        #expect(cost <= ceiling, "\(list) \(bound) \(limits) \(usage)")
      }
    }
  }
}

extension PriceList {
  fileprivate static func random(using random: inout SplitMix) -> PriceList {
    func rates(_ random: inout SplitMix) -> Rates {
      var rates: Rates = [:]
      for unit in PriceUnit.allCases where Int.random(in: 0..<4, using: &random) > 0 {
        rates[unit] = Rate(
          picoDollars: .random(in: 0...100, using: &random),
          per: unit.isSeconds ? .random(in: 1...3600, using: &random) : 1,
          least: unit.isSeconds ? .random(in: 0...10, using: &random) : 0
        )
      }
      return rates
    }
    let tiers = (0..<Int.random(in: 0...3, using: &random)).map { _ in
      Tier(above: .random(in: 0...2000, using: &random), rates: rates(&random))
    }
    return PriceList(
      rates(&random),
      tiers: tiers,
      video: Bool.random(using: &random)
        ? ["a": Rate(picoDollars: 7)!, "b": Rate(picoDollars: 9)!]
        : [:],
      modes: [Mode(name: "fast", field: "speed", value: "fast", rates: rates(&random))]
    )
  }
}

extension RequestBound {
  fileprivate static func random(using random: inout SplitMix) -> RequestBound {
    RequestBound(
      textBytes: .random(in: 0...2000, using: &random),
      inputTokens: Bool.random(using: &random) ? .random(in: 0...2000, using: &random) : nil,
      images: .random(in: 0...2, using: &random),
      hasOtherMedia: .random(using: &random),
      outputTokens: Bool.random(using: &random) ? .random(in: 0...200, using: &random) : nil,
      choices: .random(in: 1...4, using: &random),
      cacheWrites: [.none, .usual, .hour].randomElement(using: &random) ?? .hour,
      speaks: .random(using: &random),
      imagesMade: .random(in: 0...3, using: &random),
      audioInputMilliseconds: .random(in: 0...20_000, using: &random),
      audioOutputMilliseconds: .random(in: 0...20_000, using: &random),
      videoMilliseconds: .random(in: 0...20_000, using: &random),
      resolution: [nil, "a", "b"].randomElement(using: &random) ?? nil,
      mode: Int.random(in: 0..<4, using: &random) == 0 ? "fast" : nil
    )
  }
}

extension Usage {
  /// Something that the request may turn out to have used.
  fileprivate static func random(
    within bound: RequestBound,
    limits: ModelLimits,
    using random: inout SplitMix
  ) throws -> Usage {
    var usage = Usage()
    func some(_ rest: inout Int) -> Int {
      let count = Int.random(in: 0...rest, using: &random)
      rest -= count
      return count
    }
    var input = try bound.inputBound(limits)
    usage.inputTokens = some(&input)
    usage.cacheReadTokens = some(&input)
    if bound.cacheWrites != .none { usage.cacheWriteTokens = some(&input) }
    if bound.cacheWrites == .hour { usage.cacheWriteHourTokens = some(&input) }
    if bound.hasOtherMedia { usage.audioInputTokens = some(&input) }
    var output = try bound.outputBound(limits)
    usage.outputTokens = some(&output)
    usage.reasoningTokens = some(&output)
    if bound.speaks { usage.audioOutputTokens = some(&output) }
    usage.images = Int.random(in: 0...bound.imagesMade, using: &random)
    usage.audioInputMilliseconds = Int.random(in: 0...bound.audioInputMilliseconds, using: &random)
    usage.audioOutputMilliseconds =
      Int.random(in: 0...bound.audioOutputMilliseconds, using: &random)
    usage.videoMilliseconds = Int.random(in: 0...bound.videoMilliseconds, using: &random)
    usage.resolution = bound.resolution
    return usage
  }
}
