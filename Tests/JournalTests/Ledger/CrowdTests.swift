import Testing

@testable import Journal

@Suite struct CrowdTests {
  /// Two gateways, many callers each, one budget that is too small for all of them.
  @Test(arguments: [11, 12] as [UInt64])
  func `however many reserve at once, the budget is never exceeded`(seed: UInt64) async throws {
    try await withFixture { fixture in
      let ledgers = [try fixture.ledger(), try fixture.ledger()]
      let limit = 40 * dollar
      try ledgers[0].put([Account(id: "team", limit: limit), Account(id: "key", parent: "team")])
      let epochs = [try ledgers[0].begin(), try ledgers[1].begin()]
      let refused = try await withThrowingTaskGroup(of: Int.self) { group in
        for caller in 0..<24 {
          let (ledger, epoch) = (ledgers[caller % 2], epochs[caller % 2])
          group.addTask {
            var generator = SplitMix(seed: seed &* 100 &+ UInt64(caller))
            var refused = 0
            for _ in 0..<12 {
              let ceiling = Int64.random(in: 0...2 * dollar, using: &generator)
              do {
                let call = try await ledger.hold(.sample("key", ceiling: ceiling), in: epoch)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: try await ledger.release(call, outcome: "refused")
                case 1: try await ledger.markUnknown(call, outcome: "lost")
                default:
                  let amount = Int64.random(in: 0...ceiling, using: &generator)
                  try await ledger.settle(call, .sample(amount))
                }
              } catch LedgerError.refused(let refusal) {
                #expect(refusal.account == "team" && refusal.left < ceiling)
                refused += 1
              }
              let sums = try #require(try ledger.sums("team"))
              #expect(sums.reserved + sums.spent <= limit)
            }
            return refused
          }
        }
        return try await group.reduce(0, +)
      }
      #expect(refused > 0)
      #expect(try ledgers[0].sums("team")?.reserved == 0)
      #expect(try ledgers[0].bill().total.charged == ledgers[0].sums("team")?.spent)
      #expect(try ledgers[1].verify() == [])
      guard case .intact = try ledgers[1].journal.verify() else {
        Issue.record("the chain does not hold")
        return
      }
    }
  }
}
