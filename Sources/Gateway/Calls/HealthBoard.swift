import Catalogue
import NIOCore

/// How offers and providers fare: breakers, and what is under way. Used on one event loop.
struct HealthBoard {
  private var breakers: [Offer.Key: CircuitBreaker] = [:]
  private var calls: [Offer.Key: Int] = [:]
  private var callsByProvider: [String: Int] = [:]
  private let settings: CircuitBreaker.Settings
  private let limits: [String: Int]

  init(_ configuration: GatewayConfiguration) {
    settings = configuration.routing.breaker
    var limits: [String: Int] = [:]
    for provider in configuration.providers { limits[provider.name] = provider.concurrency }
    self.limits = limits
  }

  func health(of offer: Offer.Key, now: Duration) -> OfferHealth {
    let breaker = breakers[offer]
    var until = breaker?.restsUntil(at: now)
    // A probe is being awaited.
    if until == nil, let breaker, !breaker.admits(at: now) { until = now + .seconds(1) }
    guard let limit = limits[offer.provider] else {
      return OfferHealth(restsUntil: until, inFlight: calls[offer] ?? 0)
    }
    return OfferHealth(
      restsUntil: until,
      inFlight: callsByProvider[offer.provider] ?? 0,
      limit: limit
    )
  }

  /// Leave for one attempt, which ``end(_:_:permit:now:)`` gives back; nil where it rests or is full.
  mutating func begin(_ offer: Offer.Key, now: Duration) -> CircuitBreaker.Permit? {
    if let limit = limits[offer.provider], (callsByProvider[offer.provider] ?? 0) >= limit {
      return nil
    }
    var breaker = breakers[offer] ?? CircuitBreaker(settings)
    let permit = breaker.admit(at: now)
    breakers[offer] = breaker
    guard permit != nil else { return nil }
    calls[offer, default: 0] += 1
    callsByProvider[offer.provider, default: 0] += 1
    return permit
  }

  mutating func end(
    _ offer: Offer.Key,
    _ outcome: CircuitBreaker.Outcome,
    permit: CircuitBreaker.Permit,
    now: Duration
  ) {
    calls[offer, default: 1] -= 1
    callsByProvider[offer.provider, default: 1] -= 1
    breakers[offer]?.record(outcome, for: permit, at: now)
  }

  /// Those that rest, for the metrics.
  func resting(now: Duration) -> [Offer.Key] {
    breakers.filter { $0.value.restsUntil(at: now) != nil }.map(\.key).sorted()
  }
}
