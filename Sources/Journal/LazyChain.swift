import GRDB

/// The chain inside a transaction that may append to it or not: read when it is first needed.
final class LazyChain {
  private let database: Database
  private let open: (Database) throws -> Chain
  private var chain: Chain?
  private var hasMoved = false

  init(_ database: Database, open: @escaping (Database) throws -> Chain) {
    self.database = database
    self.open = open
  }

  /// The end of the chain where a row was appended; nil where none was.
  var newTip: Head? { hasMoved ? chain?.tip : nil }

  /// Throws where the chain does not match its head.
  func check() throws {
    if chain == nil { chain = try open(database) }
  }

  /// The row's number.
  @discardableResult
  func append(_ entry: Entry, run: String?, time: Int64) throws -> Int64 {
    try check()
    _ = try chain?.append(entry, run: run, time: time, to: database)
    hasMoved = true
    return chain?.tip.sequence ?? 0
  }
}
