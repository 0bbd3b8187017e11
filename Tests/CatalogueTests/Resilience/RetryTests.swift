import Testing

@testable import Catalogue

@Suite struct RetryTests {
  private let policy = RetryPolicy(
    attempts: 3,
    base: .milliseconds(100),
    longest: .seconds(2),
    longestAsked: .seconds(10)
  )

  private func decide(
    _ failure: CallFailure,
    _ situation: RetryPolicy.Situation,
    retries: Int = 10
  ) -> RetryPolicy.Decision {
    var budget = RetryBudget(share: 0, reserve: retries)
    var random = SplitMix(seed: 1)
    return policy.decide(failure, situation, budget: &budget, using: &random)
  }

  @Test(arguments: [
    (CallFailure.unreachable, RetryPolicy.Decision.failOver),
    (.silent, .failOver), (.broken, .failOver),
    (.status(429, retryAfter: .seconds(900)), .failOver),
    (.status(503, retryAfter: nil), .failOver), (.status(529, retryAfter: nil), .failOver),
    (.status(401, retryAfter: nil), .failOver), (.status(404, retryAfter: nil), .failOver),
    (.status(400, retryAfter: nil), .giveUp(.hopeless)),
    (.status(413, retryAfter: nil), .giveUp(.hopeless)),
    (.status(422, retryAfter: nil), .giveUp(.hopeless)),
    (.clientGone, .giveUp(.clientGone)),
  ])
  func `another offer is asked at once, unless the request is at fault`(
    failure: CallFailure,
    decision: RetryPolicy.Decision
  ) {
    #expect(decide(failure, .init(attempts: 1, offersLeft: 2)) == decision)
  }

  @Test(arguments: [
    CallFailure.unreachable, .silent, .broken, .status(500, retryAfter: nil),
    .status(401, retryAfter: nil),
  ])
  func `nothing is repeated once a client has seen a byte`(failure: CallFailure) {
    let situation = RetryPolicy.Situation(attempts: 1, hasAnswered: true, offersLeft: 5)
    #expect(decide(failure, situation) == .giveUp(.alreadyAnswering))
  }

  @Test func `alone, an offer is asked again unless it refuses for good`() {
    let situation = RetryPolicy.Situation(attempts: 1)
    guard case .again(let wait) = decide(.status(500, retryAfter: nil), situation) else {
      Issue.record("it is not asked again")
      return
    }
    #expect(wait == .milliseconds(100))
    #expect(decide(.status(403, retryAfter: nil), situation) == .giveUp(.hopeless))
  }

  @Test func `a wait that is asked for is given, within bounds`() {
    let situation = RetryPolicy.Situation(attempts: 1)
    #expect(decide(.status(429, retryAfter: .seconds(7)), situation) == .again(after: .seconds(7)))
    #expect(
      decide(.status(429, retryAfter: .seconds(11)), situation) == .giveUp(.askedToWaitTooLong)
    )
    let late = RetryPolicy.Situation(attempts: 1, timeLeft: .seconds(6))
    #expect(decide(.status(429, retryAfter: .seconds(7)), late) == .giveUp(.noTimeLeft))
  }

  @Test func `attempts, time and budget end`() {
    #expect(decide(.broken, .init(attempts: 3, offersLeft: 1)) == .giveUp(.attemptsSpent))
    #expect(
      decide(.broken, .init(attempts: 1, offersLeft: 1, timeLeft: .zero)) == .giveUp(.noTimeLeft)
    )
    #expect(
      decide(.broken, .init(attempts: 1, offersLeft: 1), retries: 0) == .giveUp(.budgetSpent)
    )
  }

  @Test func `a refusal costs nothing, and silence may have cost everything`() {
    #expect(!CallFailure.unreachable.mayBeBilled)
    #expect(!CallFailure.status(500, retryAfter: nil).mayBeBilled)
    #expect(CallFailure.silent.mayBeBilled)
    #expect(CallFailure.broken.mayBeBilled)
    #expect(CallFailure.status(400, retryAfter: nil).outcome == .neither)
    #expect(CallFailure.status(429, retryAfter: nil).outcome == .failure)
  }

  @Test(arguments: 0..<20)
  func `retries are never more than their share and the reserve`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    let share = Int.random(in: 0...1000, using: &random)
    let reserve = Int.random(in: 0...20, using: &random)
    var budget = RetryBudget(share: share, reserve: reserve)
    var requests = 0
    var retries = 0
    for _ in 0..<5000 {
      if Bool.random(using: &random) {
        budget.requested()
        requests += 1
      } else if budget.withdraw() {
        retries += 1
      }
      #expect(retries * 1000 <= requests * share + reserve * 1000)
    }
  }

  @Test(arguments: 0..<20)
  func `waits stay between the base and the longest, and spread`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var last = Duration.zero
    var seen: Set<Duration> = []
    for _ in 0..<500 {
      last = policy.wait(after: last, using: &random)
      #expect(last >= policy.base)
      #expect(last <= policy.longest)
      seen.insert(last)
    }
    #expect(seen.count > 50)
    #expect(policy.wait(after: .seconds(Int64.max), using: &random) <= policy.longest)
  }
}
