import Delegation
import Journal
import SystemPackage

/// Opens what keeps the work.
enum Stores {
  static func open(_ setup: WorkSetup) throws -> any WorkStore {
    try SQLiteWorkStore(directory: FilePath(setup.state))
  }
}
