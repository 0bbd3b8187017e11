import Testing

@testable import Journal

@Suite struct BillTests {
  @Test func `a bill adds up to what the accounts have spent, however it is grouped`() async throws
  {
    try await withFixture { fixture in
      let clock = HandClock()
      let ledger = try fixture.ledger(clock)
      try ledger.put([Account(id: "team"), Account(id: "a", parent: "team")])
      try ledger.put(Account(id: "b", parent: "team"))
      let secret = try ledger.addKey(VirtualKey.Terms(name: "ci", account: "a"))
      let epoch = try ledger.begin()
      for number in 0..<12 {
        let call = try await ledger.hold(
          .sample(
            number % 2 == 0 ? "a" : "b",
            ceiling: 1_000,
            run: number % 3 == 0 ? nil : "run\(number % 3)",
            key: number % 2 == 0 ? secret.prefix : nil
          ),
          in: epoch
        )
        switch number % 4 {
        case 0: try await ledger.markUnknown(call, outcome: "lost")
        case 1: try await ledger.release(call, outcome: "refused")
        default: try await ledger.settle(call, .sample(Int64(number)))
        }
        if number == 5 { clock.advance(hours: 12) }
      }
      _ = try await ledger.hold(.sample("a", ceiling: 77), in: epoch)

      let spent = try #require(try ledger.sums("team")).spent
      for grouping in Bill.Grouping.allCases {
        let bill = try ledger.bill(by: grouping)
        #expect(bill.total.charged == spent)
        #expect(bill.lines.map(\.charged).reduce(0, +) == spent)
        #expect(bill.total.calls == 9 && bill.total.unknownCalls == 3)
        #expect(bill.total.unknownCharged == 3_000)
        #expect(bill.total.used[.input] == 6 * 12)
        #expect(bill.callsUnderWay == 1 && bill.reserved == 77)
      }
      #expect(try ledger.bill(by: .key).lines.map(\.name) == ["ci", nil])
      #expect(try ledger.bill(by: .day).lines.map(\.name) == ["2026-03-04", "2026-03-05"])
      #expect(try ledger.bill(by: .model).lines.map(\.name) == ["openai/gpt-5.4-nano"])
      #expect(try Set(ledger.bill(by: .run).lines.map(\.name)) == [nil, "run1", "run2"])
      let midnight: Int64 = 1_772_668_800_000_000
      let before = try ledger.bill(by: .account, Bill.Selection(until: midnight))
      let after = try ledger.bill(by: .account, Bill.Selection(since: midnight))
      #expect(before.total.charged + after.total.charged == spent)
      #expect(try ledger.bill(Bill.Selection(run: "run1")).lines.map(\.calls) == [3])
      #expect(try ledger.bill(Bill.Selection(run: "none")).lines == [])
    }
  }

  @Test func `the bill of a run holds those of the agents below it`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger(HandClock())
      try ledger.put([
        Account(id: "run:top"), Account(id: "run:child", parent: "run:top"),
        Account(id: "run:grandchild", parent: "run:child"), Account(id: "run:other"),
      ])
      let epoch = try ledger.begin()
      for run in ["top", "child", "grandchild", "other"] {
        let request = CallRequest.sample("run:\(run)", ceiling: 1_000, run: run)
        try await ledger.markUnknown(try await ledger.hold(request, in: epoch), outcome: "lost")
      }
      for (run, runs) in [
        ("top", ["child", "grandchild", "top"]), ("child", ["child", "grandchild"]),
        ("grandchild", ["grandchild"]), ("other", ["other"]), ("none", []),
      ] {
        let selection = Bill.Selection(run: run)
        let bill = try ledger.bill(by: .run, selection)
        #expect(bill.lines.compactMap(\.name).sorted() == runs)
        #expect(try ledger.unknowns(selection).compactMap(\.run).sorted() == runs)
      }
      #expect(
        try ledger.sums(of: ["run:top", "run:none"]).mapValues(\.spent) == ["run:top": 3_000]
      )
    }
  }
}
