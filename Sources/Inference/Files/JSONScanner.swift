/// Reads JSON of a known shape from bytes that come from outside, one token after the other.
///
/// Strict (RFC 8259): no comments, no trailing commas, no leading zeros, texts in UTF-8. There is no
/// tree and no recursion, so that nothing is deeper or larger than what the caller asks for.
struct JSONScanner {
  /// Where it fails, counted from the start, and what should stand there.
  struct Failure: Error, Equatable {
    let offset: Int
    let expected: String
  }

  private let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// The next byte that is no white space.
  mutating func peek() -> UInt8? {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      case let byte: return byte
      }
    }
    return nil
  }

  /// Moves past one of the characters of JSON's structure.
  mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
    guard peek() == UInt8(ascii: character) else { throw failure("a \(character)") }
    offset += 1
  }

  /// Moves past the character if it is the next.
  mutating func skips(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  /// `{"key": …, "key": …}` with a key at a time; the body reads the value.
  mutating func object(
    _ body: (inout JSONScanner, String) throws(Failure) -> Void
  ) throws(Failure) {
    try expect("{")
    if skips("}") { return }
    repeat {
      let key = try text()
      try expect(":")
      try body(&self, key)
    } while skips(",")
    try expect("}")
  }

  /// `[1, 2, …]`, of so many at most.
  mutating func numbers(limit: Int) throws(Failure) -> [Int] {
    var numbers: [Int] = []
    try expect("[")
    if skips("]") { return numbers }
    repeat {
      guard numbers.count < limit else { throw failure("a list of \(limit) numbers at most") }
      numbers.append(try number())
    } while skips(",")
    try expect("]")
    return numbers
  }

  /// A whole number from zero to `Int.max`.
  mutating func number() throws(Failure) -> Int {
    guard let first = peek(), (48...57).contains(first) else { throw failure("a whole number") }
    let start = offset
    var value = 0
    while offset < bytes.count, (48...57).contains(bytes[offset]) {
      let (tens, overflows) = value.multipliedReportingOverflow(by: 10)
      let (sum, carries) = tens.addingReportingOverflow(Int(bytes[offset]) - 48)
      guard !overflows, !carries else { throw failure("a smaller number") }
      value = sum
      offset += 1
    }
    let isNumber = first != 48 || offset == start + 1
    let ends = offset == bytes.count || ![0x2E, 0x45, 0x65].contains(bytes[offset])
    guard isNumber, ends else { throw failure("a whole number without leading zeros") }
    return value
  }

  mutating func text() throws(Failure) -> String {
    try expect("\"")
    var result: [UInt8] = []
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: result, as: UTF8.self) else { throw failure("UTF-8") }
        return text
      case UInt8(ascii: "\\"): result += UTF8.encode(try escape()).map(Array.init) ?? []
      case 0..<0x20: throw failure("no control character")
      default: result.append(byte)
      }
    }
    throw failure("the end of a text")
  }

  /// What follows a backslash.
  private mutating func escape() throws(Failure) -> Unicode.Scalar {
    guard offset < bytes.count else { throw failure("an escape") }
    let byte = bytes[offset]
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicode()
    default: throw failure("an escape")
    }
  }

  /// Four digits, or a pair of surrogates.
  private mutating func unicode() throws(Failure) -> Unicode.Scalar {
    let first = try digits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard (0xD800..<0xDC00).contains(first), bytes.count - offset >= 2,
      bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u")
    else { throw failure("both halves of a surrogate pair") }
    offset += 2
    let second = try digits()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw failure("both halves of a surrogate pair") }
    return scalar
  }

  private mutating func digits() throws(Failure) -> UInt32 {
    guard bytes.count - offset >= 4 else { throw failure("four digits") }
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue else {
        throw failure("four digits")
      }
      value = value << 4 + UInt32(digit)
      offset += 1
    }
    return value
  }

  func failure(_ expected: String) -> Failure { Failure(offset: offset, expected: expected) }
}
