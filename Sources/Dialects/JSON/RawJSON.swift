/// A value that passes through as it was written; always well-formed.
package struct RawJSON: Hashable, Sendable {
  package let bytes: ArraySlice<UInt8>

  init(checked bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
  }

  package init(_ write: (inout JSONWriter) -> Void) {
    var writer = JSONWriter()
    write(&writer)
    bytes = writer.bytes[...]
  }

  package init(parsing text: String) throws(JSONError) {
    self = try JSONDocument(Array(text.utf8)).root.raw
  }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The text on one line.
  package var line: String { RawJSON { $0.raw(self) }.text }

  /// The value, to be looked into.
  package var json: JSON? { try? JSONDocument(Array(bytes), bounds: .answer).root }

  static func string(_ text: String) -> RawJSON { RawJSON { $0.string(text) } }
  static func bool(_ value: Bool) -> RawJSON { RawJSON { $0.bool(value) } }
  package static let emptyObject = RawJSON(checked: [0x7B, 0x7D])

  package static func == (left: RawJSON, right: RawJSON) -> Bool {
    left.bytes.elementsEqual(right.bytes)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(bytes.count)
    for byte in bytes { hasher.combine(byte) }
  }
}

/// A number as it was written, `0.70` and `1e400` included.
package struct JSONNumber: Hashable, Sendable {
  package let text: String

  init(checked text: String) {
    self.text = text
  }

  package init(_ value: Int) {
    text = String(value)
  }

  package var double: Double? { Double(text) }

  package var int: Int? {
    if let int = Int(text) { return int }
    guard let double = Double(text) else { return nil }
    return Int(exactly: double)
  }
}
