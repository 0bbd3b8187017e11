import CPostgres

/// The rows that a statement gave, read by column number.
///
/// Nothing is trusted to have its type: whoever may write to the database may have changed it.
final class PostgresResult {
  private let handle: OpaquePointer

  /// Takes over what libpq gave.
  init(_ handle: OpaquePointer) {
    self.handle = handle
  }

  deinit { PQclear(handle) }

  var count: Int { Int(PQntuples(handle)) }

  func row(_ index: Int) -> Row { Row(result: self, index: Int32(index)) }

  func map<Value>(_ body: (Row) throws -> Value) rethrows -> [Value] {
    try (0..<count).map { try body(row($0)) }
  }

  var first: Row? { count > 0 ? row(0) : nil }

  struct Row {
    fileprivate let result: PostgresResult
    fileprivate let index: Int32

    private func value(_ column: Int) -> UnsafeRawBufferPointer? {
      let column = Int32(column)
      guard column < PQnfields(result.handle), PQgetisnull(result.handle, index, column) == 0
      else { return nil }
      return UnsafeRawBufferPointer(
        start: PQgetvalue(result.handle, index, column),
        count: Int(PQgetlength(result.handle, index, column))
      )
    }

    func int(_ column: Int) -> Int64? {
      guard let bytes = value(column), bytes.count == 8 else { return nil }
      return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    }

    func flag(_ column: Int) -> Bool? {
      guard let bytes = value(column), bytes.count == 1 else { return nil }
      return bytes[0] != 0
    }

    func text(_ column: Int) -> String? {
      value(column).map { String(decoding: $0, as: UTF8.self) }
    }

    func bytes(_ column: Int) -> [UInt8]? { value(column).map(Array.init) }
  }
}
