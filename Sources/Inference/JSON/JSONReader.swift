/// Reads JSON strictly (RFC 8259): one value, UTF-8, no name twice in an object, bounded depth and size.
package struct JSONReader {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0
  private var depth = 0
  private let maximumDepth: Int

  /// - Parameters:
  ///   - maximumDepth: arrays and objects inside one another.
  ///   - maximumSize: bytes of the text.
  package static func read(
    _ bytes: [UInt8],
    maximumDepth: Int = 64,
    maximumSize: Int = 16 << 20
  ) throws(JSONFault) -> JSONValue {
    let result = bytes.withUnsafeBytes { bytes in
      Result<JSONValue, JSONFault> { () throws(JSONFault) in
        try read(bytes, maximumDepth: maximumDepth, maximumSize: maximumSize)
      }
    }
    return try result.get()
  }

  package static func read(
    _ bytes: UnsafeRawBufferPointer,
    maximumDepth: Int = 64,
    maximumSize: Int = 16 << 20
  ) throws(JSONFault) -> JSONValue {
    guard bytes.count <= maximumSize else {
      throw JSONFault(message: "the text is longer than \(maximumSize) bytes", place: maximumSize)
    }
    var reader = JSONReader(bytes: bytes, maximumDepth: maximumDepth)
    reader.skipSpace()
    let value = try reader.value()
    reader.skipSpace()
    guard reader.at == bytes.count else { throw reader.fault("text follows the value") }
    return value
  }

  private init(bytes: UnsafeRawBufferPointer, maximumDepth: Int) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
  }

  private func fault(_ message: String) -> JSONFault { JSONFault(message: message, place: at) }
  private var byte: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func skipSpace() {
    while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  private mutating func take(_ wanted: UInt8) -> Bool {
    guard byte == wanted else { return false }
    at += 1
    return true
  }

  private mutating func value() throws(JSONFault) -> JSONValue {
    switch byte {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try list()
    case UInt8(ascii: "\""): return .text(try string())
    case UInt8(ascii: "t"): return try word("true", .flag(true))
    case UInt8(ascii: "f"): return try word("false", .flag(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(JSONFault) -> JSONValue {
    for wanted in word.utf8 where !take(wanted) { throw fault("'\(word)' is spelt wrongly") }
    return value
  }

  private mutating func enter() throws(JSONFault) {
    at += 1
    depth += 1
    guard depth <= maximumDepth else {
      throw fault("more than \(maximumDepth) values are inside one another")
    }
    skipSpace()
  }

  private mutating func list() throws(JSONFault) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var items: [JSONValue] = []
    if take(UInt8(ascii: "]")) { return .list([]) }
    while true {
      skipSpace()
      items.append(try value())
      skipSpace()
      if take(UInt8(ascii: "]")) { return .list(items) }
      guard take(UInt8(ascii: ",")) else { throw fault("a comma or ']' is missing") }
    }
  }

  private mutating func object() throws(JSONFault) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var members: [JSONMember] = []
    // Names as their bytes: `String` holds canonically equivalent ones for equal.
    var names = Set<[UInt8]>()
    if take(UInt8(ascii: "}")) { return .object([]) }
    while true {
      skipSpace()
      guard byte == UInt8(ascii: "\"") else { throw fault("a name is missing") }
      let name = try string()
      guard names.insert(Array(name.utf8)).inserted else {
        throw fault("the name '\(name.prefix(60))' stands twice in one object")
      }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw fault("a colon is missing") }
      skipSpace()
      members.append(JSONMember(name: name, value: try value()))
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else { throw fault("a comma or '}' is missing") }
    }
  }

  private mutating func number() throws(JSONFault) -> JSONValue {
    let start = at
    func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }
    _ = take(UInt8(ascii: "-"))
    guard isDigit(byte) else { throw fault("a value is missing") }
    if !take(0x30) { while isDigit(byte) { at += 1 } }
    if take(UInt8(ascii: ".")) {
      guard isDigit(byte) else { throw fault("a digit is missing") }
      while isDigit(byte) { at += 1 }
    }
    if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      at += 1
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard isDigit(byte) else { throw fault("a digit is missing") }
      while isDigit(byte) { at += 1 }
    }
    return .number(String(decoding: bytes[start..<at], as: UTF8.self))
  }

  private mutating func string() throws(JSONFault) -> String {
    at += 1
    var out: [UInt8] = []
    while let byte {
      at += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: out, as: UTF8.self) else {
          throw fault("a string is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): try escape(&out)
      case 0..<0x20: throw fault("a control character stands in a string")
      default: out.append(byte)
      }
    }
    throw fault("a string has no end")
  }

  private mutating func escape(_ out: inout [UInt8]) throws(JSONFault) {
    guard let byte else { throw fault("a string has no end") }
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
    case UInt8(ascii: "n"): out.append(0x0A)
    case UInt8(ascii: "r"): out.append(0x0D)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0C)
    case UInt8(ascii: "u"):
      var code = try unit()
      if (0xD800..<0xDC00).contains(code), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
        let low = try unit()
        guard (0xDC00..<0xE000).contains(low) else { throw fault("half a surrogate pair stands") }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair stands") }
      out += Array(String(Character(scalar)).utf8)
    default: throw fault("an escape is not known")
    }
  }

  private mutating func unit() throws(JSONFault) -> UInt32 {
    guard at + 4 <= bytes.count else { throw fault("an escape is cut off") }
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue, bytes[at] < 0x80 else {
        throw fault("an escape is broken")
      }
      value = value * 16 + UInt32(digit)
      at += 1
    }
    return value
  }
}
