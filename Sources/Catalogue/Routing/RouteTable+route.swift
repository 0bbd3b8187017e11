import Policy

extension RouteTable {
  /// Which offers a request goes to, in which order, and why the others are none.
  ///
  /// - Parameters:
  ///   - health: how an offer fares; called once for each candidate.
  ///   - random: decides where requests are spread by weight, and nothing else.
  package func route(
    _ request: RouteRequest,
    health: (Offer.Key) -> OfferHealth = { _ in OfferHealth() },
    using random: inout some RandomNumberGenerator
  ) -> Route {
    var route = Route(requested: request.name, candidates: [])
    guard let group = group(request.name) else {
      route.refusal = .unknown(request.name, nearest: nearest(to: request))
      return route
    }
    route.kind = group.kind
    route.policy = group.policy
    let judge = Judge(request: request, group: group)
    let all = group.offers.map { judge.candidate($0, health: health($0.key)) }
    let order = Ordering(policy: group.policy)
    route.candidates =
      order.sorted(all.filter(\.qualifies), using: &random) + all.filter { !$0.qualifies }
    guard !all.contains(where: \.qualifies) else { return route }
    route.refusal = refusal(of: request, group: group, candidates: all)
    return route
  }

  private func refusal(
    of request: RouteRequest,
    group: Group,
    candidates: [Route.Candidate]
  ) -> RouteRefusal {
    let reasons = candidates.map(\.exclusions)
    if reasons.contains(where: { $0.allSatisfy(\.passes) }) {
      return .unavailable(request.name, seconds: Self.wait(reasons))
    }
    if !reasons.isEmpty, reasons.allSatisfy({ $0.contains(.notAllowed) }) {
      return .notAllowed(request.name)
    }
    let ends = candidates.map(\.offer.model.lifecycle)
    if let first = ends.first, ends.allSatisfy({ $0.isOver(on: request.today) }) {
      let offer = candidates[0].offer
      return .retired(
        request.name,
        on: first.end,
        successor: first.successor.map { "\(offer.key.provider)/\($0)" },
        nearest: first.successor == nil ? relatives(of: offer, for: request) : []
      )
    }
    let needs = group.needs.adding(request.needs)
    return .noneQualifies(request.name, needs: needs, could: others(for: request, than: group))
  }

  /// The shortest time after which something may be different.
  private static func wait(_ reasons: [[Exclusion]]) -> Int {
    var least = 60
    for reason in reasons where reason.allSatisfy(\.passes) {
      var seconds = 1
      for case .resting(let rest) in reason { seconds = max(seconds, rest) }
      least = min(least, seconds)
    }
    return least
  }

  private func nearest(to request: RouteRequest) -> [String] {
    let names = names(on: request.today).filter { request.mayCall($0) }
    // Most of all one that lacks no more than its provider.
    let same = names.filter { $0.hasSuffix("/\(request.name)") }
    let near = Policy.nearest(to: request.name, in: names, atMost: 3)
    return Array((same + near.filter { !same.contains($0) }).prefix(3))
  }

  /// What the same provider serves under a name of the same words; the newest first.
  private func relatives(of offer: Offer, for request: RouteRequest) -> [String] {
    let words = Self.words(of: offer.key.id)
    var found: [(name: String, shared: Int, released: String)] = []
    for group in groups where group.kind == .model && request.mayCall(group.name) {
      guard let other = group.offers.first, other.key.provider == offer.key.provider,
        group.name == other.key.description, !other.model.lifecycle.isOver(on: request.today)
      else { continue }
      let shared = Self.words(of: other.key.id).intersection(words).count
      if shared > 0 { found.append((group.name, shared, other.model.released?.text ?? "")) }
    }
    found.sort { ($1.shared, $1.released, $1.name) < ($0.shared, $0.released, $0.name) }
    return found.prefix(3).map(\.name)
  }

  /// The words of a name, without its versions and dates.
  private static func words(of id: String) -> Set<Substring> {
    let parts = foldedModelName(id).split { "-./:@".contains($0) }.map { Substring($0) }
    return Set(parts.filter { part in part.utf8.allSatisfy { !(0x30...0x39).contains($0) } })
  }

  /// What else would do, whatever it is called; the cheapest first.
  private func others(for request: RouteRequest, than group: Group) -> [String] {
    var found: [(name: String, estimate: Money)] = []
    for other in groups where other.name != group.name && other.kind == .model {
      let judge = Judge(request: request, group: other)
      let fits = other.offers.map { judge.candidate($0, health: OfferHealth()) }
        .filter(\.qualifies)
      guard let first = fits.first else { continue }
      found.append((other.name, first.estimate ?? Money(picoDollars: .max)))
    }
    found.sort { ($0.estimate, $0.name) < ($1.estimate, $1.name) }
    return found.prefix(5).map(\.name)
  }
}

extension RouteRequest {
  /// Whether the key may call what a name stands for, under that name or an offer's own.
  package func mayCall(_ group: RouteTable.Group) -> Bool {
    mayCall(group.name) || group.offers.contains { mayCall($0.key.description) }
  }

  func mayCall(_ name: String) -> Bool {
    guard let allowed else { return true }
    let folded = foldedModelName(name)
    return allowed.contains { pattern in
      let pattern = foldedModelName(pattern)
      return pattern.hasSuffix("*")
        ? folded.hasPrefix(pattern.dropLast()) : folded == pattern
    }
  }
}
