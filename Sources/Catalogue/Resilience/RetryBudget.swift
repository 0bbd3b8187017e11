/// How many attempts may be repeated: a share of the requests, so that a provider in trouble is not
/// asked the more the worse it fares.
package struct RetryBudget: Hashable, Sendable {
  /// Thousandths of a retry.
  private var level: Int
  private let deposit: Int
  private let most: Int

  /// - Parameters:
  ///   - share: retries in a thousand requests.
  ///   - reserve: retries that may be made at once, before any request paid in.
  package init(share: Int = 200, reserve: Int = 10) {
    deposit = min(max(share, 0), 1000)
    most = min(max(reserve, 0), 100_000) * 1000
    level = most
  }

  /// A request came in.
  package mutating func requested() {
    level = min(most, level + deposit)
  }

  /// Takes one retry, if there is one.
  package mutating func withdraw() -> Bool {
    guard level >= 1000 else { return false }
    level -= 1000
    return true
  }

  package var retriesLeft: Int { level / 1000 }
}
