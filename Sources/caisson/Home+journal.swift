import Journal
import SystemPackage

extension Home {
  /// The journal, made where there is none.
  func journal() throws -> Journal {
    try prepareState()
    return try Journal.open(directory: state)
  }

  /// The journal where something has been recorded; for commands that only look.
  func existingJournal() throws -> Journal? {
    guard (try? state.stat()) != nil else { return nil }
    try prepareState()
    return try Journal.openExisting(directory: state)
  }
}
