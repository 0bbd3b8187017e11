/// What may be spent, for how long, and with whom it is shared. Amounts are in pico-dollars.
package struct Account: Sendable, Hashable, Codable {
  package var id: String
  /// The account from which this one draws, too.
  package var parent: String?
  /// What may be reserved and spent in a period; nil where only the parents bound it.
  package var limit: Int64?
  package var period: BudgetPeriod

  package init(
    id: String,
    parent: String? = nil,
    limit: Int64? = nil,
    period: BudgetPeriod = .total
  ) {
    self.id = id
    self.parent = parent
    self.limit = limit
    self.period = period
  }

  /// How many accounts a call may draw from, its own included.
  package static let deepest = 8
}

/// What is held back for calls under way, and what calls have cost, in pico-dollars.
package struct Sums: Sendable, Hashable {
  package var reserved: Int64
  package var spent: Int64

  package init(reserved: Int64 = 0, spent: Int64 = 0) {
    self.reserved = reserved
    self.spent = spent
  }

  package static let zero = Sums()
}

/// How an account stands in the period that is running.
package struct AccountState: Sendable, Hashable {
  package let account: Account
  package let sums: Sums
  /// What the account itself leaves; its parents may leave less. Nil without a limit.
  package let left: Int64?
  /// When the period ends, in microseconds since 1970; nil where it does not.
  package let resets: Int64?
}
