import Policy

/// Holds an offer against what a request and a tier ask for.
struct Judge {
  let request: RouteRequest
  let group: RouteTable.Group

  func candidate(_ offer: Offer, health: OfferHealth) -> Route.Candidate {
    let model = offer.model
    let needs = group.needs.adding(request.needs)
    var reasons: [Exclusion] = []
    if !request.mayCall(group.name), !request.mayCall(offer.key.description) {
      reasons.append(.notAllowed)
    }
    if model.lifecycle.isOver(on: request.today) {
      reasons.append(.retired(on: model.lifecycle.end, successor: model.lifecycle.successor))
    }
    let input = needs.input.subtracting(model.input)
    if !input.isEmpty { reasons.append(.takesNo(input)) }
    let output = needs.output.subtracting(model.output)
    if !output.isEmpty { reasons.append(.givesNo(output)) }
    let missing = needs.capabilities.subtracting(model.capabilities)
    if !missing.isEmpty { reasons.append(.cannot(missing)) }
    if let window = model.limits.context, window < needs.contextTokens {
      reasons.append(.windowTooSmall(window, needed: needs.contextTokens))
    }
    let estimate = judgePrice(of: model, &reasons)
    judge(health, &reasons)
    return Route.Candidate(
      offer: offer,
      exclusions: reasons,
      estimate: estimate,
      inFlight: health.inFlight
    )
  }

  private func judge(_ health: OfferHealth, _ reasons: inout [Exclusion]) {
    if let until = health.restsUntil, until > request.now {
      let rest = until - request.now
      let seconds = Int(clamping: rest.components.seconds)
      reasons.append(.resting(seconds: seconds + (rest.components.attoseconds > 0 ? 1 : 0)))
    }
    if let limit = health.limit, health.inFlight >= limit {
      reasons.append(.busy(inFlight: health.inFlight, limit: limit))
    }
  }

  /// The amount by which the offer is compared, nil where there is none.
  private func judgePrice(of model: ModelEntry, _ reasons: inout [Exclusion]) -> Money? {
    let caps = [group.cap, request.cap].compactMap(\.self).filter { !$0.isNone }
    do {
      let estimate = try self.estimate(of: model)
      for cap in caps { judge(cap, model, estimate, &reasons) }
      return estimate
    } catch {
      if request.needsPrice || !caps.isEmpty { reasons.append(.unknownPrice(error)) }
      return nil
    }
  }

  private func estimate(of model: ModelEntry) throws(PriceProblem) -> Money {
    if let bound = request.bound {
      return try model.price.ceiling(of: bound, limits: model.limits)
    }
    switch model.price {
    case .unknown: throw .unknownPrice
    case .free: return .zero
    case .listed(let list):
      let rates = try list.rates(forPrompt: request.needs.contextTokens, mode: nil)
      guard let input = try list.rate(of: .input, in: rates),
        let output = try list.rate(of: .output, in: rates)
      else { throw .unknownPrice }
      return try input.cost(of: 1_000_000).adding(try output.cost(of: 250_000))
    }
  }

  private func judge(
    _ cap: PriceCap,
    _ model: ModelEntry,
    _ estimate: Money,
    _ reasons: inout [Exclusion]
  ) {
    if let most = cap.call, request.bound != nil, estimate > most {
      reasons.append(.aboveCap(what: "the call", price: estimate.text, cap: most.text))
    }
    guard let list = model.price.list,
      let rates = try? list.rates(forPrompt: request.needs.contextTokens, mode: nil)
    else { return }
    for (unit, most) in [(PriceUnit.input, cap.input), (.output, cap.output)] {
      guard let most else { continue }
      guard let rate = try? list.rate(of: unit, in: rates) else {
        reasons.append(.unknownPrice(.unknownUnit(unit)))
        continue
      }
      guard rate.isMore(than: most) else { continue }
      reasons.append(
        .aboveCap(what: unit.rawValue, price: rate.text(for: unit), cap: most.text(for: unit))
      )
    }
  }
}

/// Puts the offers that qualify into the order in which they are tried.
struct Ordering {
  let policy: RoutePolicy

  func sorted(
    _ candidates: [Route.Candidate],
    using random: inout some RandomNumberGenerator
  ) -> [Route.Candidate] {
    let last = candidates.filter(\.offer.isLastResort)
    let others = last.isEmpty ? candidates : candidates.filter { !$0.offer.isLastResort }
    return ordered(others, using: &random) + last
  }

  private func ordered(
    _ candidates: [Route.Candidate],
    using random: inout some RandomNumberGenerator
  ) -> [Route.Candidate] {
    switch policy {
    case .priority: candidates
    case .weighted: shuffled(candidates, using: &random)
    case .cheapest:
      stably(candidates) { left, right in
        (left.estimate?.picoDollars ?? .max) < (right.estimate?.picoDollars ?? .max)
      }
    case .leastBusy:
      stably(candidates) { left, right in
        left.inFlight * max(1, right.offer.weight) < right.inFlight * max(1, left.offer.weight)
      }
    }
  }

  /// Equals stay as they are written.
  private func stably(
    _ candidates: [Route.Candidate],
    _ isBefore: (Route.Candidate, Route.Candidate) -> Bool
  ) -> [Route.Candidate] {
    candidates.enumerated().sorted { left, right in
      if isBefore(left.element, right.element) { return true }
      return !isBefore(right.element, left.element) && left.offset < right.offset
    }.map(\.element)
  }

  /// Each place is drawn by weight among those that are left.
  private func shuffled(
    _ candidates: [Route.Candidate],
    using random: inout some RandomNumberGenerator
  ) -> [Route.Candidate] {
    var left = candidates
    var order: [Route.Candidate] = []
    while !left.isEmpty {
      let total = left.reduce(0) { $0 + max(0, $1.offer.weight) }
      guard total > 0 else { return order + left }
      var draw = Int.random(in: 0..<total, using: &random)
      let index = left.firstIndex { candidate in
        draw -= max(0, candidate.offer.weight)
        return draw < 0
      }
      order.append(left.remove(at: index ?? 0))
    }
    return order
  }
}
