import Delegation
import Journal
import JournalPostgres
import SystemPackage

/// Opens what keeps the work: the journal's own file, or the server that `--journal` names.
enum Stores {
  /// How long a worker waits for a server before it says again what keeps it.
  private static let patience: Duration = .seconds(30)

  static func open(_ setup: WorkSetup) async throws -> any WorkStore {
    if let url = setup.journal { return try await PostgresWorkStore.open(url: url) }
    return try SQLiteWorkStore(directory: FilePath(setup.state))
  }

  /// Opens it for a worker, and waits for a server that is away: a worker that ended instead would be
  /// started later each time, and so be missing long after the server is back.
  ///
  /// - Parameter isWanted: Whether there still is somebody to work for; nil is returned where not.
  static func openWhenThere(
    _ setup: WorkSetup,
    while isWanted: () -> Bool
  ) async throws -> (any WorkStore)? {
    let end = ContinuousClock.now + patience
    var pause: Duration = .milliseconds(20)
    while isWanted() {
      do {
        return try await open(setup)
      } catch WorkError.unavailable(let reason) {
        if ContinuousClock.now + pause > end { throw WorkError.unavailable(reason) }
      }
      try await Task.sleep(for: pause)
      pause = min(pause * 2, .milliseconds(500))
    }
    return nil
  }
}
