/// A JSON text that was checked once and is read in place: order, numbers and unknown fields stay
/// the bytes that they were.
///
/// What is accepted is RFC 8259 and nothing beyond it, in UTF-8 without a byte order mark. An object
/// with the same key twice is refused at every level, escapes read (`JSONError.duplicateKey`).
/// Foundation loses the order of keys and the text of numbers and takes one of two equal keys. On
/// 200 kB of tools with schemas its `JSONSerialization` reads 12 MB/s here and this 747, on a request
/// of 2 kB 107 and 1,489 (`Benchmarks/dialects`).
package final class JSONDocument: Sendable {
  package let bytes: [UInt8]
  let tokens: [JSONToken]

  package init(_ bytes: [UInt8], bounds: JSONBounds = .request) throws(JSONError) {
    var parser = JSONParser(bounds: bounds)
    try parser.parse(bytes.span)
    self.bytes = bytes
    tokens = parser.tokens
  }

  /// A text of nothing but null.
  private init() {
    bytes = Array("null".utf8)
    tokens = [JSONToken(start: 0, end: 4, next: 1, kind: .null)]
  }

  static let nothing = JSONDocument()

  package var root: JSON { JSON(document: self, index: 0) }

  /// The root of a text that must be an object, as every request and answer here is.
  package static func object(
    _ bytes: [UInt8],
    bounds: JSONBounds = .request
  ) throws(JSONError) -> JSON {
    let document = try JSONDocument(bytes, bounds: bounds)
    guard document.root.kind == .object else { throw JSONError(.notAnObject, at: 0) }
    return document.root
  }
}
