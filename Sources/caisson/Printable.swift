// Text from outside, made safe to print: a file name or an argument may hold an escape sequence
// that clears the screen, or a mark that turns the reading direction.

extension StringProtocol {
  /// The text with control and direction characters written as escapes.
  var printable: String {
    guard unicodeScalars.contains(where: \.isUnprintable) else { return String(self) }
    return String(
      String.UnicodeScalarView(
        unicodeScalars.flatMap { scalar in
          scalar.isUnprintable ? Array(scalar.escaped.unicodeScalars) : [scalar]
        }
      )
    )
  }

  /// The text as one word of a POSIX shell, quoted only where it must be.
  var shellQuoted: String {
    let plain = !isEmpty && unicodeScalars.allSatisfy { $0.isShellPlain }
    return plain
      ? String(self)
      : "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
        + "'"
  }

  /// JSON text in which what JSON lets through raw is escaped too: C1 controls, direction marks.
  var printableJSON: String {
    guard unicodeScalars.contains(where: \.isUnprintable) else { return String(self) }
    var text = ""
    for scalar in unicodeScalars {
      guard scalar.isUnprintable else {
        text.unicodeScalars.append(scalar)
        continue
      }
      for unit in UTF16.encode(scalar) ?? .init() {
        let digits = String(unit, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return text
  }
}

extension Unicode.Scalar {
  fileprivate var isUnprintable: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0: true
    // Marks and overrides of direction, line and paragraph separators, byte order mark, tags.
    case 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xE0000...0xE0FFF: true
    default: false
    }
  }

  fileprivate var escaped: String {
    switch self {
    case "\n": #"\n"#
    case "\r": #"\r"#
    case "\t": #"\t"#
    default: "\\u{\(String(value, radix: 16))}"
    }
  }

  fileprivate var isShellPlain: Bool {
    switch self {
    case "a"..."z", "A"..."Z", "0"..."9": true
    case "-", "_", ".", "/", ":", "=", "@", "%", "+", ",": true
    default: value >= 0xA0
    }
  }
}
