import Testing

@testable import Journal

@Suite struct ScheduleNextTests {
  private static func next(every: Int64?, due: Int64?, now: Int64) -> Int64? {
    Schedule(id: "s", text: "t", settings: "{}", every: every, due: due).next(after: now)
  }

  @Test func `it is the first moment after now, and what was missed is not made up for`() {
    #expect(Self.next(every: 10, due: 100, now: 99) == 100)
    #expect(Self.next(every: 10, due: 100, now: 100) == 110)
    #expect(Self.next(every: 10, due: 100, now: 109) == 110)
    #expect(Self.next(every: 10, due: 100, now: 110) == 120)
    #expect(Self.next(every: 10, due: 100, now: 1_234) == 1_240)
    #expect(Self.next(every: 10, due: -15, now: -3) == 5)
  }

  @Test func `what happens once, or never, is not due again`() {
    #expect(Self.next(every: nil, due: 100, now: 100) == nil)
    #expect(Self.next(every: 10, due: nil, now: 100) == nil)
    #expect(Self.next(every: 0, due: 100, now: 100) == nil)
    #expect(Self.next(every: -10, due: 100, now: 100) == nil)
  }

  @Test func `no number traps`() {
    let numbers: [Int64] = [.min, .min + 1, -1, 0, 1, 2, .max - 1, .max]
    for every in numbers {
      for due in numbers {
        for now in numbers {
          if let next = Self.next(every: every, due: due, now: now) {
            #expect(next > now || next == due)
          }
        }
      }
    }
  }
}
