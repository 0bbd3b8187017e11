import Foundation
import GRDB
import Glibc
package import SystemPackage

/// What happened, chained by hash: the record of every run.
///
/// The journal knows events and rows. It does not know what a policy or a sandbox is, and decides
/// nothing. A row that ``append(_:run:)-(Event,_)`` has returned is on the disk. Several processes may write
/// at once: each row is chained to the last one under SQLite's write lock.
package final class Journal: Sendable {
  let path: String
  let head: HeadFile
  let queue: DatabaseQueue
  private let clock: @Sendable () -> Int64

  /// Opens the journal in a directory that exists, and creates it where there is none.
  ///
  /// `clock` gives microseconds since 1970.
  package static func open(
    directory: FilePath,
    clock: @escaping @Sendable () -> Int64 = Journal.now
  ) throws(JournalError) -> Journal {
    try Journal(directory: directory, clock: clock)
  }

  /// Opens the journal where there is one; nil where nothing has been recorded.
  package static func openExisting(directory: FilePath) throws(JournalError) -> Journal? {
    let files = ["journal.sqlite", "journal.head"].map { directory.appending($0).string }
    return files.contains { access($0, F_OK) == 0 } ? try open(directory: directory) : nil
  }

  private init(
    directory: FilePath,
    clock: @escaping @Sendable () -> Int64
  ) throws(JournalError) {
    let file = directory.appending("journal.sqlite")
    guard let path = String(validating: file) else {
      throw .unavailable(path: file.string, reason: "the path is not UTF-8")
    }
    self.path = path
    self.clock = clock
    head = HeadFile(path: directory.appending("journal.head"))
    try Self.createFiles(database: file, head: head)
    queue = try Self.translating(path) {
      let queue = try DatabaseQueue(path: path, configuration: Self.configuration)
      try queue.inDatabase { try Self.prepare($0, path: path, directory: directory) }
      return queue
    }
  }

  /// Keeps the connection until the process ends, so that the end costs nothing.
  ///
  /// Closing the last connection carries the write-ahead log back into the database, which waits
  /// for the disk twice, and the next opening waits for it again to begin a log. Left open, the log
  /// stays for the next process, and SQLite carries it back when it has grown to 1 MiB. What was
  /// appended is on the disk either way.
  package func keepOpen() {
    _ = Unmanaged.passRetained(queue)
  }

  package func close() {
    try? queue.close()
  }

  package static func now() -> Int64 {
    Int64((Date().timeIntervalSince1970 * 1_000_000).rounded(.down))
  }
}

// MARK: - Writing

extension Journal {
  /// Writes one event, and returns when it is on the disk.
  @discardableResult
  package func append(_ event: Event, run: String? = nil) throws(JournalError) -> Row {
    let entry = try Entry(event)
    let row = try write { database, chain in
      try chain.append(entry, run: run, time: self.clock(), to: database)
    }
    return row
  }

  /// Writes several events of one run at the price of one: all of them or none.
  @discardableResult
  package func append(_ events: [Event], run: String? = nil) throws(JournalError) -> [Row] {
    var entries: [Entry] = []
    for event in events { entries.append(try Entry(event)) }
    guard !entries.isEmpty else { return [] }
    return try write { [entries] database, chain in
      try entries.map { try chain.append($0, run: run, time: self.clock(), to: database) }
    }
  }

  /// Writes that a run's supervisor died, unless its end has been written meanwhile.
  @discardableResult
  ///
  /// - Parameter started: Whose end it is: a run that was continued meanwhile is left alone.
  package func abandon(
    run: String,
    started: RunStarted? = nil,
    reason: String
  ) throws(JournalError) -> Row? {
    let entry = try Entry(.runAbandoned(RunAbandoned(reason: reason)))
    return try write { database, chain in
      let open = try GRDB.Row.fetchOne(
        database,
        sql: """
          SELECT entry.kind, entry.payload FROM run JOIN entry ON entry.sequence = run.started
          WHERE run.id = ? AND run.ended IS NULL
          """,
        arguments: [run]
      )
      guard let open else { return nil }
      if let started, let kind = String.fromDatabaseValue(open[0]),
        let payload = String.fromDatabaseValue(open[1])
      {
        let latest = Event(kind: kind, payload: payload)
        guard latest == .runStarted(started) || latest == .runResumed(started) else { return nil }
      }
      return try chain.append(entry, run: run, time: self.clock(), to: database)
    }
  }

  private func write<Result>(
    _ body: (Database, inout Chain) throws -> Result
  ) throws(JournalError) -> Result {
    let (result, newHead) = try Self.translating(path) {
      try queue.writeWithoutTransaction { database in
        // Said again before each write, outside the transaction: durability is promised on every
        // return, and a connection that someone put back to NORMAL would break it in silence.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        var result: (Result, Head)?
        try database.inTransaction(.immediate) {
          var chain = try Chain(database)
          try self.checkHead(against: chain.tip, in: database)
          result = (try body(database, &chain), chain.tip)
          return .commit
        }
        guard let result else {
          throw JournalError.failed(path: path, reason: "nothing was written")
        }
        return result
      }
    }
    // The rows are durable already; a head that lags behind is caught up by the next write, and
    // verify() says how many rows it does not cover.
    try? head.write(newHead)
    return result
  }

  /// A durable transaction of tables beside the chain, which may append to the chain, too.
  func commit(_ body: (Database, LazyChain) throws -> Void) throws(JournalError) {
    let newHead = try Self.translating(path) {
      try queue.writeWithoutTransaction { database in
        // As in write(_:).
        try database.execute(sql: "PRAGMA synchronous = FULL")
        let chain = LazyChain(database) { database in
          let chain = try Chain(database)
          try self.checkHead(against: chain.tip, in: database)
          return chain
        }
        try database.inTransaction(.immediate) {
          try body(database, chain)
          return .commit
        }
        return chain.newTip
      }
    }
    if let newHead { try? head.write(newHead) }
  }

  /// Refuses to append to a chain that lost rows: the next head would hide the loss.
  private func checkHead(against tip: Head, in database: Database) throws {
    let reason: String
    switch try head.read() {
    case .head(let head) where head.sequence == tip.sequence:
      if head.hash == tip.hash { return }
      reason = "row \(tip.sequence) is not the row that was written"
    case .head(let head) where head.sequence < tip.sequence:
      let hash = try Data.fetchOne(
        database,
        sql: "SELECT CAST(hash AS BLOB) FROM entry WHERE sequence = ?",
        arguments: [head.sequence]
      )
      if head.sequence == 0 || hash.flatMap({ ChainHash(bytes: $0) }) == head.hash { return }
      reason = "row \(head.sequence) is not the row that was written"
    case .head(let head):
      reason = "it ends at row \(tip.sequence), but row \(head.sequence) had been written"
    case .missing where tip.sequence == 0:
      try head.create()
      return
    case .unreadable where tip.sequence == 0:
      return
    case .missing:
      reason = "\(head.path) is missing"
    case .unreadable:
      reason = "\(head.path) is unreadable"
    }
    throw JournalError.chainBroken(path: path, reason: reason)
  }
}

// MARK: - Opening

extension Journal {
  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.label = "journal"
    configuration.busyMode = .timeout(10)
    configuration.foreignKeysEnabled = false
    configuration.prepareDatabase {
      try $0.execute(sql: "PRAGMA synchronous = FULL")
      // The first to open reads the whole log: 1 MiB of it, not SQLite's 4.
      try $0.execute(sql: "PRAGMA wal_autocheckpoint = 256")
    }
    return configuration
  }

  /// Makes both files, for the owner alone, before SQLite would with wider modes.
  ///
  /// The head comes first: rows without a head are never left by a crash, so they always mean
  /// that someone took the head away.
  private static func createFiles(database: FilePath, head: HeadFile) throws(JournalError) {
    if access(database.string, F_OK) == 0 { return }
    try head.create()
    do {
      try FileDescriptor.open(
        database,
        .readWrite,
        options: [.create, .closeOnExec],
        permissions: .ownerReadWrite
      ).close()
    } catch Errno.noSpace {
      throw .diskFull(path: database.string)
    } catch Errno.permissionDenied {
      throw .readOnly(path: database.string)
    } catch Errno.readOnlyFileSystem {
      throw .readOnly(path: database.string)
    } catch {
      throw .unavailable(path: database.string, reason: "\(error)")
    }
  }

  private static func prepare(_ database: Database, path: String, directory: FilePath) throws {
    let found = try Schema.version(of: database)
    if found == Schema.version { return }
    guard (0..<Schema.version).contains(found) else {
      throw JournalError.newerSchema(path: path, found: found, known: Schema.version)
    }
    // Several first uses at once: changing to WAL does not wait for others, so one goes first.
    let lock = try FileDescriptor.open(directory, .readOnly, options: [.closeOnExec, .directory])
    defer { try? lock.close() }
    _ = flock(lock.rawValue, LOCK_EX)
    switch try Schema.version(of: database) {
    case Schema.version: return
    case let earlier where earlier > 0:
      try database.inTransaction(.immediate) {
        try database.execute(sql: Schema.upgrade(from: earlier))
        return .commit
      }
      return
    default: break
    }
    if try Schema.isForeign(database) {
      throw JournalError.damaged(path: path, reason: "it is another program's database")
    }
    try database.execute(sql: "PRAGMA journal_mode = WAL")
    try database.inTransaction(.immediate) {
      try database.execute(sql: Schema.definition)
      return .commit
    }
  }

  /// Runs `body` and says what went wrong in the journal's own words.
  static func translating<Result>(
    _ path: String,
    _ body: () throws -> Result
  ) throws(JournalError) -> Result {
    do {
      return try body()
    } catch let error as JournalError {
      throw error
    } catch let error as DatabaseError {
      throw JournalError(error, path: path)
    } catch {
      throw .failed(path: path, reason: "\(error)")
    }
  }
}

extension JournalError {
  fileprivate init(_ error: DatabaseError, path: String) {
    let reason = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    switch error.extendedResultCode {
    case .SQLITE_IOERR_SHMSIZE, .SQLITE_IOERR_WRITE:
      self = .diskFull(path: path)
      return
    default: break
    }
    switch error.resultCode {
    case .SQLITE_FULL: self = .diskFull(path: path)
    case .SQLITE_READONLY: self = .readOnly(path: path)
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged(path: path, reason: reason)
    case .SQLITE_CANTOPEN where access(FilePath(path).removingLastComponent().string, W_OK) != 0:
      // SQLite needs room beside the file even to read it.
      self = .readOnly(path: path)
    case .SQLITE_CANTOPEN, .SQLITE_PERM: self = .unavailable(path: path, reason: reason)
    default: self = .failed(path: path, reason: reason)
    }
  }
}
