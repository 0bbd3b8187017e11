/// Steps over bytes that need no look, eight at a time. All loads are checked.
enum ByteScan {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  /// The first byte from `start` that is a quote, a backslash, a control character or not ASCII.
  @inline(__always)
  static func endOfPlainASCII(_ text: Span<UInt8>, from start: Int) -> Int {
    var at = start
    let raw = text.bytes
    while at &+ 8 <= raw.byteCount {
      let word = raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian
      let quote = word ^ (ones &* 0x22)
      let slash = word ^ (ones &* 0x5C)
      // The lowest bit that is set is exact; higher ones may be set by a borrow.
      let found =
        (((quote &- ones) & ~quote) | ((slash &- ones) & ~slash)
          | ((word &- (ones &* 0x20)) & ~word) | word) & highs
      if found != 0 { return at &+ found.trailingZeroBitCount &>> 3 }
      at &+= 8
    }
    while at < text.count {
      let byte = text[at]
      if byte < 0x20 || byte >= 0x80 || byte == 0x22 || byte == 0x5C { return at }
      at &+= 1
    }
    return at
  }

  /// The first place of a byte, or the end.
  @inline(__always)
  static func next(_ byte: UInt8, _ text: Span<UInt8>, from start: Int, to end: Int) -> Int {
    let pattern = ones &* UInt64(byte)
    let end = min(end, text.count)
    let raw = text.bytes
    var at = start
    while at &+ 8 <= end {
      let word = raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian ^ pattern
      let found = (word &- ones) & ~word & highs
      if found != 0 { return at &+ found.trailingZeroBitCount &>> 3 }
      at &+= 8
    }
    while at < end, text[at] != byte { at &+= 1 }
    return at
  }

  /// How many bytes the character at a place has, if it is one that Unicode allows.
  static func lengthOfUTF8(_ text: Span<UInt8>, at: Int) -> Int? {
    func isTail(_ offset: Int, _ least: UInt8 = 0x80, _ most: UInt8 = 0xBF) -> Bool {
      guard at + offset < text.count else { return false }
      let byte = text[at + offset]
      return byte >= least && byte <= most
    }
    let lead = text[at]
    switch lead {
    case 0..<0x80: return 1
    case 0xC2...0xDF: return isTail(1) ? 2 : nil
    case 0xE0: return isTail(1, 0xA0) && isTail(2) ? 3 : nil
    case 0xED: return isTail(1, 0x80, 0x9F) && isTail(2) ? 3 : nil
    case 0xE1...0xEF: return isTail(1) && isTail(2) ? 3 : nil
    case 0xF0: return isTail(1, 0x90) && isTail(2) && isTail(3) ? 4 : nil
    case 0xF1...0xF3: return isTail(1) && isTail(2) && isTail(3) ? 4 : nil
    case 0xF4: return isTail(1, 0x80, 0x8F) && isTail(2) && isTail(3) ? 4 : nil
    default: return nil
    }
  }

  /// Four hexadecimal digits.
  static func hexUnit(_ text: Span<UInt8>, at: Int) -> UInt16? {
    guard at + 4 <= text.count else { return nil }
    var unit: UInt16 = 0
    for offset in 0..<4 {
      let byte = text[at + offset]
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: return nil
      }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }
}
