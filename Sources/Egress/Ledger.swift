import Policy
import Synchronization

/// What the run has sent under each entry of the policy that bounds it, by whatever way.
package final class Ledger: Sendable {
  private let sent = Mutex<[String: UInt64]>([:])

  package init() {}

  /// Books bytes that go on, and says whether they are within the budget of the entry.
  ///
  /// All names below a pattern draw on one budget: whoever may choose the name could otherwise have
  /// as many budgets as there are names.
  func book(_ bytes: Int, for rule: HostRule) -> Bool {
    guard let budget = rule.sentBudget else { return true }
    return sent.withLock {
      let sum = $0[rule.host.text, default: 0] + UInt64(bytes)
      $0[rule.host.text] = sum
      return sum <= budget
    }
  }
}

extension Refusal {
  /// - Parameter host: what was to get the bytes.
  init(budgetOf rule: HostRule, host: String) {
    self.init(
      .limit,
      rule: rule.auditName,
      reason: "the run has sent the \(rule.sentBudget ?? 0) bytes that it may send to \(host)",
      remedy: "a larger budget in the entry host: \(rule.host.text)"
    )
  }
}
