/// Writes JSON without spaces, in the order in which it is told.
package struct JSONWriter {
  package private(set) var bytes: [UInt8] = []
  private var needsComma = false

  package init(capacity: Int = 256) {
    bytes.reserveCapacity(capacity)
  }

  /// The bytes of one object.
  package static func object(capacity: Int = 256, _ content: (inout JSONWriter) -> Void) -> [UInt8]
  {
    var writer = JSONWriter(capacity: capacity)
    writer.object(content)
    return writer.bytes
  }

  package mutating func object(_ content: (inout JSONWriter) -> Void) {
    open(UInt8(ascii: "{"))
    content(&self)
    close(UInt8(ascii: "}"))
  }

  package mutating func array(_ content: (inout JSONWriter) -> Void) {
    open(UInt8(ascii: "["))
    content(&self)
    close(UInt8(ascii: "]"))
  }

  package mutating func key(_ key: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    key.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func key(_ key: String) {
    string(key)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func string(_ text: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { JSONText.appendEscaped($0.span, to: &bytes) }
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }

  package mutating func int(_ value: Int) {
    separate()
    bytes.append(contentsOf: String(value).utf8)
    needsComma = true
  }

  package mutating func number(_ value: JSONNumber) {
    separate()
    bytes.append(contentsOf: value.text.utf8)
    needsComma = true
  }

  package mutating func bool(_ value: Bool) {
    raw(value ? "true" : "false")
  }

  package mutating func null() {
    raw("null")
  }

  /// Copies a value. Breaks of lines are taken out, with all space between its parts: they would end
  /// an event or a line of a stream.
  package mutating func raw(_ value: RawJSON) {
    separate()
    if value.bytes.contains(where: { $0 == 0x0A || $0 == 0x0D }) {
      appendCompact(value.bytes)
    } else {
      bytes.append(contentsOf: value.bytes)
    }
    needsComma = true
  }

  private mutating func appendCompact(_ value: ArraySlice<UInt8>) {
    var isInString = false
    var isEscaped = false
    for byte in value {
      if isInString {
        isInString = isEscaped || byte != UInt8(ascii: "\"")
        isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
      } else if byte <= 0x20 {
        continue
      } else if byte == UInt8(ascii: "\"") {
        isInString = true
      }
      bytes.append(byte)
    }
  }

  private mutating func raw(_ value: StaticString) {
    separate()
    value.withUTF8Buffer { bytes.append(contentsOf: $0) }
    needsComma = true
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  fileprivate mutating func removeClosingBracket() {
    guard bytes.last == UInt8(ascii: "}") else {
      bytes = [UInt8(ascii: "{")]
      needsComma = false
      return
    }
    bytes.removeLast()
    needsComma = bytes.count > 1
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }
}

extension JSONWriter {
  package mutating func string(_ key: StaticString, _ value: String) {
    self.key(key)
    string(value)
  }

  /// Writes the key only if there is a value.
  package mutating func string(_ key: StaticString, ifAny value: String?) {
    if let value { string(key, value) }
  }

  package mutating func string(_ key: StaticString, orNull value: String?) {
    self.key(key)
    if let value { string(value) } else { null() }
  }

  package mutating func strings(_ key: StaticString, _ values: [String]) {
    array(key) { array in for value in values { array.string(value) } }
  }

  /// Writes the key only if there are values.
  package mutating func strings(_ key: StaticString, ifAny values: [String]) {
    if !values.isEmpty { strings(key, values) }
  }

  package mutating func int(_ key: StaticString, _ value: Int) {
    self.key(key)
    int(value)
  }

  package mutating func int(_ key: StaticString, ifAny value: Int?) {
    if let value { int(key, value) }
  }

  package mutating func number(_ key: StaticString, ifAny value: JSONNumber?) {
    guard let value else { return }
    self.key(key)
    number(value)
  }

  package mutating func bool(_ key: StaticString, _ value: Bool) {
    self.key(key)
    bool(value)
  }

  package mutating func bool(_ key: StaticString, ifAny value: Bool?) {
    if let value { bool(key, value) }
  }

  package mutating func null(_ key: StaticString) {
    self.key(key)
    null()
  }

  package mutating func raw(_ key: StaticString, _ value: RawJSON) {
    self.key(key)
    raw(value)
  }

  package mutating func raw(_ key: StaticString, ifAny value: RawJSON?) {
    if let value { raw(key, value) }
  }

  package mutating func object(_ key: StaticString, _ content: (inout JSONWriter) -> Void) {
    self.key(key)
    object(content)
  }

  /// Writes the key only if something is written into the object.
  package mutating func objectIfAny(_ key: StaticString, _ content: (inout JSONWriter) -> Void) {
    let bytes = Self.object(content)
    if bytes.count > 2 { raw(key, RawJSON(checked: bytes[...])) }
  }

  package mutating func array(_ key: StaticString, _ content: (inout JSONWriter) -> Void) {
    self.key(key)
    array(content)
  }
}

extension JSONWriter {
  /// An object that was written before, so that more can follow in it; `closed` ends it.
  func reopened() -> JSONWriter {
    var writer = self
    writer.removeClosingBracket()
    return writer
  }

  func closed() -> [UInt8] { bytes + [UInt8(ascii: "}")] }
}
