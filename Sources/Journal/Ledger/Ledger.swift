import Dispatch
import GRDB
package import SystemPackage
import Synchronization

/// What model calls may cost and did cost: reserved before a call leaves, charged after it.
///
/// A reservation is on the disk before it is told. Everything goes through one thread, which
/// commits what many callers ask at the price of one, in the order in which they asked; answers
/// are called on that thread, so they hand over and return. Several processes may share a ledger.
///
/// The ledger lives in the journal's database: what was charged is a row of the chain, written in
/// the same transaction.
package final class Ledger: Sendable {
  package struct Options: Sendable {
    /// How long what is not urgent waits for company.
    package var patience: Duration = .milliseconds(3)
    /// How long a commit waits for another process before everyone in it is told.
    package var lockTimeout: Duration = .seconds(10)

    package init() {}
  }

  /// Reads, beside the writer.
  let journal: Journal
  let clock: @Sendable () -> Int64
  private let own: Journal
  private let writer: LedgerWriter

  /// Opens the ledger of the journal in a directory; creates both where there are none.
  package static func open(
    directory: FilePath,
    options: Options = Options(),
    clock: @escaping @Sendable () -> Int64 = Journal.now
  ) throws(JournalError) -> Ledger {
    try Ledger(directory: directory, options: options, clock: clock)
  }

  private init(
    directory: FilePath,
    options: Options,
    clock: @escaping @Sendable () -> Int64
  ) throws(JournalError) {
    own = try Journal.open(directory: directory, clock: clock)
    journal = try Journal.open(directory: directory, clock: clock)
    // Carried back less often than the journal's 1 MiB: each time waits for the disk twice more.
    let own = own
    try Journal.translating(own.path) {
      try own.queue.inDatabase { database in
        try database.execute(sql: "PRAGMA wal_autocheckpoint = 2000")
        let milliseconds = options.lockTimeout / .milliseconds(1)
        try database.execute(sql: "PRAGMA busy_timeout = \(Int(milliseconds))")
      }
    }
    self.clock = clock
    writer = LedgerWriter(journal: own, clock: clock, patience: options.patience)
  }

  deinit {
    writer.beginClosing()
  }

  /// Carries out what has been asked, and closes. What is asked afterwards fails, and is told so
  /// at once, on the caller's own thread.
  ///
  /// Not to be called from an answer.
  package func close() {
    writer.beginClosing()
    writer.waitForEnd()
    own.close()
    journal.close()
  }

  // MARK: Calls

  /// Holds back what an attempt may cost.
  ///
  /// `then` is called when that is on the disk. The same idempotency key with the same request
  /// within 24 hours, or the same attempt again, gives what was reserved before.
  package func reserve(
    _ request: CallRequest,
    in epoch: Epoch,
    then: @escaping @Sendable (Result<Reservation, LedgerError>) -> Void
  ) {
    submit(isUrgent: true, { try $0.reserve(request, epoch: epoch.id) }, then: then)
  }

  /// Holds back the ceilings of several calls that have not been asked for: as many as there is room
  /// for, at most `count`.
  ///
  /// They are marked (``CallRecord/isAhead``): that such a call has left, its gateway must note
  /// elsewhere.
  package func reserveAhead(
    _ request: CallRequest,
    count: Int,
    in epoch: Epoch,
    then: @escaping @Sendable (Result<[CallID], LedgerError>) -> Void
  ) {
    submit(isUrgent: true, { try $0.reserveAhead(request, count, epoch: epoch.id) }, then: then)
  }

  /// Charges an attempt, and frees the rest of what it held back.
  ///
  /// Waits a moment for company. The same charge again is no error and changes nothing.
  package func settle(
    _ call: CallID,
    _ charge: CallCharge,
    then: @escaping @Sendable (Result<CallRecord, LedgerError>) -> Void
  ) {
    // What is beyond its ceiling is not there any more for whoever asks next.
    submit(isUrgent: charge.beyond, { try $0.settle(call, charge) }, then: then)
  }

  /// Frees what an attempt held back that certainly was not billed.
  package func release(
    _ call: CallID,
    outcome: String,
    then: @escaping @Sendable (Result<CallRecord, LedgerError>) -> Void
  ) {
    submit(isUrgent: false, { try $0.release(call, outcome: outcome) }, then: then)
  }

  /// Charges an attempt at its ceiling, since nobody knows whether it was billed.
  package func markUnknown(
    _ call: CallID,
    outcome: String,
    then: @escaping @Sendable (Result<CallRecord, LedgerError>) -> Void
  ) {
    submit(isUrgent: false, { try $0.markUnknown(call, outcome: outcome) }, then: then)
  }

  // MARK: The queue

  /// Queues something for the next transaction.
  func submit<Value: Sendable>(
    isUrgent: Bool,
    _ body: @escaping @Sendable (LedgerBatch) throws -> Value,
    then: @escaping @Sendable (Result<Value, LedgerError>) -> Void
  ) {
    writer.submit(
      LedgerWriter.Operation(
        isUrgent: isUrgent,
        perform: { batch in
          do {
            let value = try body(batch)
            return { then(.success(value)) }
          } catch let error as LedgerError {
            return { then(.failure(error)) }
          }
        },
        fail: { then(.failure($0)) }
      )
    )
  }

  /// Does something in a transaction and waits for it: for the start of a program and for
  /// commands, not for an event loop, and not for an answer.
  func wait<Value: Sendable>(
    _ body: @escaping @Sendable (LedgerBatch) throws -> Value
  ) throws(LedgerError) -> Value {
    let answer = Mutex<Result<Value, LedgerError>>(.failure(.closing))
    let done = DispatchSemaphore(value: 0)
    submit(
      isUrgent: true,
      { batch in
        // In the order in which it was asked.
        _ = try batch.catchUp()
        return try body(batch)
      }
    ) { result in
      answer.withLock { $0 = result }
      done.signal()
    }
    done.wait()
    return try answer.withLock { $0 }.get()
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(LedgerError) -> Value {
    do {
      let result: Result<Value, LedgerError> = try journal.read { database in
        do {
          return .success(try body(database))
        } catch let error as LedgerError {
          return .failure(error)
        }
      }
      return try result.get()
    } catch let error as LedgerError {
      throw error
    } catch let error as JournalError {
      throw .journal(error)
    } catch {
      throw .invalid("\(error)")
    }
  }
}
