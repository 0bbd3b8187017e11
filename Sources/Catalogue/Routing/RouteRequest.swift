package import Policy

/// What is asked of the router.
package struct RouteRequest: Hashable, Sendable {
  /// As the client wrote it: a model, an alias or a tier.
  package var name: String
  package var needs: Needs
  /// What the call can use at most; without it, prices are compared by their rates.
  package var bound: RequestBound?
  /// The client's own cap, beside that of the tier.
  package var cap: PriceCap?
  /// Whether something without a price may be called: not under a budget, where none is configured.
  package var needsPrice: Bool
  /// The names that the client's key may call; nil for all. `*` at the end stands for any rest.
  package var allowed: [String]?
  package var today: CalendarDate
  /// Now, since the same moment that health is counted from.
  package var now: Duration

  package init(
    name: String,
    needs: Needs = Needs(),
    bound: RequestBound? = nil,
    cap: PriceCap? = nil,
    needsPrice: Bool = false,
    allowed: [String]? = nil,
    today: CalendarDate,
    now: Duration = .zero
  ) {
    self.name = name
    self.needs = needs
    self.bound = bound
    self.cap = cap
    self.needsPrice = needsPrice
    self.allowed = allowed
    self.today = today
    self.now = now
  }
}

/// The router's answer, with every candidate and why it is one, or is none.
package struct Route: Hashable, Sendable {
  package struct Candidate: Hashable, Sendable {
    package var offer: Offer
    /// Empty for one that qualifies.
    package var exclusions: [Exclusion]
    /// By what it was compared: the ceiling of the call, or a million tokens in and a quarter of
    /// that out.
    package var estimate: Money?
    package var inFlight: Int

    package var qualifies: Bool { exclusions.isEmpty }
  }

  package var requested: String
  /// What the name turned out to be.
  package var kind: RouteTable.Kind?
  package var policy: RoutePolicy?
  /// Those that qualify, in the order in which they are tried, then the others.
  package var candidates: [Candidate]
  package var refusal: RouteRefusal?

  /// The offers in the order in which they are tried; empty where the request is refused.
  package var order: [Offer] {
    refusal == nil ? candidates.filter(\.qualifies).map(\.offer) : []
  }
}

/// Why no model is called at all.
package enum RouteRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  case unknown(String, nearest: [String])
  case retired(String, on: CalendarDate?, successor: String?, nearest: [String])
  case notAllowed(String)
  /// Nothing that the name stands for qualifies; what else of the configuration would.
  case noneQualifies(String, needs: Needs, could: [String])
  /// All that qualify rest or are busy, for so long at least.
  case unavailable(String, seconds: Int)

  package var description: String {
    switch self {
    case .unknown(let name, nearest: []) where ["cheap", "standard", "strong"].contains(name):
      "no tier is called \(quoted(name)); define it under tiers, as docs/models.md shows"
    case .unknown(let name, let nearest):
      "no model is called \(quoted(name)); \(Self.instead(nearest))"
    case .retired(let name, let day, let successor, let nearest):
      "\(quoted(name)) was retired" + (day.map { " on \($0)" } ?? "") + "; "
        + Self.instead((successor.map { [$0] } ?? []) + nearest.filter { $0 != successor })
    case .notAllowed(let name):
      "this key may not call \(quoted(name)); name a model that it may, or extend its list"
    case .noneQualifies(let name, let needs, let could):
      "nothing that \(quoted(name)) stands for "
        + (needs.text.isEmpty ? "can be called" : "has what is needed (\(needs.text))") + "; "
        + (could.isEmpty
          ? "no configured model would do" : "these would do: \(could.joined(separator: ", "))")
    case .unavailable(let name, let seconds):
      "everything that \(quoted(name)) stands for is resting or busy; try again in \(seconds) s"
    }
  }

  private static func instead(_ names: [String]) -> String {
    names.isEmpty ? "see: caisson models list" : "did you mean \(names.joined(separator: ", "))?"
  }
}

/// By what the offers that qualify are put in order.
package enum RoutePolicy: String, Hashable, Sendable, CaseIterable {
  /// As they are written.
  case priority
  /// At random, by their weights.
  case weighted
  case cheapest
  /// The one with the fewest requests under way, for its weight.
  case leastBusy = "least_busy"
}
