/// The arithmetic of budgets: values in, values out.
///
/// A call draws on its account and on all accounts above it. All sums are checked for overflow,
/// and one that would overflow is a refusal.
package enum Budget {
  /// An account with what it holds in the period in question.
  package struct Level: Sendable, Equatable {
    package var account: Account
    package var sums: Sums

    package init(account: Account, sums: Sums) {
      self.account = account
      self.sums = sums
    }

    /// What the account leaves; nil without a limit. Never below zero, though a provider that
    /// billed more than was reserved may have taken it there.
    package var left: Int64? {
      guard let limit = account.limit else { return nil }
      let (held, overflow) = sums.reserved.addingReportingOverflow(sums.spent)
      if overflow { return 0 }
      let (left, below) = limit.subtractingReportingOverflow(held)
      return below ? 0 : max(0, left)
    }
  }

  /// Why a call may not be made: which account has no room for it, and when it will have.
  package struct Refusal: Sendable, Equatable {
    package let account: String
    package let asked: Int64
    package let left: Int64
    package let limit: Int64?
    package let period: BudgetPeriod
    /// Microseconds since 1970; nil where the money does not come back.
    package let resets: Int64?
  }

  package enum Verdict: Sendable, Equatable {
    /// The sums that hold from now on, in the order of the levels.
    case allowed([Sums])
    case refused(Refusal)
  }

  /// Decides whether `asked` may be held back from each of `levels`, the call's own account first.
  ///
  /// Of several accounts without room the one that leaves least is named, and of several equal
  /// ones the nearest to the call.
  package static func reserve(_ asked: Int64, from levels: [Level], at time: Int64) -> Verdict {
    var tightest: (level: Level, left: Int64)?
    var sums: [Sums] = []
    for level in levels {
      let (reserved, overflow) = level.sums.reserved.addingReportingOverflow(asked)
      let (_, overflowsInAll) = reserved.addingReportingOverflow(level.sums.spent)
      let left = level.left ?? .max
      let hasRoom = asked >= 0 && asked <= left && !overflow && !overflowsInAll
      if !hasRoom, tightest.map({ left < $0.left }) ?? true { tightest = (level, left) }
      sums.append(Sums(reserved: reserved, spent: level.sums.spent))
    }
    guard let (level, left) = tightest else { return .allowed(sums) }
    return .refused(
      Refusal(
        account: level.account.id,
        asked: asked,
        left: left,
        limit: level.account.limit,
        period: level.account.period,
        resets: level.account.period.end(at: time)
      )
    )
  }

  /// The sums after a call that had held back `ceiling` has cost `charged`; nil where they would
  /// overflow, or where less is held back than the call says.
  package static func settle(ceiling: Int64, charged: Int64, in sums: Sums) -> Sums? {
    guard ceiling >= 0, charged >= 0, sums.reserved >= ceiling else { return nil }
    let (spent, overflow) = sums.spent.addingReportingOverflow(charged)
    return overflow ? nil : Sums(reserved: sums.reserved - ceiling, spent: spent)
  }
}
