import Testing

@testable import Catalogue

@Suite struct CircuitBreakerTests {
  private let settings = CircuitBreaker.Settings(
    failures: 3,
    window: .seconds(10),
    rest: .seconds(5),
    longestRest: .seconds(15),
    probes: 1
  )

  private func fail(_ breaker: inout CircuitBreaker, at seconds: Int) throws {
    let permit = try admitted(by: &breaker, at: .seconds(seconds))
    breaker.record(.failure, for: permit, at: .seconds(seconds))
  }

  private func admitted(
    by breaker: inout CircuitBreaker,
    at now: Duration
  ) throws -> CircuitBreaker.Permit {
    let permit = breaker.admit(at: now)
    return try #require(permit)
  }

  private func expect(_ isAdmitted: Bool, _ breaker: inout CircuitBreaker, at now: Duration) {
    let permit = breaker.admit(at: now)
    #expect((permit != nil) == isAdmitted)
  }

  @Test func `it opens after failures, and rests`() throws {
    var breaker = CircuitBreaker(settings)
    for second in 0..<3 { try fail(&breaker, at: second) }
    expect(false, &breaker, at: .seconds(3))
    #expect(breaker.restsUntil(at: .seconds(3)) == .seconds(7))
    #expect(!breaker.admits(at: .seconds(6)))
    #expect(breaker.admits(at: .seconds(7)))
  }

  @Test func `failures that lie far apart, or among successes, do not open it`() throws {
    var breaker = CircuitBreaker(settings)
    for second in [0, 20, 40, 60] { try fail(&breaker, at: second) }
    #expect(breaker.admits(at: .seconds(60)))
    var busy = CircuitBreaker(settings)
    for _ in 0..<10 {
      let permit = try admitted(by: &busy, at: .zero)
      busy.record(.success, for: permit, at: .zero)
    }
    for _ in 0..<5 { try fail(&busy, at: 1) }
    #expect(busy.admits(at: .seconds(1)))
  }

  @Test func `errors that come sooner than answers do not open it`() throws {
    var breaker = CircuitBreaker(settings)
    var permits: [CircuitBreaker.Permit] = []
    for _ in 0..<20 { permits.append(try admitted(by: &breaker, at: .zero)) }
    for permit in permits.prefix(5) { breaker.record(.failure, for: permit, at: .zero) }
    #expect(breaker.admits(at: .zero))
    for permit in permits.dropFirst(5).prefix(4) {
      breaker.record(.success, for: permit, at: .zero)
    }
    #expect(breaker.admits(at: .zero))
    for permit in permits.dropFirst(9) { breaker.record(.failure, for: permit, at: .zero) }
    #expect(!breaker.admits(at: .zero))
  }

  @Test func `half open, one probe at a time is let through`() throws {
    var breaker = CircuitBreaker(settings)
    for second in 0..<3 { try fail(&breaker, at: second) }
    let probe = try admitted(by: &breaker, at: .seconds(8))
    expect(false, &breaker, at: .seconds(8))
    // A client that leaves has taught nothing, and makes room for another probe.
    breaker.record(.neither, for: probe, at: .seconds(8))
    let second = try admitted(by: &breaker, at: .seconds(9))
    breaker.record(.success, for: second, at: .seconds(9))
    expect(true, &breaker, at: .seconds(9))
    expect(true, &breaker, at: .seconds(9))
  }

  @Test func `each probe that fails doubles the rest, up to the longest`() throws {
    var breaker = CircuitBreaker(settings)
    for second in 0..<3 { try fail(&breaker, at: second) }
    try fail(&breaker, at: 7)
    #expect(breaker.restsUntil(at: .seconds(7)) == .seconds(17))
    try fail(&breaker, at: 17)
    #expect(breaker.restsUntil(at: .seconds(17)) == .seconds(32))
    try fail(&breaker, at: 32)
    #expect(breaker.restsUntil(at: .seconds(32)) == .seconds(47))
  }

  @Test func `what began before it opened says nothing afterwards`() throws {
    var breaker = CircuitBreaker(settings)
    let old = try admitted(by: &breaker, at: .zero)
    for second in 0..<3 { try fail(&breaker, at: second) }
    breaker.record(.success, for: old, at: .seconds(3))
    expect(false, &breaker, at: .seconds(3))
    let probe = try admitted(by: &breaker, at: .seconds(8))
    breaker.record(.failure, for: old, at: .seconds(8))
    breaker.record(.success, for: probe, at: .seconds(9))
    #expect(breaker.admits(at: .seconds(9)))
  }

  @Test(arguments: 0..<30)
  func `whatever happens, probes stay few, rests stay bounded, and it recovers`(seed: UInt64)
    throws
  {
    var random = SplitMix(seed: seed)
    let settings = CircuitBreaker.Settings(
      failures: .random(in: 1...6, using: &random),
      window: .seconds(Int.random(in: 1...20, using: &random)),
      rest: .seconds(Int.random(in: 1...5, using: &random)),
      longestRest: .seconds(Int.random(in: 5...30, using: &random)),
      probes: .random(in: 1...3, using: &random)
    )
    var breaker = CircuitBreaker(settings)
    var now = Duration.zero
    var open: [CircuitBreaker.Permit] = []
    for _ in 0..<2000 {
      now += .milliseconds(Int.random(in: 0...1500, using: &random))
      #expect(
        breaker.admits(at: now) == (breaker.restsUntil(at: now) == nil && admits(breaker, now))
      )
      if Bool.random(using: &random), let permit = breaker.admit(at: now) { open.append(permit) }
      if let until = breaker.restsUntil(at: now) {
        #expect(until - now <= settings.longestRest)
        expect(false, &breaker, at: now)
      }
      if !open.isEmpty, Bool.random(using: &random) {
        let permit = open.remove(at: .random(in: 0..<open.count, using: &random))
        let outcome: CircuitBreaker.Outcome =
          Int.random(in: 0..<3, using: &random) == 0 ? .success : .failure
        breaker.record(outcome, for: permit, at: now)
      }
    }
    for permit in open { breaker.record(.neither, for: permit, at: now) }
    now += settings.longestRest
    let permit = try admitted(by: &breaker, at: now)
    breaker.record(.success, for: permit, at: now)
    #expect(breaker.admits(at: now))
  }

  private func admits(_ breaker: CircuitBreaker, _ now: Duration) -> Bool {
    var copy = breaker
    return copy.admit(at: now) != nil
  }
}
