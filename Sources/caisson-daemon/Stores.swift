import Delegation
import Journal
import SystemPackage

/// Opens what keeps the work.
enum Stores {
  static func open(_ setup: WorkSetup) throws -> any WorkStore {
    if setup.journal != nil {
      throw StartError(
        "--journal: a server that keeps the journal is not supported yet; leave the option out"
      )
    }
    return try SQLiteWorkStore(directory: FilePath(setup.state))
  }
}
