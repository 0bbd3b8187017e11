/// Why the ledger did not do what it was asked; nothing of it was done.
package enum LedgerError: Error, Equatable {
  /// An account has no room for the call.
  case refused(Budget.Refusal)
  /// The same idempotency key came with another request.
  case conflict(with: CallID)
  case unknownAccount(String)
  case unknownCall(CallID)
  /// The attempt has been closed in another way before.
  case closed(CallID, as: CallState)
  /// More than was reserved, and nobody said that the provider billed it.
  case aboveCeiling(CallID, charged: Int64, ceiling: Int64)
  /// What was asked makes no sense.
  case invalid(String)
  /// The name of an account or a key is taken, or none has it.
  case nameTaken(String)
  case unknownKey(String)
  /// The ledger was closed meanwhile.
  case closing
  case journal(JournalError)
}

extension LedgerError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .refused(let refusal):
      "the budget '\(refusal.account)' has no room: \(refusal.asked) pico-dollars were asked for, "
        + "\(refusal.left) are left"
    case .conflict(let call):
      "the idempotency key belongs to another request (\(call)); use a new one for each request"
    case .unknownAccount(let name):
      "no budget is called '\(name)'; add it to gateway.yaml under budgets, or name a key's as key:NAME"
    case .unknownCall(let call):
      "the ledger has no \(call)"
    case .closed(let call, let state):
      "\(call) is closed already, as \(state.rawValue)"
    case .aboveCeiling(let call, let charged, let ceiling):
      "\(call) may cost \(ceiling) pico-dollars at most, not \(charged)"
    case .invalid(let reason):
      "the ledger cannot keep that: \(reason)"
    case .nameTaken(let name):
      "the name '\(name)' is taken"
    case .unknownKey(let name):
      "no key is called '\(name)'; list them with: caisson gateway key list"
    case .closing:
      "the ledger was closed"
    case .journal(let error):
      error.description
    }
  }
}
