package import Policy

extension PriceList {
  /// What a call can cost at most: what is reserved before it is sent.
  ///
  /// No usage within the bound costs more, whichever tier it ends up in.
  package func ceiling(
    of bound: RequestBound,
    limits: ModelLimits
  ) throws(PriceProblem) -> Money {
    let input = try bound.inputBound(limits)
    let output = try bound.outputBound(limits)
    var most: Money?
    for rates in try self.rates(upTo: input, mode: bound.mode) {
      var total = try dearest(Self.inputUnits(bound), in: rates, count: input)
      total = try total.adding(try dearest(Self.outputUnits(bound), in: rates, count: output))
      total = try total.adding(try rest(of: bound, in: rates))
      most = max(most ?? total, total)
    }
    guard let most else { throw .unknownPrice }
    return most
  }

  /// The rates of every tier that a prompt of at most this size may fall into.
  private func rates(upTo tokens: Int, mode: String?) throws(PriceProblem) -> [Rates] {
    if mode != nil { return [try rates(forPrompt: tokens, mode: mode)] }
    var all = [base]
    for tier in tiers where tokens > tier.above {
      all.append(try rates(forPrompt: tier.above + 1, mode: nil))
    }
    return all
  }

  private static func inputUnits(_ bound: RequestBound) -> [PriceUnit] {
    var units: [PriceUnit] = [.input, .cacheRead]
    if bound.hasOtherMedia { units.append(.audioInput) }
    switch bound.cacheWrites {
    case .none: break
    case .usual: units.append(.cacheWrite)
    case .hour: units += [.cacheWrite, .cacheWriteHour]
    }
    return units
  }

  private static func outputUnits(_ bound: RequestBound) -> [PriceUnit] {
    bound.speaks ? [.output, .reasoning, .audioOutput] : [.output, .reasoning]
  }

  private func dearest(
    _ units: [PriceUnit],
    in rates: Rates,
    count: Int
  ) throws(PriceProblem) -> Money {
    var most = Money.zero
    guard count > 0 else { return most }
    for unit in units {
      guard let rate = try rate(of: unit, in: rates) else { continue }
      most = max(most, try rate.cost(of: count))
    }
    return most
  }

  /// What is not counted in tokens.
  private func rest(of bound: RequestBound, in rates: Rates) throws(PriceProblem) -> Money {
    let usage = Usage(
      images: bound.imagesMade,
      audioInputMilliseconds: bound.audioInputMilliseconds,
      audioOutputMilliseconds: bound.audioOutputMilliseconds,
      videoMilliseconds: bound.videoMilliseconds,
      resolution: bound.resolution
    )
    var total = Money.zero
    for unit in PriceUnit.allCases where !unit.isTokens {
      let count = usage.count(of: unit)
      guard count != 0 else { continue }
      guard let rate = try rate(of: unit, in: rates, resolution: usage.resolution) else { continue }
      total = try total.adding(try rate.cost(of: count, parts: unit.isSeconds ? 1000 : 1))
    }
    return total
  }
}
