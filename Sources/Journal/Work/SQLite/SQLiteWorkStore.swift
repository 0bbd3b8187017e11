import Foundation
import GRDB
package import SystemPackage
import Synchronization

/// Assignments in the journal's own file: the default, with nothing to set up, for one machine.
///
/// One thread commits what many ask at the price of one, as for the ledger. Who is alone commits on its
/// own thread, where that leaves others a processor to go on with.
package final class SQLiteWorkStore: WorkStore {
  private let own: Journal
  private let reader: Journal
  private let writer: LedgerWriter
  let clock: @Sendable () -> Int64
  private let seen = Mutex<Int64>(0)
  /// Held while `reader` is used: GRDB traps where a closed one is.
  private let isClosed = Mutex(false)
  /// The threads that tasks run on are as many as processors: a single one is not to wait for the disk.
  private static let mayCommitHere = ProcessInfo.processInfo.activeProcessorCount > 1

  /// Opens the store of the journal in a directory; creates both where there are none.
  package init(
    directory: FilePath,
    clock: @escaping @Sendable () -> Int64 = Journal.now
  ) throws(JournalError) {
    self.clock = clock
    own = try Journal.open(directory: directory, clock: clock)
    reader = try Journal.open(directory: directory, clock: clock)
    let own = own
    try Journal.translating(own.path) {
      // Carried back less often than the journal's 1 MiB: each time waits for the disk twice more.
      try own.queue.inDatabase { try $0.execute(sql: "PRAGMA wal_autocheckpoint = 2000") }
    }
    writer = LedgerWriter(journal: own, clock: clock, patience: .zero)
  }

  package func close() async {
    writer.beginClosing()
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      Thread { [writer] in
        writer.waitForEnd()
        continuation.resume()
      }.start()
    }
    isClosed.withLock { isClosed in
      if !isClosed {
        own.close()
        reader.close()
      }
      isClosed = true
    }
  }

  deinit { writer.beginClosing() }

  // MARK: The two ways

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (WorkBatch) throws -> Value
  ) async throws(WorkError) -> Value {
    let path = own.path
    let result: Result<Value, WorkError> = await withCheckedContinuation { continuation in
      let operation = LedgerWriter.Operation(
        isUrgent: true,
        perform: { batch in
          let work = WorkBatch(database: batch.database, chain: batch.chain, now: batch.now)
          let before = batch.database.totalChangesCount
          do {
            let value = try body(work)
            return { continuation.resume(returning: .success(value)) }
          } catch let error as WorkError {
            // What fails half-way takes the transaction with it, and its neighbours are done again
            // without it.
            guard batch.database.totalChangesCount == before else {
              throw JournalError.failed(path: path, reason: error.description)
            }
            return { continuation.resume(returning: .failure(error)) }
          }
        },
        fail: { error in continuation.resume(returning: .failure(WorkError(error))) }
      )
      if Self.mayCommitHere { writer.submitHere(operation) } else { writer.submit(operation) }
    }
    return try result.get()
  }

  func read<Value: Sendable>(
    _ body: (Database) throws -> Value
  ) throws(WorkError) -> Value {
    try readingJournal { reader in
      try reader.read { database in Result { try body(database) } }.get()
    }
  }

  private func readingJournal<Value: Sendable>(
    _ body: (Journal) throws -> Value
  ) throws(WorkError) -> Value {
    do {
      return try isClosed.withLock { isClosed in
        if isClosed { throw WorkError.closing }
        return try body(reader)
      }
    } catch let error as WorkError {
      throw error
    } catch let error as JournalError {
      throw .journal(error)
    } catch {
      throw .journal(.failed(path: reader.path, reason: "\(error)"))
    }
  }

  // MARK: Of everyone

  package func waitForChange(timeout: Duration) async {
    let known = seen.withLock { $0 }
    let end = ContinuousClock.now + timeout
    while !Task.isCancelled {
      // SQLite counts what other connections commit, the writer's own among them.
      let version = try? read { try Int64.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
      if let version, version != known {
        // Whoever waits at the same time compares with what it knew itself.
        seen.withLock { $0 = version }
        return
      }
      guard ContinuousClock.now < end else { return }
      try? await Task.sleep(for: .milliseconds(50))
    }
  }

  package func verify() async throws(WorkError) -> Verification {
    try readingJournal { try $0.verify() }
  }
}

extension WorkError {
  init(_ error: LedgerError) {
    switch error {
    case .closing: self = .closing
    case .journal(let error): self = .journal(error)
    default: self = .invalid("\(error)")
    }
  }
}
