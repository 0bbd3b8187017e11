package import Policy

/// What a model costs by everything that its provider counts.
package struct PriceList: Hashable, Sendable {
  /// Rates by unit; a unit that is missing is billed by its stand-in, or has no price.
  package typealias Rates = [PriceUnit: Rate]

  /// Rates for prompts beyond a size; all of such a call is billed by them.
  package struct Tier: Hashable, Sendable {
    /// The tier begins with one token more.
    package var above: Int
    package var rates: Rates

    package init(above: Int, rates: Rates) {
      self.above = above
      self.rates = rates
    }
  }

  /// Another price for the same model, which a field of the request asks for.
  package struct Mode: Hashable, Sendable {
    package var name: String
    /// The field of the request and the value that ask for it, as in `service_tier: priority`.
    package var field: String
    package var value: String
    package var rates: Rates

    package init(name: String, field: String, value: String, rates: Rates) {
      self.name = name
      self.field = field
      self.value = value
      self.rates = rates
    }
  }

  package var base: Rates
  /// By size, the smallest first.
  package private(set) var tiers: [Tier]
  /// Rates of a second of video, by resolution.
  package var video: [String: Rate]
  package var modes: [Mode]

  package init(_ base: Rates, tiers: [Tier] = [], video: [String: Rate] = [:], modes: [Mode] = []) {
    self.base = base
    self.tiers = tiers.sorted { $0.above < $1.above }
    self.video = video
    self.modes = modes
  }

  /// What a call cost, to the pico-dollar.
  ///
  /// Anything that was used and has no price makes the whole unpriced: a sum that leaves something
  /// out would look like one.
  package func cost(of usage: Usage, mode: String? = nil) throws(PriceProblem) -> Money {
    let rates = try self.rates(forPrompt: try usage.promptTokens(), mode: mode)
    var total = Money.zero
    for unit in PriceUnit.allCases {
      let count = usage.count(of: unit)
      guard count != 0 else { continue }
      guard let rate = try rate(of: unit, in: rates, resolution: usage.resolution) else { continue }
      total = try total.adding(try rate.cost(of: count, parts: unit.isSeconds ? 1000 : 1))
    }
    return total
  }

  /// The mode that a request asks for.
  ///
  /// - Parameter value: the text of a field of the request, such as `service_tier`; nil where it has
  ///   none.
  package func mode(_ value: (String) -> String?) -> String? {
    modes.first { value($0.field) == $0.value }?.name
  }

  /// The rates that hold for a prompt of this size.
  func rates(forPrompt tokens: Int, mode: String?) throws(PriceProblem) -> Rates {
    if let mode {
      guard let found = modes.first(where: { $0.name == mode }) else { throw .unknownMode(mode) }
      if let first = tiers.first, tokens > first.above { throw .unknownMode(mode) }
      return found.rates
    }
    return tiers.last { tokens > $0.above }.map { filled($0.rates) } ?? base
  }

  /// The rate of a unit; nil where the provider does not charge for it at all.
  func rate(
    of unit: PriceUnit,
    in rates: Rates,
    resolution: String? = nil
  ) throws(PriceProblem) -> Rate? {
    if unit == .videoSecond, !video.isEmpty { return try videoRate(resolution) }
    if let rate = rates[unit] { return rate }
    if unit == .request { return nil }
    if let other = unit.standIn, let rate = rates[other] { return rate }
    // Where writing costs nothing extra, it does so for an hour, too.
    if unit == .cacheWriteHour, rates[.cacheWrite] == nil, let rate = rates[.input] { return rate }
    throw .unknownUnit(unit)
  }

  /// A resolution that nobody named may be any: the dearest is meant.
  private func videoRate(_ resolution: String?) throws(PriceProblem) -> Rate {
    if let resolution {
      guard let rate = video[resolution] ?? base[.videoSecond] else {
        throw .unknownResolution(resolution)
      }
      return rate
    }
    let rates = Array(video.values) + (base[.videoSecond].map { [$0] } ?? [])
    guard let first = rates.first else { throw .unknownUnit(.videoSecond) }
    return rates.dropFirst().reduce(first) { $1.isMore(than: $0) ? $1 : $0 }
  }

  /// A tier says what changes. What it leaves out costs as before, and never less than its
  /// stand-in does in the tier.
  private func filled(_ rates: Rates) -> Rates {
    var rates = rates
    for (unit, rate) in base where rates[unit] == nil {
      let other = unit.standIn.flatMap { rates[$0] }
      rates[unit] = other.map { $0.isMore(than: rate) ? $0 : rate } ?? rate
    }
    return rates
  }
}
