/// Whether a call that failed is made again, where, and after how long.
///
/// Only before the first byte of an answer was passed on: what a client has seen cannot be taken
/// back, and two halves of two answers are no answer.
package struct RetryPolicy: Hashable, Sendable {
  /// Attempts in all, the first included.
  package var attempts: Int
  /// The shortest wait before the same provider is asked again.
  package var base: Duration
  package var longest: Duration
  /// The longest wait that a provider may ask for and be given.
  package var longestAsked: Duration

  package init(
    attempts: Int = 3,
    base: Duration = .milliseconds(250),
    longest: Duration = .seconds(8),
    longestAsked: Duration = .seconds(20)
  ) {
    self.attempts = attempts
    self.base = base
    self.longest = longest
    self.longestAsked = longestAsked
  }

  /// How far a request has come.
  package struct Situation: Hashable, Sendable {
    /// Attempts that were made.
    package var attempts: Int
    /// Whether the client has seen a byte of an answer.
    package var hasAnswered: Bool
    /// Offers that qualify and were not tried.
    package var offersLeft: Int
    /// The wait before the last attempt.
    package var lastWait: Duration
    /// What is left of the time that the request has.
    package var timeLeft: Duration

    package init(
      attempts: Int,
      hasAnswered: Bool = false,
      offersLeft: Int = 0,
      lastWait: Duration = .zero,
      timeLeft: Duration = .seconds(600)
    ) {
      self.attempts = attempts
      self.hasAnswered = hasAnswered
      self.offersLeft = offersLeft
      self.lastWait = lastWait
      self.timeLeft = timeLeft
    }
  }

  package enum Decision: Hashable, Sendable {
    /// The next offer, at once.
    case failOver
    /// The same offer.
    case again(after: Duration)
    case giveUp(Reason)
  }

  package enum Reason: String, Hashable, Sendable {
    case alreadyAnswering = "part of an answer was passed on"
    case clientGone = "the client is gone"
    case hopeless = "it would fail again"
    case attemptsSpent = "it was tried as often as it may be"
    case budgetSpent = "too many requests are being repeated"
    case askedToWaitTooLong = "the provider asks for a longer wait than it is given"
    case noTimeLeft = "the request's time is over"
  }

  /// Decides, and takes from the budget what it decides to spend.
  package func decide(
    _ failure: CallFailure,
    _ situation: Situation,
    budget: inout RetryBudget,
    using random: inout some RandomNumberGenerator
  ) -> Decision {
    if failure == .clientGone { return .giveUp(.clientGone) }
    if situation.hasAnswered { return .giveUp(.alreadyAnswering) }
    let prospect = failure.prospect
    let goesElsewhere = situation.offersLeft > 0
    guard prospect == .passing || prospect == .elsewhere && goesElsewhere else {
      return .giveUp(.hopeless)
    }
    guard situation.attempts < attempts else { return .giveUp(.attemptsSpent) }
    guard situation.timeLeft > .zero else { return .giveUp(.noTimeLeft) }
    if goesElsewhere {
      return budget.withdraw() ? .failOver : .giveUp(.budgetSpent)
    }
    var wait = wait(after: situation.lastWait, using: &random)
    if case .status(_, let asked?) = failure {
      guard asked <= longestAsked else { return .giveUp(.askedToWaitTooLong) }
      wait = max(wait, asked)
    }
    guard wait < situation.timeLeft else { return .giveUp(.noTimeLeft) }
    return budget.withdraw() ? .again(after: wait) : .giveUp(.budgetSpent)
  }

  /// Decorrelated jitter: between the base and three times the last wait, so that those who failed
  /// together do not come back together.
  func wait(
    after last: Duration,
    using random: inout some RandomNumberGenerator
  ) -> Duration {
    let least = max(1, base.milliseconds)
    let most = max(least, min(last.milliseconds.multipliedOrMost(by: 3), longest.milliseconds))
    let drawn = Int64.random(in: least...most, using: &random)
    return min(.milliseconds(drawn), max(base, longest))
  }
}

extension Duration {
  var milliseconds: Int64 {
    let (seconds, parts) = components
    return seconds.multipliedOrMost(by: 1000).addingOrMost(parts / 1_000_000_000_000_000)
  }
}

extension Int64 {
  fileprivate func multipliedOrMost(by factor: Int64) -> Int64 {
    let (product, overflows) = multipliedReportingOverflow(by: factor)
    return overflows ? .max : product
  }

  fileprivate func addingOrMost(_ other: Int64) -> Int64 {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? .max : sum
  }
}
