import Policy
import Testing

@testable import Catalogue

@Suite struct MoneyTests {
  private func model(_ price: Price) -> ModelEntry {
    ModelEntry(
      key: ModelEntry.Key(provider: "p", id: "m"),
      limits: ModelLimits(context: 1000, output: 100),
      price: price
    )
  }

  private func rates(_ input: Int64, _ output: Int64) throws -> PriceList {
    PriceList([
      .input: try #require(Rate(picoDollars: input)),
      .output: try #require(Rate(picoDollars: output)),
    ])
  }

  @Test func `an unknown price is refused, unless the document says what to count`() throws {
    var configuration = GatewayConfiguration()
    let bound = RequestBound(inputTokens: 10)
    #expect(throws: PriceProblem.unknownPrice) {
      try configuration.reservation(for: model(.unknown), bound: bound)
    }
    configuration.unknownPrice = .charge(try rates(5, 7))
    let charge = try configuration.reservation(for: model(.unknown), bound: bound)
    #expect(charge == Charge(amount: Money(picoDollars: 750), basis: .assumed))
    let settled = try configuration.settlement(
      for: model(.unknown),
      usage: Usage(inputTokens: 10, outputTokens: 1),
      mode: "fast"
    )
    #expect(settled == Charge(amount: Money(picoDollars: 57), basis: .assumed))
  }

  @Test func `a known price is never replaced, and free is free`() throws {
    var configuration = GatewayConfiguration()
    configuration.unknownPrice = .charge(try rates(5, 7))
    let usage = Usage(inputTokens: 3, outputTokens: 1)
    let listed = try configuration.settlement(for: model(.listed(try rates(1, 1))), usage: usage)
    #expect(listed == Charge(amount: Money(picoDollars: 4), basis: .listed))
    let free = try configuration.settlement(for: model(.free), usage: usage)
    #expect(free == Charge(amount: Money(picoDollars: 0), basis: .free))
    // How much is used must be bounded whatever it costs.
    #expect(throws: PriceProblem.unboundedInput) {
      var endless = model(.listed(try rates(1, 1)))
      endless.limits.context = nil
      return try configuration.reservation(
        for: endless,
        bound: RequestBound(hasOtherMedia: true, outputTokens: 1)
      )
    }
  }

  @Test func `a mode is recognised by the field that asks for it`() throws {
    let gpt = try Documents.catalogue.get().models(named: "openai/gpt-5.4").first
    let list = try #require(gpt?.price.list)
    #expect(list.mode { $0 == "service_tier" ? "priority" : nil } == "fast")
    #expect(list.mode { $0 == "service_tier" ? "default" : nil } == nil)
    #expect(list.mode { _ in nil } == nil)
  }
}
