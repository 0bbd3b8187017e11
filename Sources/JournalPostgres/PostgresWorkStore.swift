import Foundation
package import Journal
import Synchronization

/// Assignments on a PostgreSQL server, for several machines that share the work.
///
/// One thread writes, two read and one listens, each on a connection of its own: libpq waits for the
/// server, and a task's thread must not.
package final class PostgresWorkStore: WorkStore {
  private let address: PostgresAddress
  private let writer: PostgresWriter
  private let readers: PostgresReaders
  private let listener: PostgresListener
  let shift: @Sendable () -> Int64
  private let seen = Mutex(0)

  /// Opens the journal in a database, and makes it where there is none.
  ///
  /// - Parameters:
  ///   - url: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`, as libpq reads it; what it
  ///     does not name is taken from libpq's variables and files.
  ///   - patience: how long what is asked waits for a server that is away.
  ///   - shift: microseconds that the store's clock is ahead of the server's.
  package static func open(
    url: String,
    patience: Duration = .seconds(30),
    shift: @escaping @Sendable () -> Int64 = { 0 }
  ) async throws(WorkError) -> PostgresWorkStore {
    let address = try PostgresAddress(url)
    try await onThread { () -> Result<Void, WorkError> in
      do {
        // Said at once where it cannot be had, and before anything else of the store begins.
        let connection = try PostgresConnection(address, purpose: "caisson opening")
        return .success(try PostgresSchema.prepare(connection, on: address.name))
      } catch let failure as PostgresFailure {
        return .failure(WorkError(failure, on: address.name))
      } catch {
        return .failure(error as? WorkError ?? .unavailable("\(error)"))
      }
    }.get()
    return PostgresWorkStore(address, patience: patience, shift: shift)
  }

  private init(
    _ address: PostgresAddress,
    patience: Duration,
    shift: @escaping @Sendable () -> Int64
  ) {
    self.address = address
    self.shift = shift
    writer = PostgresWriter(address, patience: patience, shift: shift)
    readers = PostgresReaders(address, patience: patience)
    listener = PostgresListener(address)
  }

  deinit { beginClosing() }

  package func close() async {
    beginClosing()
    await Self.onThread { [writer, readers, listener] in
      writer.waitForEnd()
      readers.waitForEnd()
      listener.waitForEnd()
    }
  }

  private func beginClosing() {
    writer.beginClosing()
    readers.beginClosing()
    listener.beginClosing()
  }

  private static func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () -> Value
  ) async -> Value {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: body()) }
    }
  }

  // MARK: The two ways

  func write<Value: Sendable>(
    needing needs: PostgresTransaction.Needs = PostgresTransaction.Needs(),
    _ body: @escaping @Sendable (PostgresTransaction) throws -> Value
  ) async throws(WorkError) -> Value {
    let result: Result<Value, WorkError> = await withCheckedContinuation { continuation in
      writer.submit(
        PostgresWriter.Operation(
          needs: needs,
          perform: { transaction in
            let value = try body(transaction)
            return { continuation.resume(returning: .success(value)) }
          },
          fail: { continuation.resume(returning: .failure($0)) }
        )
      )
    }
    return try result.get()
  }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (PostgresConnection) throws -> Value
  ) async throws(WorkError) -> Value {
    try await readers.read(body)
  }

  // MARK: Of everyone

  package func waitForChange(timeout: Duration) async {
    let known = seen.withLock { $0 }
    await listener.wait(beyond: known, timeout: timeout)
    seen.withLock { $0 = listener.version }
  }

  package func verify() async throws(WorkError) -> Verification {
    try await read { connection in
      try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
      defer { try? connection.rollback() }
      let row = try connection.run(
        PostgresQuery("SELECT sequence, hash FROM head WHERE id = 1")
      ).first
      let known: HeadFile.Content
      if row == nil {
        known = .missing
      } else {
        known = PostgresTransaction.head(row).map { .head($0) } ?? .unreadable
      }
      return try PostgresChain(connection: connection).verify(against: known)
    }
  }
}

/// The rows of `entry`, in the transaction that a reader is in.
private struct PostgresChain: ChainSource {
  let connection: PostgresConnection

  private static let page: Int64 = 64

  func eachRow(_ body: (StoredRow?) throws -> Bool) throws {
    var last = Int64.min
    while true {
      let rows = try connection.run(
        PostgresQuery(
          """
          SELECT sequence, time, run, kind, payload, previous, hash FROM entry
          WHERE sequence > $1 ORDER BY sequence LIMIT \(Self.page)
          """,
          .int(last)
        )
      )
      for index in 0..<rows.count {
        let row = rows.row(index)
        last = row.int(0) ?? .max
        let stored = StoredRow(
          sequence: row.int(0),
          microseconds: row.int(1),
          run: row.bytes(2),
          kind: row.bytes(3),
          payload: row.bytes(4),
          previous: row.bytes(5),
          hash: row.bytes(6)
        )
        guard try body(stored) else { return }
      }
      guard Int64(rows.count) == Self.page else { return }
    }
  }

  func largestNumber() throws -> Int64? {
    try connection.run(PostgresQuery("SELECT max(sequence) FROM entry")).first?.int(0)
  }
}
