/// Strings between what they are and how JSON writes them.
enum JSONText {
  /// The bytes that a checked string stands for. Half a surrogate pair becomes U+FFFD.
  static func unescaped(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    var at = range.lowerBound
    while at < range.upperBound {
      let end = ByteScan.next(UInt8(ascii: "\\"), text, from: at, to: range.upperBound)
      if end > at {
        text.extracting(at..<end).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        at = end
      }
      guard at + 1 < range.upperBound else {
        if at < range.upperBound { bytes.append(text[at]) }
        break
      }
      switch text[at + 1] {
      case UInt8(ascii: "b"): bytes.append(0x08)
      case UInt8(ascii: "f"): bytes.append(0x0C)
      case UInt8(ascii: "n"): bytes.append(0x0A)
      case UInt8(ascii: "r"): bytes.append(0x0D)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "u"):
        at += appendUnit(text, at, &bytes)
        continue
      case let other: bytes.append(other)
      }
      at += 2
    }
    return bytes
  }

  /// Appends the character of `\uXXXX`, or of two; how many bytes of the text it took.
  private static func appendUnit(_ text: Span<UInt8>, _ at: Int, _ bytes: inout [UInt8]) -> Int {
    guard let unit = ByteScan.hexUnit(text, at: at + 2) else { return 2 }
    if unit & 0xFC00 == 0xD800, at + 7 < text.count, text[at + 6] == UInt8(ascii: "\\"),
      text[at + 7] == UInt8(ascii: "u"), let low = ByteScan.hexUnit(text, at: at + 8),
      low & 0xFC00 == 0xDC00
    {
      let value = 0x10000 + (UInt32(unit) & 0x3FF) << 10 + UInt32(low) & 0x3FF
      append(value, to: &bytes)
      return 12
    }
    append(UInt32(unit), to: &bytes)
    return 6
  }

  private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
    let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
    bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }

  /// Appends a string's bytes as they stand between the quotes of JSON.
  static func appendEscaped(_ text: Span<UInt8>, to bytes: inout [UInt8]) {
    var at = 0
    while at < text.count {
      var end = at
      while true {
        end = ByteScan.endOfPlainASCII(text, from: end)
        // Beyond ASCII nothing needs an escape.
        while end < text.count, text[end] >= 0x80 { end += 1 }
        if end >= text.count || text[end] < 0x20 || text[end] == 0x22 || text[end] == 0x5C { break }
      }
      if end > at {
        text.extracting(at..<end).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
      }
      guard end < text.count else { return }
      appendEscape(of: text[end], to: &bytes)
      at = end + 1
    }
  }

  private static func appendEscape(of byte: UInt8, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x22, 0x5C: bytes.append(byte)
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    default:
      bytes.append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")])
      bytes.append(hexDigit(byte >> 4))
      bytes.append(hexDigit(byte & 15))
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
