/// Keeps requests away from what fails, and finds out with a few of them when it works again.
///
/// Closed until too many recent requests failed; then open for a while; then half open, where a few
/// are let through: one success closes it, one failure opens it for twice as long. Moments are
/// counted from any fixed one. Results of requests that began before the state last changed are
/// ignored: they say nothing about what is now.
package struct CircuitBreaker: Hashable, Sendable {
  package struct Settings: Hashable, Sendable {
    /// Failures within the window that open it, if they are half of all requests there at least,
    /// those under way included: an error comes sooner than an answer does.
    package var failures: Int
    package var window: Duration
    /// How long it is open the first time.
    package var rest: Duration
    /// How long at most.
    package var longestRest: Duration
    /// Requests at a time that try whether it works again.
    package var probes: Int

    package init(
      failures: Int = 5,
      window: Duration = .seconds(30),
      rest: Duration = .seconds(5),
      longestRest: Duration = .seconds(120),
      probes: Int = 1
    ) {
      self.failures = failures
      self.window = window
      self.rest = rest
      self.longestRest = longestRest
      self.probes = probes
    }
  }

  /// Leave for one request, to be given back with what became of it.
  package struct Permit: Hashable, Sendable {
    fileprivate let generation: UInt64
  }

  package enum Outcome: Hashable, Sendable {
    case success
    case failure
    /// Nothing was learned: the client went away, or the fault was the request's own.
    case neither
  }

  private enum State: Hashable, Sendable {
    case closed
    case open(until: Duration, rest: Duration)
    case halfOpen(probing: Int, rest: Duration)
  }

  private struct Result: Hashable, Sendable {
    let moment: Duration
    let isFailure: Bool
  }

  /// As many results as are looked back upon at most.
  private static let longestMemory = 64

  package let settings: Settings
  private var state: State = .closed
  private var generation: UInt64 = 0
  private var results: [Result] = []
  /// Admitted while it was closed, and not yet recorded.
  private var underWay = 0

  package init(_ settings: Settings = Settings()) {
    self.settings = settings
  }

  /// Leave to call, or nil: then it rests.
  package mutating func admit(at now: Duration) -> Permit? {
    if case .open(let until, let rest) = state, now >= until {
      change(to: .halfOpen(probing: 0, rest: rest))
    }
    switch state {
    case .closed: underWay += 1
    case .open: return nil
    case .halfOpen(let probing, let rest):
      guard probing < max(1, settings.probes) else { return nil }
      state = .halfOpen(probing: probing + 1, rest: rest)
    }
    return Permit(generation: generation)
  }

  /// Takes a permit back.
  package mutating func record(_ outcome: Outcome, for permit: Permit, at now: Duration) {
    guard permit.generation == generation else { return }
    if case .closed = state { underWay -= 1 }
    switch (state, outcome) {
    case (.open, _), (.closed, .neither): break
    case (.closed, .success), (.closed, .failure): remember(outcome == .failure, at: now)
    case (.halfOpen, .success): change(to: .closed)
    case (.halfOpen(_, let rest), .failure):
      let next = min(rest * 2, settings.longestRest)
      change(to: .open(until: now + next, rest: next))
    case (.halfOpen(let probing, let rest), .neither):
      state = .halfOpen(probing: max(0, probing - 1), rest: rest)
    }
  }

  /// Until when nothing is let through; nil where something is, or where a probe is being awaited.
  package func restsUntil(at now: Duration) -> Duration? {
    if case .open(let until, _) = state, until > now { until } else { nil }
  }

  /// Whether a request would be let through now.
  package func admits(at now: Duration) -> Bool {
    switch state {
    case .closed: true
    case .open(let until, _): now >= until
    case .halfOpen(let probing, _): probing < max(1, settings.probes)
    }
  }

  private mutating func remember(_ isFailure: Bool, at now: Duration) {
    results.append(Result(moment: now, isFailure: isFailure))
    results.removeAll { $0.moment < now - settings.window }
    if results.count > Self.longestMemory { results.removeFirst() }
    let failures = results.count { $0.isFailure }
    let all = results.count + min(underWay, Self.longestMemory / 2)
    guard failures >= max(1, settings.failures), failures * 2 >= all else { return }
    change(to: .open(until: now + settings.rest, rest: settings.rest))
  }

  private mutating func change(to state: State) {
    self.state = state
    generation &+= 1
    underWay = 0
    results.removeAll(keepingCapacity: true)
  }
}
