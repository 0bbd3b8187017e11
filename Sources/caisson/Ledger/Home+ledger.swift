import Journal
import SystemPackage

extension Home {
  /// The ledger, made where there is none.
  func ledger() throws -> Ledger {
    try prepareState()
    return try Ledger.open(directory: state)
  }

  /// The ledger where something has been recorded; for commands that only look.
  func existingLedger() throws -> Ledger? {
    guard try existingJournal() != nil else { return nil }
    return try Ledger.open(directory: state)
  }
}

extension LedgerError {
  /// Whether the command line asked for what is not there.
  var isUsage: Bool {
    switch self {
    case .unknownAccount, .unknownKey, .nameTaken, .invalid: true
    default: false
    }
  }
}
