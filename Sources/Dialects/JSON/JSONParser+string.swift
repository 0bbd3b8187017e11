extension JSONParser {
  /// Reads from the opening quote to after the closing one; whether there are escapes.
  mutating func string(_ text: Span<UInt8>) throws(JSONError) -> Bool {
    at += 1
    var isEscaped = false
    while true {
      at = ByteScan.endOfPlainASCII(text, from: at)
      guard at < text.count else { throw JSONError(.endedEarly, at: at) }
      switch text[at] {
      case UInt8(ascii: "\""):
        at += 1
        return isEscaped
      case UInt8(ascii: "\\"):
        isEscaped = true
        try escape(text)
      case 0..<0x20:
        throw JSONError(.controlCharacter, at: at)
      default:
        guard let length = ByteScan.lengthOfUTF8(text, at: at) else {
          throw JSONError(.badUTF8, at: at)
        }
        at += length
      }
    }
  }

  private mutating func escape(_ text: Span<UInt8>) throws(JSONError) {
    guard at + 1 < text.count else { throw JSONError(.endedEarly, at: at) }
    switch text[at + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      at += 2
    case UInt8(ascii: "u"):
      guard let unit = ByteScan.hexUnit(text, at: at + 2) else {
        throw JSONError(.badEscape, at: at)
      }
      guard unit & 0xF800 == 0xD800 else {
        at += 6
        return
      }
      let isPair =
        unit < 0xDC00 && at + 7 < text.count && text[at + 6] == UInt8(ascii: "\\")
        && text[at + 7] == UInt8(ascii: "u")
        && ByteScan.hexUnit(text, at: at + 8).map { $0 & 0xFC00 == 0xDC00 } ?? false
      guard isPair || bounds.replacesLoneSurrogates else {
        throw JSONError(.loneSurrogate, at: at)
      }
      at += isPair ? 12 : 6
    default:
      throw JSONError(.badEscape, at: at)
    }
  }
}
