import Testing

@testable import Journal

/// The whole of when a lease may be taken.
@Suite struct LeaseRuleTests {
  private static let now: Int64 = 1_000
  private static let limit = LeaseRule.largestRecoveries
  private static let worker = WorkerIdentity(
    host: "here",
    process: ProcessIdentity(pid: 7, start: 1, boot: nil, namespace: nil)
  )

  private enum Time: Int64, CaseIterable {
    case past = 999
    case present = 1_000
    case future = 1_001
  }

  private struct Held {
    let sight: LeaseRule.Sight
    let until: Time
    let fewDeaths: LeaseRule.Decision
    /// As many workers died as may.
    let manyDeaths: LeaseRule.Decision

    init(
      _ sight: LeaseRule.Sight,
      _ until: Time,
      _ fewDeaths: LeaseRule.Decision,
      _ manyDeaths: LeaseRule.Decision
    ) {
      self.sight = sight
      self.until = until
      self.fewDeaths = fewDeaths
      self.manyDeaths = manyDeaths
    }
  }

  private static let recovery = LeaseRule.Decision.take(epoch: 42, isRecovery: true)

  /// Where a worker holds it: who is silent beyond the time has lost it, alive or not; who is dead has
  /// lost it at once; and who holds it in time keeps it.
  private static let held = [
    Held(.alive, .past, recovery, .park),
    Held(.alive, .present, recovery, .park),
    Held(.alive, .future, .leave, .leave),
    Held(.dead, .past, recovery, .park),
    Held(.dead, .present, recovery, .park),
    Held(.dead, .future, recovery, .park),
    Held(.unclear, .past, recovery, .park),
    Held(.unclear, .present, recovery, .park),
    Held(.unclear, .future, .leave, .leave),
  ]

  private static func each(
    _ body: (Assignment.State, Bool, LeaseRule.Sight, Time, Int, Int64) -> Void
  ) {
    for state in Assignment.State.allCases {
      for isDue in [false, true] {
        for sight in LeaseRule.Sight.allCases {
          for until in Time.allCases {
            for recoveries in [0, limit - 1, limit, limit + 1, .max] {
              for epoch in [0, 41, .max - 1, .max] as [Int64] {
                body(state, isDue, sight, until, recoveries, epoch)
              }
            }
          }
        }
      }
    }
  }

  private static func decide(
    _ state: Assignment.State,
    _ isDue: Bool,
    _ sight: LeaseRule.Sight,
    _ until: Time,
    _ recoveries: Int,
    _ epoch: Int64
  ) -> LeaseRule.Decision {
    LeaseRule.decide(
      state: state,
      isDue: isDue,
      lease: LeaseRecord(epoch: epoch, holder: worker, until: until.rawValue),
      recoveries: recoveries,
      sight: sight,
      now: now
    )
  }

  private static func number(_ epoch: Int64) -> LeaseRule.Decision {
    epoch == .max ? .leave : .take(epoch: epoch + 1, isRecovery: false)
  }

  @Test func `each decision is the one that is written down`() {
    var seen = 0
    Self.each { state, isDue, sight, until, recoveries, epoch in
      seen += 1
      let expected: LeaseRule.Decision
      switch state {
      // Nothing more happens unless a person says so.
      case .done, .failed, .stopped, .parked: expected = .leave
      // Whatever is known of who held it before, and however often workers died of it.
      case .queued, .waiting: expected = isDue ? Self.number(epoch) : .leave
      case .running:
        let line = Self.held.first { $0.sight == sight && $0.until == until }
        let decision = recoveries < Self.limit ? line?.fewDeaths : line?.manyDeaths
        switch decision {
        // Numbers are never used twice: after the last one, nobody takes it.
        case _ where epoch == .max: expected = .leave
        case .take: expected = .take(epoch: epoch + 1, isRecovery: true)
        case .park: expected = .park
        case .leave: expected = .leave
        case nil:
          Issue.record("the table lacks \(sight) \(until)")
          return
        }
      }
      let decision = Self.decide(state, isDue, sight, until, recoveries, epoch)
      #expect(
        decision == expected,
        "\(state) \(isDue) \(sight) \(until) \(recoveries) \(epoch)"
      )
    }
    #expect(seen == 7 * 2 * 3 * 3 * 5 * 4)
  }

  @Test func `the table holds each sight with each time once`() {
    #expect(Self.held.count == LeaseRule.Sight.allCases.count * Time.allCases.count)
    #expect(Set(Self.held.map { "\($0.sight) \($0.until)" }).count == Self.held.count)
  }

  // MARK: What holds everywhere

  @Test func `whoever takes it has a number that nobody had`() {
    Self.each { state, isDue, sight, until, recoveries, epoch in
      guard
        case .take(let new, _) = Self.decide(state, isDue, sight, until, recoveries, epoch)
      else { return }
      #expect(new == epoch + 1)
    }
  }

  @Test func `nobody takes it from a worker that is not dead before its time`() {
    Self.each { state, isDue, sight, until, recoveries, epoch in
      guard state == .running, sight != .dead, until == .future else { return }
      #expect(Self.decide(state, isDue, sight, until, recoveries, epoch) == .leave)
    }
  }

  @Test func `it is a recovery exactly where a worker had not let go`() {
    Self.each { state, isDue, sight, until, recoveries, epoch in
      guard
        case .take(_, let isRecovery) =
          Self.decide(state, isDue, sight, until, recoveries, epoch)
      else { return }
      #expect(isRecovery == (state == .running))
    }
  }

  @Test func `only what workers died of is set aside`() {
    Self.each { state, isDue, sight, until, recoveries, epoch in
      guard Self.decide(state, isDue, sight, until, recoveries, epoch) == .park else { return }
      #expect(state == .running && recoveries >= Self.limit)
    }
  }

  /// Of a record as an interrupted machine or another version may have left it.
  @Test(arguments: [Int64.min, 0, .max])
  func `no time traps`(until: Int64) {
    for now in [Int64.min, -1, 0, .max] {
      let decision = LeaseRule.decide(
        state: .running,
        isDue: false,
        lease: LeaseRecord(epoch: 1, holder: nil, until: until),
        recoveries: 0,
        sight: .unclear,
        now: now
      )
      #expect((decision == .leave) == (until > now))
    }
  }

  @Test func `a worker may bear with fewer deaths than the default`() {
    for limit in 0...3 {
      for recoveries in 0...4 {
        let decision = LeaseRule.decide(
          state: .running,
          isDue: false,
          lease: LeaseRecord(epoch: 1, holder: nil, until: 0),
          recoveries: recoveries,
          sight: .dead,
          now: 1,
          largestRecoveries: limit
        )
        let expected: LeaseRule.Decision =
          recoveries >= limit ? .park : .take(epoch: 2, isRecovery: true)
        #expect(decision == expected)
      }
    }
  }
}
