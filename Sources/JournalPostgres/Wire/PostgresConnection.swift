import CPostgres

/// One connection to a server. Every call waits for the server: only on threads made for it.
///
/// `@unchecked Sendable`, since one thread at a time uses it: that of its writer, reader or listener.
final class PostgresConnection: @unchecked Sendable {
  private let address: PostgresAddress
  private let handle: OpaquePointer
  private var names: [String: String] = [:]

  init(_ address: PostgresAddress, purpose: String) throws(PostgresFailure) {
    self.address = address
    // What stands before the URL is overridden by it, what stands after it overrides it.
    let options = [
      ("connect_timeout", "10"), ("keepalives_idle", "15"), ("keepalives_interval", "5"),
      ("keepalives_count", "3"), ("tcp_user_timeout", "30000"), ("dbname", address.url),
      ("client_encoding", "UTF8"), ("application_name", purpose),
    ]
    let made = Self.withCStrings(options.map(\.0)) { keys in
      Self.withCStrings(options.map(\.1)) { values in PQconnectdbParams(keys, values, 1) }
    }
    guard let made else { throw .lost("no memory for a connection") }
    handle = made
    guard PQstatus(made) == CONNECTION_OK else { throw .lost(said) }
    // libpq would print what the server remarks.
    PQsetNoticeProcessor(made, { _, _ in }, nil)
    guard PQparameterStatus(made, "server_encoding").map({ String(cString: $0) }) == "UTF8" else {
      throw .refused(code: "0A000", "its encoding is not UTF8; make a database with that")
    }
    // Durability is promised on every return; a server may wait for more than that, not for less.
    // What was begun and is not gone on with is undone, so that a machine that is cut off holds no
    // locks.
    try execute(
      """
      SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');
      SET search_path = caisson;
      SET idle_in_transaction_session_timeout = '30s';
      SET statement_timeout = '60s';
      SET lock_timeout = '20s';
      SET jit = off;
      """
    )
  }

  deinit { PQfinish(handle) }

  var isOpen: Bool { PQstatus(handle) == CONNECTION_OK }

  var socket: Int32 { PQsocket(handle) }

  // MARK: Statements

  /// Carries out statements of which nothing is read.
  func execute(_ sql: String) throws(PostgresFailure) {
    guard let result = PQexec(handle, sql) else { throw .lost(said) }
    defer { PQclear(result) }
    if let failure = failure(of: result) { throw failure }
  }

  func run(_ query: PostgresQuery) throws(PostgresFailure) -> PostgresResult {
    guard let result = try run([query]).first else { throw .lost("the server gave no result") }
    return result
  }

  /// Carries out all of them in one trip; where one is refused, those after it are not done.
  func run(_ queries: [PostgresQuery]) throws(PostgresFailure) -> [PostgresResult] {
    var prepared: [String] = []
    for query in queries { prepared.append(try name(of: query)) }
    guard PQenterPipelineMode(handle) == 1 else { throw .lost(said) }
    var buffer: [UInt8] = []
    for (query, name) in zip(queries, prepared) {
      guard send(query, as: name, &buffer) else { throw broken() }
    }
    guard PQpipelineSync(handle) == 1 else { throw broken() }
    var results: [PostgresResult] = []
    var first: PostgresFailure?
    for _ in queries {
      guard let result = PQgetResult(handle) else { throw first ?? broken() }
      if first == nil, let failure = failure(of: result) { first = failure }
      results.append(PostgresResult(result))
      // A result ends with nothing.
      while let more = PQgetResult(handle) {
        PQclear(more)
        guard isOpen else { throw first ?? broken() }
      }
    }
    guard let end = PQgetResult(handle) else { throw first ?? broken() }
    PQclear(end)
    guard PQexitPipelineMode(handle) == 1 else { throw first ?? broken() }
    if let first { throw first }
    return results
  }

  /// Undoes what was begun.
  func rollback() throws(PostgresFailure) { try execute("ROLLBACK") }

  /// Whether something was notified, of what has come.
  func takeNotifications() throws(PostgresFailure) -> Bool {
    guard PQconsumeInput(handle) == 1 else { throw .lost(said) }
    var isAny = false
    while let notification = PQnotifies(handle) {
      isAny = true
      PQfreemem(notification)
    }
    return isAny
  }

  // MARK: Parts

  /// Prepares what is asked for the first time.
  private func name(of query: PostgresQuery) throws(PostgresFailure) -> String {
    if let name = names[query.sql] { return name }
    let name = "s\(names.count)"
    let types = query.values.map(\.type)
    guard let result = PQprepare(handle, name, query.sql, Int32(types.count), types) else {
      throw .lost(said)
    }
    defer { PQclear(result) }
    if let failure = failure(of: result) { throw failure }
    names[query.sql] = name
    return name
  }

  private func send(_ query: PostgresQuery, as name: String, _ buffer: inout [UInt8]) -> Bool {
    // One byte first: a value without length still has a place, which is what tells it from NULL.
    buffer.removeAll(keepingCapacity: true)
    buffer.append(0)
    var starts: [Int?] = []
    var lengths: [Int32] = []
    for value in query.values {
      let start = buffer.count
      starts.append(value.encode(into: &buffer) ? start : nil)
      lengths.append(Int32(truncatingIfNeeded: buffer.count - start))
    }
    let formats = [Int32](repeating: 1, count: query.values.count)
    return buffer.withUnsafeBytes { bytes in
      let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      let pointers = starts.map { start in start.flatMap { base?.advanced(by: $0) } }
      return PQsendQueryPrepared(
        handle,
        name,
        Int32(pointers.count),
        pointers,
        lengths,
        formats,
        1
      ) == 1
    }
  }

  private func failure(of result: OpaquePointer) -> PostgresFailure? {
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_PIPELINE_SYNC: return nil
    default: break
    }
    let text = PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) }
    guard isOpen, let code = PQresultErrorField(result, Int32(UInt8(ascii: "C"))) else {
      return .lost(address.redacted(text ?? said))
    }
    let state = String(cString: code)
    let message = address.redacted(text ?? said)
    // The server goes down, or is not up yet: what it did last is not known.
    return state.hasPrefix("57P") ? .lost(message) : .refused(code: state, message)
  }

  /// The connection is of no use any more.
  private func broken() -> PostgresFailure { .lost(said) }

  private var said: String {
    let text = address.redacted(PQerrorMessage(handle).map { String(cString: $0) } ?? "")
    return text.isEmpty ? "the connection broke" : text
  }

  /// Gives a list of texts as C takes it, ended by NULL.
  private static func withCStrings<Value>(
    _ texts: [String],
    _ body: ([UnsafePointer<CChar>?]) -> Value
  ) -> Value {
    let all = texts.flatMap { Array($0.utf8CString) }
    return all.withUnsafeBufferPointer { buffer in
      var start = 0
      var pointers: [UnsafePointer<CChar>?] = []
      for text in texts {
        pointers.append(buffer.baseAddress.map { $0 + start })
        start += text.utf8.count + 1
      }
      return body(pointers + [nil])
    }
  }
}
