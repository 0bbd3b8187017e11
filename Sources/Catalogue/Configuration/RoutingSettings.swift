package import Policy

/// How requests are spread, repeated and given up.
package struct RoutingSettings: Hashable, Sendable {
  /// For tiers that name none of their own.
  package var policy: RoutePolicy = .priority
  package var retry = RetryPolicy()
  /// Retries in a thousand requests.
  package var retryShare = 200
  package var breaker = CircuitBreaker.Settings()
  package var timeouts = Timeouts()
  /// Whether only what the document names may be called, and not all that its providers serve.
  package var listedOnly = false

  package init() {}
}

package struct Timeouts: Hashable, Sendable {
  package var connect: Duration = .seconds(5)
  /// Until the first byte of a stream; what is no stream comes when it is whole.
  package var firstByte: Duration = .seconds(120)
  /// Between two pieces of an answer.
  package var idle: Duration = .seconds(60)
  /// For the whole request, with all its attempts.
  package var total: Duration = .seconds(600)

  package init() {}
}

/// The cache of whole answers, for requests that are the same to the byte.
package struct CacheSettings: Hashable, Sendable {
  package var keep: Duration
  package var bytes: UInt64

  package init(keep: Duration = .seconds(3600), bytes: UInt64 = 256 << 20) {
    self.keep = keep
    self.bytes = bytes
  }
}

/// What may be spent, and with whom it is shared.
package struct BudgetSettings: Hashable, Sendable {
  package enum Period: String, Hashable, Sendable, CaseIterable {
    case hour, day, week, month
    /// Once, and never again.
    case total
  }

  package var name: String
  package var amount: Money
  package var period: Period
  /// The budget from which this one draws, too.
  package var parent: String?

  package init(name: String, amount: Money, period: Period = .total, parent: String? = nil) {
    self.name = name
    self.amount = amount
    self.period = period
    self.parent = parent
  }
}

package struct GatewayLimits: Hashable, Sendable {
  /// Bytes of the largest request.
  package var body: UInt64 = 32 << 20
  /// Requests at a time, over all providers.
  package var concurrency = 1024

  package init() {}
}

package struct LogSettings: Hashable, Sendable {
  /// Whether prompts and answers are written down, too.
  package var hasContent = false

  package init() {}
}
