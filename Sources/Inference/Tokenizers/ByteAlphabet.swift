/// The 256 characters that byte-level vocabularies are written in, as GPT-2 chose them: bytes that can
/// be printed stand for themselves, the others are U+0100 and what follows.
enum ByteAlphabet {
  /// The byte that each character below U+0144 stands for; nil for those that stand for none.
  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x144)
    var next = 0x100
    for byte in 0..<256 {
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: bytes[byte] = UInt8(byte)
      default:
        bytes[next] = UInt8(byte)
        next += 1
      }
    }
    return bytes
  }()

  /// The bytes that a text of a vocabulary stands for, appended; false where a character of it stands
  /// for none, which is then left as it is.
  static func append(_ text: ArraySlice<UInt8>, to result: inout [UInt8]) -> Bool {
    let bytes = Self.bytes
    var isWhole = true
    var index = text.startIndex
    while index < text.endIndex {
      let first = text[index]
      var value = Int(first)
      var length = 1
      if first >= 0xC2, first < 0xE0, index + 1 < text.endIndex, text[index + 1] & 0xC0 == 0x80 {
        value = Int(first & 0x1F) << 6 | Int(text[index + 1] & 0x3F)
        length = 2
      }
      if (length == 2 || first < 0x80), value < bytes.count, let byte = bytes[value] {
        result.append(byte)
      } else {
        result.append(contentsOf: text[index..<index + length])
        isWhole = false
      }
      index += length
    }
    return isWhole
  }
}

/// U+2581, which vocabularies of SentencePiece have for a space.
enum WrittenSpace {
  static let bytes: [UInt8] = [0xE2, 0x96, 0x81]

  /// The text with a written space for each space, appended.
  static func append(_ text: ArraySlice<UInt8>, to result: inout [UInt8]) {
    for byte in text {
      if byte == 0x20 { result.append(contentsOf: bytes) } else { result.append(byte) }
    }
  }

  /// The text with a space for each written space, appended.
  static func appendSpaces(_ text: ArraySlice<UInt8>, to result: inout [UInt8]) {
    var index = text.startIndex
    while index < text.endIndex {
      if isAt(index, text) {
        result.append(0x20)
        index += 3
      } else {
        result.append(text[index])
        index += 1
      }
    }
  }

  @inline(__always)
  static func isAt(_ index: Int, _ text: ArraySlice<UInt8>) -> Bool {
    text[index] == 0xE2 && index + 2 < text.endIndex && text[index + 1] == 0x96
      && text[index + 2] == 0x81
  }

  /// Whether one follows something else somewhere in the text.
  static func isInside(_ text: ArraySlice<UInt8>) -> Bool {
    var index = text.startIndex
    var afterOther = false
    while index < text.endIndex {
      let isSpace = isAt(index, text)
      if isSpace, afterOther { return true }
      afterOther = !isSpace
      index += isSpace ? 3 : 1
    }
    return false
  }

  /// Where each word of `text[range]` ends, a word being what begins with written spaces.
  static func wordEnds(_ text: [UInt8], _ range: Range<Int>) -> [Int] {
    var ends: [Int] = []
    ends.reserveCapacity(range.count / 5 + 1)
    let slice = text[range]
    var index = range.lowerBound
    var afterOther = false
    while index < range.upperBound {
      let isSpace = isAt(index, slice)
      if isSpace, afterOther { ends.append(index) }
      afterOther = !isSpace
      index += isSpace ? 3 : 1
    }
    if !range.isEmpty { ends.append(range.upperBound) }
    return ends
  }
}

/// `<0x00>` to `<0xFF>`, which stand for bytes in vocabularies of text.
enum WrittenByte {
  static func text(_ byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]] + Array(">".utf8)
  }

  static func value(_ text: ArraySlice<UInt8>) -> UInt8? {
    guard text.count == 6, text.starts(with: Array("<0x".utf8)), text.last == UInt8(ascii: ">")
    else { return nil }
    let digits = text.dropFirst(3).dropLast()
    return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}
