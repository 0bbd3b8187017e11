import Foundation
import GRDB
import Synchronization
import Testing

@testable import Journal

@Suite struct LedgerTests {
  @Test func `a call is reserved, then charged what it cost, up the whole tree`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      try ledger.put([
        Account(id: "run", parent: "key", limit: 4 * dollar),
        Account(id: "key", parent: "team", period: .day),
        Account(id: "team", limit: 20 * dollar, period: .month),
      ])
      let epoch = try ledger.begin()
      let call = try await ledger.hold(.sample("run", ceiling: 3 * dollar, run: "3kab"), in: epoch)
      for id in ["run", "key", "team"] {
        #expect(try ledger.sums(id) == Sums(reserved: 3 * dollar))
      }
      let record = try await ledger.settle(call, .sample(dollar + 1))
      #expect(record.state == .settled && record.charged == dollar + 1)
      for id in ["run", "key", "team"] {
        #expect(try ledger.sums(id) == Sums(spent: dollar + 1))
      }
      #expect(try ledger.accounts().map(\.left) == [nil, 3 * dollar - 1, 19 * dollar - 1])
      #expect(try ledger.verify() == [])
      let row = try #require(try ledger.journal.rows().last)
      #expect(row.run == "3kab")
      #expect(row.event == .modelCall(try #require(record.event)))
      #expect(try fixture.found() == nil)
    }
  }

  @Test func `a refusal says which budget, what was asked, what is left and when it resets`()
    async throws
  {
    try await withFixture { fixture in
      let clock = HandClock()
      let ledger = try fixture.ledger(clock)
      try ledger.put([
        Account(id: "team", limit: 2 * dollar, period: .day), Account(id: "key", parent: "team"),
        Account(id: "other", parent: "team"),
      ])
      let epoch = try ledger.begin()
      _ = try await ledger.hold(.sample("other", ceiling: dollar), in: epoch)
      let error = await failure {
        _ = try await ledger.reserve(.sample("key", ceiling: dollar + 1), in: epoch)
      }
      #expect(
        error
          == .refused(
            Budget.Refusal(
              account: "team",
              asked: dollar + 1,
              left: dollar,
              limit: 2 * dollar,
              period: .day,
              resets: 1_772_668_800_000_000
            )
          )
      )
      #expect(try ledger.sums("key") == .zero)
      clock.advance(hours: 12)
      _ = try await ledger.hold(.sample("key", ceiling: 2 * dollar), in: epoch)
      #expect(try ledger.verify() == [])
    }
  }

  @Test func `a call is settled in the period in which it was reserved`() async throws {
    try await withFixture { fixture in
      let clock = HandClock()
      let ledger = try fixture.ledger(clock)
      try ledger.put(Account(id: "a", limit: dollar, period: .day))
      let epoch = try ledger.begin()
      let call = try await ledger.hold(.sample("a"), in: epoch)
      clock.advance(hours: 13)
      try ledger.put([Account(id: "b"), Account(id: "a", parent: "b", period: .hour)])
      try await ledger.settle(call, .sample(5))
      #expect(try ledger.sums("a") == .zero)
      #expect(try ledger.sums("b") == .zero)
      #expect(try ledger.verify() == [])
    }
  }

  @Test func `what is released costs nothing, and is no row`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      try ledger.put(Account(id: "a", limit: dollar))
      let epoch = try ledger.begin()
      let call = try await ledger.hold(.sample("a"), in: epoch)
      try await ledger.release(call, outcome: "refused by the provider")
      try await ledger.release(call, outcome: "again")
      #expect(try ledger.sums("a") == .zero)
      #expect(try ledger.journal.rows() == [])
      let error = await failure {
        try await ledger.settle(call, .sample(1))
      }
      #expect(error == .closed(call, as: .released))
    }
  }

  @Test func `an attempt is charged once, whatever is asked again`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      try ledger.put(Account(id: "a"))
      let epoch = try ledger.begin()
      let call = try await ledger.hold(.sample("a"), in: epoch)
      let first = try await ledger.settle(call, .sample(7))
      #expect(try await ledger.settle(call, .sample(7)) == first)
      let closed = LedgerError.closed(call, as: .settled)
      #expect(await failure { try await ledger.settle(call, .sample(8)) } == closed)
      #expect(await failure { try await ledger.release(call, outcome: "") } == closed)
      #expect(await failure { try await ledger.markUnknown(call, outcome: "") } == closed)
      #expect(try ledger.sums("a") == Sums(spent: 7))
      #expect(try ledger.journal.rows().count == 1)
    }
  }

  @Test func `more than the ceiling is charged only where the provider billed it`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      try ledger.put(Account(id: "a", limit: dollar))
      let epoch = try ledger.begin()
      let call = try await ledger.hold(.sample("a"), in: epoch)
      let error = await failure {
        try await ledger.settle(call, .sample(dollar + 1))
      }
      #expect(error == .aboveCeiling(call, charged: dollar + 1, ceiling: dollar))
      try await ledger.settle(call, .sample(dollar + 1, beyond: true))
      #expect(try ledger.accounts().first?.left == 0)
      #expect(try ledger.call(call)?.isBeyond == true)
      #expect(try ledger.verify() == [])
      guard case .modelCall(let event) = try ledger.journal.rows().last?.event else {
        Issue.record("no row")
        return
      }
      #expect(event.beyond == true && event.charged == dollar + 1 && event.ceiling == dollar)
    }
  }

  @Test func `attempts of one call are reserved one by one, and all that were billed count`()
    async throws
  {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      try ledger.put(Account(id: "a"))
      let epoch = try ledger.begin()
      let first = try await ledger.hold(.sample("a", key: "k", idempotency: "i"), in: epoch)
      try await ledger.markUnknown(first, outcome: "timed out")
      let retry = CallRequest.sample("a", key: "k", retry: .init(of: first, attempt: 2))
      let second = try await ledger.hold(retry, in: epoch)
      // The same attempt again is the same reservation.
      #expect(try await ledger.reserve(retry, in: epoch).earlier?.id == second)
      try await ledger.settle(second, .sample(5))
      #expect(try ledger.sums("a") == Sums(spent: dollar + 5))
      let again = try await ledger.reserve(.sample("a", key: "k", idempotency: "i"), in: epoch)
      #expect(again.earlier?.id == second && again.earlier?.first == first)
      #expect(try ledger.unknowns().map(\.id) == [first])
      let error = await failure {
        _ = try await ledger.reserve(.sample(retry: .init(of: CallID(99), attempt: 2)), in: epoch)
      }
      #expect(error == .unknownCall(CallID(99)))
      #expect(try ledger.verify() == [])
    }
  }

  @Test
  func `the same idempotency key is the same call for a day, and with another request a conflict`()
    async throws
  {
    try await withFixture { fixture in
      let clock = HandClock()
      let ledger = try fixture.ledger(clock)
      let epoch = try ledger.begin()
      for key in [nil, "k"] as [String?] {
        let request = CallRequest.sample(key: key, idempotency: "i")
        let call = try await ledger.hold(request, in: epoch)
        let earlier = try await ledger.reserve(request, in: epoch).earlier
        #expect(earlier?.id == call && earlier?.state == .reserved)
        let error = await failure {
          _ = try await ledger.reserve(.sample(key: key, idempotency: "i", hash: [2]), in: epoch)
        }
        #expect(error == .conflict(with: call))
      }
      clock.advance(hours: 24)
      _ = try await ledger.hold(.sample(key: "k", idempotency: "i", hash: [2]), in: epoch)
    }
  }

  @Test func `many who reserve the same at once share one reservation`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      try ledger.put(Account(id: "a"))
      let epoch = try ledger.begin()
      let reservations = try await withThrowingTaskGroup(of: Reservation.self) { group in
        for _ in 0..<40 {
          group.addTask {
            try await ledger.reserve(.sample("a", key: "k", idempotency: "i"), in: epoch)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(reservations.compactMap(\.id).count == 1)
      #expect(Set(reservations.map { $0.id ?? $0.earlier?.id }).count == 1)
      #expect(try ledger.sums("a") == Sums(reserved: dollar))
    }
  }

  @Test func `an operation that fails leaves its neighbours alone`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      try ledger.put(Account(id: "a", limit: 3 * dollar))
      let epoch = try ledger.begin()
      let outcomes = try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
        for number in 0..<60 {
          group.addTask {
            let account = number % 3 == 1 ? "nobody" : "a"
            let ceiling = number % 3 == 2 ? -1 : dollar
            let error = await failure {
              _ = try await ledger.reserve(.sample(account, ceiling: ceiling), in: epoch)
            }
            switch (number % 3, error) {
            case (0, nil), (0, .refused), (1, .unknownAccount), (2, .invalid): break
            default: Issue.record("\(number): \(error as Any)")
            }
            return (number, error == nil)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.filter { $0.1 }.count == 3)
      #expect(try ledger.sums("a") == Sums(reserved: 3 * dollar))
      #expect(try ledger.verify() == [])
    }
  }

  @Test func `a damaged call is told as that, and its neighbours stand`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      let epoch = try ledger.begin()
      let calls = [
        try await ledger.hold(.sample(), in: epoch), try await ledger.hold(.sample(), in: epoch),
      ]
      try fixture.tamper("UPDATE call SET state = 'odd' WHERE id = \(calls[0].number)")
      async let broken = failure {
        try await ledger.settle(calls[0], .sample(1))
      }
      async let whole = ledger.settle(calls[1], .sample(1))
      guard case .invalid = await broken else {
        Issue.record("\(await broken as Any)")
        return
      }
      #expect(try await whole.state == .settled)
    }
  }

  @Test func `verify names sums, calls and rows that were changed`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      try ledger.put(Account(id: "a"))
      let epoch = try ledger.begin()
      var calls: [CallID] = []
      for _ in 0..<3 { calls.append(try await ledger.hold(.sample("a"), in: epoch)) }
      for call in calls.prefix(2) { try await ledger.settle(call, .sample(9)) }
      try fixture.tamper("UPDATE call SET charged = 4 WHERE id = \(calls[0].number)")
      #expect(
        try ledger.verify() == [
          .sums(
            account: "a",
            start: 0,
            kept: Sums(reserved: dollar, spent: 18),
            counted: Sums(reserved: dollar, spent: 13)
          ),
          .differs(calls[0], row: 1),
        ]
      )
      try fixture.tamper("UPDATE call SET state = 'released', charged = 0 WHERE id <= 2")
      try fixture.tamper("UPDATE call SET state = 'settled' WHERE id = 3")
      #expect(
        try ledger.verify().dropFirst() == [
          .uncalled(calls[0], row: 1), .uncalled(calls[1], row: 2), .unchained(calls[2]),
        ]
      )
    }
  }

  @Test func `an account above itself, or below nothing, is refused`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      #expect(throws: LedgerError.unknownAccount("x")) {
        try ledger.put(Account(id: "a", parent: "x"))
      }
      try ledger.put([Account(id: "b", parent: "a"), Account(id: "a")])
      #expect(throws: LedgerError.self) { try ledger.put(Account(id: "a", parent: "b")) }
      #expect(throws: LedgerError.self) { try ledger.put(Account(id: "c", parent: "c")) }
      #expect(throws: LedgerError.self) { try ledger.put(Account(id: "c\n", limit: 1)) }
      #expect(throws: LedgerError.self) { try ledger.put(Account(id: "c", limit: -1)) }
      #expect(try ledger.accounts().map(\.account.id) == ["a", "b"])
    }
  }

  @Test func `what is asked of a closed ledger fails, what was asked before is done`() async throws
  {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      let epoch = try ledger.begin()
      let answers = Mutex<[Bool]>([])
      for _ in 0..<20 {
        ledger.reserve(.sample(), in: epoch) { result in
          answers.withLock { $0.append((try? result.get()) != nil) }
        }
      }
      ledger.close()
      ledger.close()
      #expect(answers.withLock { $0 } == Array(repeating: true, count: 20))
      let error = await failure {
        _ = try await ledger.reserve(.sample(), in: epoch)
      }
      #expect(error == .closing)
    }
  }

  @Test func `a model call is written as the encoder would, in order and escaped`() throws {
    for beyond in [nil, true] as [Bool?] {
      let call = ModelCall(
        call: 7,
        attempt: 2,
        state: .unknown,
        key: beyond == nil ? nil : "k\u{1}\u{7F}",
        account: "team \"ü\" \\ / \n\t\r\u{8}\u{C}\u{1F}",
        model: "a/b",
        provider: "p 😀",
        used: CallUsage([
          .output: 1, .audioInputMilliseconds: 2, .audioInput: 3, .cacheWriteHour: 4,
        ]),
        ceiling: .max,
        charged: 0,
        basis: "ceiling",
        beyond: beyond,
        outcome: "\u{2028}"
      )
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let expected = String(decoding: try encoder.encode(call), as: UTF8.self)
      #expect(try Event.modelCall(call).encodedPayload() == expected)
      #expect(Event(kind: "model-call", payload: expected) == .modelCall(call))
    }
  }
}
