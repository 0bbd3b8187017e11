/// A statement with its values.
struct PostgresQuery: Sendable {
  let sql: String
  let values: [PostgresValue]

  init(_ sql: String, _ values: PostgresValue...) {
    self.sql = sql
    self.values = values
  }
}

/// A value in the form that the server takes without reading it: binary, of a named type.
enum PostgresValue: Sendable {
  case int(Int64?)
  case flag(Bool)
  case text(String?)
  case bytes([UInt8])
  case texts([String])
  case ints([Int64])

  /// The type's number in every PostgreSQL.
  var type: UInt32 {
    switch self {
    case .int: 20
    case .flag: 16
    case .text: 25
    case .bytes: 17
    case .texts: 1009
    case .ints: 1016
    }
  }

  /// Appends the value; false for NULL.
  func encode(into buffer: inout [UInt8]) -> Bool {
    switch self {
    case .int(nil), .text(nil): return false
    case .int(let value?): buffer.appendBigEndian(value)
    case .flag(let value): buffer.append(value ? 1 : 0)
    case .text(let value?): buffer.append(contentsOf: value.utf8)
    case .bytes(let value): buffer.append(contentsOf: value)
    case .texts(let values):
      Self.encodeArray(of: 25, values, into: &buffer) { buffer, value in
        buffer.appendBigEndian(Int32(truncatingIfNeeded: value.utf8.count))
        buffer.append(contentsOf: value.utf8)
      }
    case .ints(let values):
      Self.encodeArray(of: 20, values, into: &buffer) { buffer, value in
        buffer.appendBigEndian(Int32(8))
        buffer.appendBigEndian(value)
      }
    }
    return true
  }

  private static func encodeArray<Element>(
    of type: Int32,
    _ values: [Element],
    into buffer: inout [UInt8],
    _ encode: (inout [UInt8], Element) -> Void
  ) {
    // Dimensions, whether there are NULLs, the elements' type; then length and first index.
    buffer.appendBigEndian(Int32(values.isEmpty ? 0 : 1))
    buffer.appendBigEndian(Int32(0))
    buffer.appendBigEndian(type)
    guard !values.isEmpty else { return }
    buffer.appendBigEndian(Int32(truncatingIfNeeded: values.count))
    buffer.appendBigEndian(Int32(1))
    for value in values { encode(&buffer, value) }
  }
}

extension [UInt8] {
  fileprivate mutating func appendBigEndian(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }
}
