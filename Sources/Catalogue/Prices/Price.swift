package import Policy

/// Whether a price is known. What is not known is not zero, and what is free was said to be.
package enum Price: Hashable, Sendable {
  case unknown
  /// Costs nothing: a model of one's own, or a free offer that somebody has read.
  case free
  case listed(PriceList)

  /// What a call cost.
  package func cost(of usage: Usage, mode: String? = nil) throws(PriceProblem) -> Money {
    switch self {
    case .unknown: throw .unknownPrice
    case .free: .zero
    case .listed(let list): try list.cost(of: usage, mode: mode)
    }
  }

  /// What a call can cost at most.
  package func ceiling(
    of bound: RequestBound,
    limits: ModelLimits
  ) throws(PriceProblem) -> Money {
    switch self {
    case .unknown: throw .unknownPrice
    case .free: .zero
    case .listed(let list): try list.ceiling(of: bound, limits: limits)
    }
  }

  package var list: PriceList? {
    if case .listed(let list) = self { list } else { nil }
  }

  package var isKnown: Bool { self != .unknown }
}
