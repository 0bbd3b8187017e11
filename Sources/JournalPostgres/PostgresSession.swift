import Foundation
import Journal

/// The writer's connection, and what became of the transaction that it broke in.
///
/// A connection that breaks during a commit leaves nobody knowing whether it happened. Each transaction
/// therefore writes its number into the row that the store has in `writer`. After connecting again that
/// row is read under a lock, which waits until the server has ended what the broken connection began;
/// then the number says what became of it. Only what certainly did not happen is done again.
struct PostgresSession {
  typealias Answer = @Sendable () -> Void

  private let address: PostgresAddress
  private let id = UUID().uuidString.lowercased()
  private let shift: @Sendable () -> Int64
  private var connection: PostgresConnection?
  private var isPrepared = false
  private var serial: Int64 = 0
  /// What is to be answered where the transaction of this number turns out to be committed.
  private var unresolved: (serial: Int64, answers: [Answer])?

  init(_ address: PostgresAddress, shift: @escaping @Sendable () -> Int64) {
    self.address = address
    self.shift = shift
  }

  /// Whether something may have been written of which nobody was told.
  var isUnresolved: Bool { unresolved != nil }

  /// Gives up finding out, since nobody waits for it any more.
  mutating func forget() { unresolved = nil }

  /// Carries out operations in one transaction, and gives what tells their results; those that were
  /// refused for themselves are among them.
  mutating func transact(_ operations: [PostgresWriter.Operation]) throws -> [Answer] {
    if let answers = try resolve() { return answers }
    let connection = try connect()
    do {
      let result = try transact(operations, connection)
      unresolved = nil
      return result
    } catch PostgresFailure.lost(let reason) {
      self.connection = nil
      throw PostgresFailure.lost(reason)
    } catch {
      // Refused: certainly not committed.
      unresolved = nil
      do { try connection.rollback() } catch { self.connection = nil }
      throw error
    }
  }

  /// The answers of the transaction that nobody knew the end of, where it was committed.
  ///
  /// Until that is known nothing else is done: whatever keeps it from being known counts as a server
  /// that is away.
  private mutating func resolve() throws -> [Answer]? {
    guard let (serial, answers) = unresolved else { return nil }
    do {
      let isCommitted = try writtenSerial(try connect()) == serial
      unresolved = nil
      return isCommitted ? answers : nil
    } catch PostgresFailure.lost(let reason) {
      connection = nil
      throw PostgresFailure.lost(reason)
    } catch {
      connection = nil
      throw PostgresFailure.lost("\(error)")
    }
  }

  private mutating func transact(
    _ operations: [PostgresWriter.Operation],
    _ connection: PostgresConnection
  ) throws -> [Answer] {
    var needs = PostgresTransaction.Needs()
    for operation in operations {
      needs.assignments += operation.needs.assignments
      needs.steps += operation.needs.steps
      if operation.needs.hasParents { needs.hasParents = true }
    }
    let transaction = try PostgresTransaction(connection, shift: shift(), needs)
    var answers: [Answer] = []
    for operation in operations {
      let before = transaction.draft
      do {
        answers.append(try operation.perform(transaction))
      } catch let error as WorkError {
        transaction.draft = before
        answers.append { operation.fail(error) }
      }
    }
    guard transaction.hasChanged else {
      try connection.rollback()
      return answers
    }
    let writes = try transaction.finish(name: address.name)
    serial += 1
    let end = [
      PostgresQuery("UPDATE writer SET serial = $2 WHERE id = $1", .text(id), .int(serial)),
      PostgresQuery("SELECT pg_notify('caisson', '')"), PostgresQuery("COMMIT"),
    ]
    unresolved = (serial, answers)
    _ = try connection.run(writes + end)
    return answers
  }

  // MARK: Connecting

  private mutating func connect() throws -> PostgresConnection {
    if let connection, connection.isOpen { return connection }
    connection = nil
    let purpose = "caisson \(id)"
    let made = try PostgresConnection(address, purpose: purpose)
    if !isPrepared {
      try PostgresSchema.prepare(made, on: address.name)
      isPrepared = true
    }
    // Ours before: the server may not have noticed yet that nobody is there.
    _ = try made.run(
      PostgresQuery(
        """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = $1 AND pid <> pg_backend_pid()
        """,
        .text(purpose)
      )
    )
    _ = try made.run(
      PostgresQuery(
        "INSERT INTO writer (id, serial) VALUES ($1, 0) ON CONFLICT (id) DO NOTHING",
        .text(id)
      )
    )
    connection = made
    return made
  }

  private func writtenSerial(_ connection: PostgresConnection) throws -> Int64? {
    try connection.run(
      PostgresQuery("SELECT serial FROM writer WHERE id = $1 FOR UPDATE", .text(id))
    ).first?.int(0)
  }

  /// Takes the store's row away, and those of stores that were never closed.
  mutating func close() {
    _ = try? connection?.run(
      PostgresQuery(
        """
        DELETE FROM writer WHERE id = $1
          OR (opened < now() - interval '30 days' AND NOT EXISTS (
            SELECT 1 FROM pg_stat_activity WHERE application_name = 'caisson ' || id))
        """,
        .text(id)
      )
    )
    connection = nil
  }

  /// What the server has a setting at, in the writer's session.
  mutating func setting(_ name: String) throws -> String? {
    try connect().run(PostgresQuery("SELECT current_setting($1)", .text(name))).first?.text(0)
  }
}
