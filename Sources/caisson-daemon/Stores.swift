import Delegation
import Journal
import JournalPostgres
import SystemPackage

/// Opens what keeps the work: the journal's own file, or the server that `--journal` names.
enum Stores {
  static func open(_ setup: WorkSetup) async throws -> any WorkStore {
    if let url = setup.journal { return try await PostgresWorkStore.open(url: url) }
    return try SQLiteWorkStore(directory: FilePath(setup.state))
  }
}
