package import Policy

/// The price of so many units: an integer over an integer, so that bills add up exactly.
package struct Rate: Hashable, Sendable {
  package var picoDollars: Int64
  /// The units that this buys: one, or 3600 where an hour has a price and not a second.
  package var per: Int64
  /// The units that are billed at least, once any is: some transcribers bill ten seconds.
  package var least: Int64

  /// Nil where the price is negative or buys nothing.
  package init?(picoDollars: Int64, per: Int64 = 1, least: Int64 = 0) {
    guard picoDollars >= 0, (1...1_000_000_000).contains(per), (0...86_400).contains(least) else {
      return nil
    }
    self.picoDollars = picoDollars
    self.per = per
    self.least = least
  }

  /// What so many units cost, rounded up to the pico-dollar.
  ///
  /// - Parameter parts: what a unit was divided into by who counted: 1000 where milliseconds are
  ///   billed by the second.
  package func cost(of count: Int, parts: Int64 = 1) throws(PriceProblem) -> Money {
    guard count >= 0 else { throw .negativeCount }
    guard count > 0, picoDollars > 0 else { return Money(picoDollars: 0) }
    let (floor, floorOverflows) = least.multipliedReportingOverflow(by: parts)
    let (divisor, divisorOverflows) = per.multipliedReportingOverflow(by: parts)
    guard !floorOverflows, !divisorOverflows, divisor > 0 else { throw .overflow }
    let units = max(Int64(count), floor)
    let product = units.magnitude.multipliedFullWidth(by: picoDollars.magnitude)
    guard product.high < divisor.magnitude else { throw .overflow }
    let (quotient, remainder) = divisor.magnitude.dividingFullWidth(product)
    let (rounded, overflows) = quotient.addingReportingOverflow(remainder > 0 ? 1 : 0)
    guard !overflows, let amount = Int64(exactly: rounded) else { throw .overflow }
    return Money(picoDollars: amount)
  }

  /// Whether a unit costs more than by another rate.
  func isMore(than other: Rate) -> Bool {
    let own = picoDollars.magnitude.multipliedFullWidth(by: other.per.magnitude)
    let their = other.picoDollars.magnitude.multipliedFullWidth(by: per.magnitude)
    return (own.high, own.low) > (their.high, their.low)
  }

  /// The price of a million, for people, who compare models by it; nil where it cannot be said.
  package var perMillion: Money? {
    try? cost(of: 1_000_000)
  }
}

/// Why something has no price.
package enum PriceProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// Nobody said what the model costs.
  case unknownPrice
  /// The price list does not name this.
  case unknownUnit(PriceUnit)
  /// The price list knows video, and not of this resolution.
  case unknownResolution(String)
  /// A way of being served that has no price for so long a prompt, such as a fast one.
  case unknownMode(String)
  /// Neither the request nor the catalogue says where the answer ends.
  case unboundedOutput
  /// The request holds what cannot be counted from here, and the model's window is not known.
  case unboundedInput
  case negativeCount
  /// The sum does not fit into 64 bits: nine million dollars.
  case overflow

  package var description: String {
    switch self {
    case .unknownPrice: "its price is not known"
    case .unknownUnit(let unit): "its price for '\(unit.rawValue)' is not known"
    case .unknownResolution(let name): "its price for video at \(quoted(name)) is not known"
    case .unknownMode(let name): "its price for the mode \(quoted(name)) is not known here"
    case .unboundedOutput: "the request names no limit for its answer, and neither does the model"
    case .unboundedInput:
      "the request holds what has no count before it is read, and the model's window is not known"
    case .negativeCount: "a count is negative"
    case .overflow: "the amount is larger than can be counted"
    }
  }
}

extension Money {
  package static let zero = Money(picoDollars: 0)

  /// The sum, or a problem where it does not fit.
  package func adding(_ other: Money) throws(PriceProblem) -> Money {
    let (sum, overflows) = picoDollars.addingReportingOverflow(other.picoDollars)
    guard !overflows else { throw .overflow }
    return Money(picoDollars: sum)
  }
}
