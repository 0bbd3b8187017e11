/// Why a call to a model came to nothing.
package enum CallFailure: Hashable, Sendable {
  /// No connection, so nothing was asked and nothing is owed.
  case unreachable
  /// Connected, and nothing came within its time.
  case silent
  /// The provider answered with an error; it may have said when to come back.
  case status(Int, retryAfter: Duration?)
  /// The connection ended, or the answer could not be read.
  case broken
  /// Who asked went away.
  case clientGone

  /// What a failure says about another attempt.
  package enum Prospect: Hashable, Sendable {
    /// It may work next time, here or elsewhere.
    case passing
    /// Not here: a key that is not accepted, a model that is not served. Elsewhere it may.
    case elsewhere
    /// The request is at fault.
    case hopeless
  }

  package var prospect: Prospect {
    switch self {
    case .unreachable, .silent, .broken: .passing
    case .clientGone: .hopeless
    case .status(let code, _):
      switch code {
      case 408, 409, 425, 429, 500, 502, 503, 504, 520...524, 529: .passing
      case 401, 402, 403, 404, 410, 501, 505...599: .elsewhere
      default: .hopeless
      }
    }
  }

  /// Whether the provider may have done the work, and will send a bill for it: such an attempt is
  /// charged at its ceiling until it says otherwise.
  package var mayBeBilled: Bool {
    switch self {
    case .unreachable: false
    case .silent, .broken, .clientGone: true
    case .status: false
    }
  }

  /// What a circuit breaker learns from it.
  package var outcome: CircuitBreaker.Outcome {
    switch self {
    case .clientGone: .neither
    case .status(429, _): .failure
    default: prospect == .hopeless ? .neither : .failure
    }
  }
}
