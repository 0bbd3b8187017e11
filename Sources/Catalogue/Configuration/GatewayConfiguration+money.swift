package import Policy

/// An amount, and by whose word.
package struct Charge: Hashable, Sendable {
  package enum Basis: String, Hashable, Sendable {
    /// By the model's own price, be it of the document or of the catalogue.
    case listed
    /// The model costs nothing.
    case free
    /// The price is not known; the document says what to count instead.
    case assumed
  }

  package let amount: Money
  package let basis: Basis
}

extension GatewayConfiguration {
  /// What to reserve before a call; a problem where it must not be made under a budget.
  package func reservation(
    for model: ModelEntry,
    bound: RequestBound
  ) throws(PriceProblem) -> Charge {
    try charge(model) { price, isAssumed throws(PriceProblem) in
      var bound = bound
      if isAssumed { bound.mode = nil }
      return try price.ceiling(of: bound, limits: model.limits)
    }
  }

  /// What a call cost.
  ///
  /// A problem means that something was used that has no price, although the call was made: what
  /// was reserved for it is what it cost, then.
  package func settlement(
    for model: ModelEntry,
    usage: Usage,
    mode: String? = nil
  ) throws(PriceProblem) -> Charge {
    try charge(model) { price, isAssumed throws(PriceProblem) in
      try price.cost(of: usage, mode: isAssumed ? nil : mode)
    }
  }

  /// Counts by the model's own price or, where that is not known, by the one that is assumed, which
  /// holds for every mode.
  private func charge(
    _ model: ModelEntry,
    _ count: (Price, _ isAssumed: Bool) throws(PriceProblem) -> Money
  ) throws(PriceProblem) -> Charge {
    do {
      return Charge(
        amount: try count(model.price, false),
        basis: model.price == .free ? .free : .listed
      )
    } catch {
      guard case .charge(let list) = unknownPrice, error.isUnknownPrice else { throw error }
      return Charge(amount: try count(.listed(list), true), basis: .assumed)
    }
  }
}

extension PriceProblem {
  /// Whether it is the price that is not known, rather than how much is used.
  package var isUnknownPrice: Bool {
    switch self {
    case .unknownPrice, .unknownUnit, .unknownResolution, .unknownMode: true
    case .unboundedOutput, .unboundedInput, .negativeCount, .overflow: false
    }
  }
}
