import Catalogue
import Journal
import Policy

extension BudgetSettings {
  /// The budget of the gateway's document as the ledger keeps it.
  var account: Account {
    Account(id: name, parent: parent, limit: amount.picoDollars, period: period.ledgerPeriod)
  }
}

extension BudgetSettings.Period {
  fileprivate var ledgerPeriod: BudgetPeriod {
    switch self {
    case .hour: .hour
    case .day: .day
    case .week: .week
    case .month: .month
    case .total: .total
    }
  }
}
