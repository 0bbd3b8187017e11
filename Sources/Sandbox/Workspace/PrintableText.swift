/// Bytes from outside as text that is safe to print.
package enum PrintableText {
  /// A name as git quotes it: plain where it is plain, in double quotes with escapes otherwise.
  package static func quotedName(_ name: some Collection<UInt8>) -> String {
    let bytes = Array(name)
    if let text = String(validating: bytes, as: UTF8.self),
      text.unicodeScalars.allSatisfy({ $0 != "\"" && $0 != "\\" && !isControl($0) })
    {
      return text
    }
    var result = "\""
    forEachScalar(of: bytes) { scalar in
      switch scalar {
      case .success("\""): result += "\\\""
      case .success("\\"): result += "\\\\"
      case .success("\n"): result += "\\n"
      case .success("\t"): result += "\\t"
      case .success("\r"): result += "\\r"
      case .success(let scalar) where isControl(scalar):
        for byte in String(scalar).utf8 { result += octal(byte) }
      case .success(let scalar): result.unicodeScalars.append(scalar)
      case .failure(let invalid): result += octal(invalid.byte)
      }
    }
    return result + "\""
  }

  /// The bytes of a name as `quotedName` writes it; text without quotes is taken as it is.
  package static func unquoted(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    guard bytes.count > 1, bytes.first == UInt8(ascii: "\""), bytes.last == bytes.first else {
      return bytes
    }
    var result: [UInt8] = []
    var rest = bytes.dropFirst().dropLast()
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
        result.append(byte)
        continue
      }
      switch escape {
      case UInt8(ascii: "n"): result.append(10)
      case UInt8(ascii: "t"): result.append(9)
      case UInt8(ascii: "r"): result.append(13)
      case UInt8(ascii: "0")...UInt8(ascii: "3"):
        let digits = [escape] + rest.prefix(2)
        if let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
          result.append(value)
          rest = rest.dropFirst(2)
        } else {
          result.append(escape)
        }
      default: result.append(escape)
      }
    }
    return result
  }

  /// A line of content for a terminal: tabs stay, everything that could steer the terminal or
  /// disguise the text is shown as an escape.
  package static func terminalLine(_ bytes: some Collection<UInt8>) -> [UInt8] {
    if bytes.allSatisfy({ ($0 >= 0x20 && $0 < 0x7F) || $0 == 0x09 }) { return Array(bytes) }
    var result: [UInt8] = []
    forEachScalar(of: Array(bytes)) { scalar in
      switch scalar {
      case .success("\t"): result.append(0x09)
      case .success(let scalar) where scalar.value < 0x20 || scalar.value == 0x7F:
        result += [UInt8(ascii: "^"), UInt8(truncatingIfNeeded: scalar.value) ^ 0x40]
      case .success(let scalar) where isControl(scalar):
        result += "<U+\(hex(scalar.value, digits: 4))>".utf8
      case .success(let scalar): result += String(scalar).utf8
      case .failure(let invalid): result += "<\(hex(UInt32(invalid.byte), digits: 2))>".utf8
      }
    }
    return result
  }

  /// Control characters, and the invisible ones that reorder or hide text.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0: true
    case 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF: true
    case 0xE0000...0xE007F: true
    default: false
    }
  }

  private struct InvalidByte: Error { let byte: UInt8 }

  private static func forEachScalar(
    of bytes: [UInt8],
    _ body: (Result<Unicode.Scalar, InvalidByte>) -> Void
  ) {
    var rest = bytes[...]
    while let first = rest.first {
      let length: Int
      switch first {
      case 0..<0x80: length = 1
      case 0xC2..<0xE0: length = 2
      case 0xE0..<0xF0: length = 3
      case 0xF0..<0xF5: length = 4
      default: length = 0
      }
      let candidate = rest.prefix(length)
      if length > 0, candidate.count == length,
        let scalar = String(validating: candidate, as: UTF8.self)?.unicodeScalars.first
      {
        body(.success(scalar))
        rest = rest.dropFirst(length)
      } else {
        body(.failure(InvalidByte(byte: first)))
        rest = rest.dropFirst()
      }
    }
  }

  private static func octal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 8)
    return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
  }

  private static func hex(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
