import Foundation
import Testing

@testable import Journal

@Suite struct BudgetTests {
  private static let noon: Int64 = 1_772_625_600_000_000

  private func level(_ id: String, _ limit: Int64?, reserved: Int64 = 0, spent: Int64 = 0)
    -> Budget.Level
  {
    Budget.Level(
      account: Account(id: id, limit: limit, period: .day),
      sums: Sums(reserved: reserved, spent: spent)
    )
  }

  private func refusal(_ verdict: Budget.Verdict) -> Budget.Refusal? {
    if case .refused(let refusal) = verdict { refusal } else { nil }
  }

  @Test func `a call draws on its account and on all above it`() {
    let levels = [level("key", 10, reserved: 2), level("team", nil, spent: 7)]
    #expect(
      Budget.reserve(8, from: levels, at: Self.noon)
        == .allowed([Sums(reserved: 10), Sums(reserved: 8, spent: 7)])
    )
  }

  @Test func `the account that leaves least is named, with what is left and when it resets`() {
    let levels = [level("run", 9), level("key", 10, reserved: 4, spent: 3), level("team", 8)]
    #expect(
      refusal(Budget.reserve(10, from: levels, at: Self.noon))
        == Budget.Refusal(
          account: "key",
          asked: 10,
          left: 3,
          limit: 10,
          period: .day,
          resets: 1_772_668_800_000_000
        )
    )
  }

  @Test func `what would overflow is refused, not wrapped`() {
    let unlimited = level("a", nil, reserved: .max - 1, spent: 1)
    #expect(refusal(Budget.reserve(1, from: [unlimited], at: Self.noon))?.account == "a")
    #expect(refusal(Budget.reserve(.max, from: [unlimited], at: Self.noon)) != nil)
    let overdrawn = level("b", 5, reserved: .max, spent: .max)
    #expect(refusal(Budget.reserve(0, from: [overdrawn], at: Self.noon))?.left == 0)
    #expect(refusal(Budget.reserve(-1, from: [level("c", 5)], at: Self.noon)) != nil)
    #expect(Budget.settle(ceiling: 1, charged: .max, in: Sums(reserved: 1, spent: 1)) == nil)
    #expect(Budget.settle(ceiling: 2, charged: 1, in: Sums(reserved: 1)) == nil)
  }

  @Test(arguments: [
    (BudgetPeriod.hour, "2026-03-04T12:00:00Z", "2026-03-04T13:00:00Z"),
    (.day, "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"),
    (.week, "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z"),
    (.month, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
  ])
  func `a period begins and ends in UTC`(period: BudgetPeriod, start: String, end: String) throws {
    let time = Self.noon + 59 * 60_000_000
    #expect(try period.start(at: time) == Self.microseconds(start))
    #expect(try period.end(at: time) == Self.microseconds(end))
  }

  @Test func `a total never resets`() {
    #expect(BudgetPeriod.total.start(at: Self.noon) == 0)
    #expect(BudgetPeriod.total.end(at: Self.noon) == nil)
  }

  @Test func `months are those of the calendar, through leap years and before 1970`() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
    var generator = SplitMix(seed: 7)
    for _ in 0..<2_000 {
      let seconds = Int64.random(in: -2_000_000_000...8_000_000_000, using: &generator)
      let date = Date(timeIntervalSince1970: Double(seconds))
      let month = try #require(calendar.dateInterval(of: .month, for: date))
      let time = seconds * 1_000_000
      #expect(
        BudgetPeriod.month.start(at: time) == Int64(month.start.timeIntervalSince1970) * 1_000_000
      )
      #expect(
        BudgetPeriod.month.end(at: time) == Int64(month.end.timeIntervalSince1970) * 1_000_000
      )
    }
  }

  /// Random calls on a random tree of accounts, held against a model that adds every call up.
  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func `whatever the order, no account goes above its limit`(seed: UInt64) throws {
    var generator = SplitMix(seed: seed)
    let accounts: [Account] = (0..<6).map { number in
      Account(
        id: "a\(number)",
        parent: number == 0 ? nil : "a\(Int.random(in: 0..<number, using: &generator))",
        limit: Int.random(in: 0..<4, using: &generator) == 0
          ? nil : Int64.random(in: 0...200, using: &generator)
      )
    }
    let byID = Dictionary(uniqueKeysWithValues: accounts.map { ($0.id, $0) })
    var sums: [String: Sums] = [:]
    var open: [(chain: [Account], ceiling: Int64)] = []
    var closed: [(chain: [Account], charged: Int64)] = []

    func check() {
      for account in accounts {
        let held = open.filter { $0.chain.contains(account) }.map(\.ceiling).reduce(0, +)
        let spent = closed.filter { $0.chain.contains(account) }.map(\.charged).reduce(0, +)
        #expect(sums[account.id] ?? .zero == Sums(reserved: held, spent: spent))
        if let limit = account.limit { #expect(held + spent <= limit) }
      }
    }

    for _ in 0..<600 {
      if Int.random(in: 0..<2, using: &generator) == 0, !open.isEmpty {
        let call = open.remove(at: Int.random(in: 0..<open.count, using: &generator))
        let charged = Int64.random(in: 0...call.ceiling, using: &generator)
        for account in call.chain {
          let kept = sums[account.id] ?? .zero
          let settled = Budget.settle(ceiling: call.ceiling, charged: charged, in: kept)
          #expect(settled != nil)
          sums[account.id] = settled
        }
        closed.append((call.chain, charged))
      } else {
        var chain: [Account] = []
        var next = accounts.randomElement(using: &generator)
        while let account = next {
          chain.append(account)
          next = account.parent.flatMap { byID[$0] }
        }
        let ceiling = Int64.random(in: 0...40, using: &generator)
        let levels = chain.map { Budget.Level(account: $0, sums: sums[$0.id] ?? .zero) }
        let room = levels.compactMap(\.left).min() ?? .max
        switch Budget.reserve(ceiling, from: levels, at: 0) {
        case .allowed(let new):
          #expect(ceiling <= room)
          for (account, value) in zip(chain, new) { sums[account.id] = value }
          open.append((chain, ceiling))
        case .refused(let refusal):
          #expect(ceiling > room && refusal.left == room && refusal.asked == ceiling)
        }
      }
      check()
    }
  }

  private static func microseconds(_ text: String) throws -> Int64 {
    Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970) * 1_000_000
  }
}
