/// Texts as they are written into a policy: bare where that is safe, else in double quotes.
package enum YAMLText {
  package static func list(_ texts: [String]) -> String {
    "[\(texts.map(scalar).joined(separator: ", "))]"
  }

  package static func scalar(_ text: String) -> String {
    isBare(text) ? text : inQuotes(text)
  }

  private static func isBare(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 512 else { return false }
    let startsWell =
      (0x61...0x7A).contains(first | 0x20) && first != 0x5F || first == 0x2F || first == 0x24
    let reserved = ["null", "true", "false", "yes", "no", "on", "off"]
    return startsWell && !reserved.contains(text.lowercased())
      && text.utf8.allSatisfy {
        (0x61...0x7A).contains($0 | 0x20) && $0 != 0x5F || (0x30...0x39).contains($0)
          || [0x24, 0x2B, 0x2D, 0x2E, 0x2F, 0x5F].contains($0)
      }
  }

  private static func inQuotes(_ text: String) -> String {
    var quoted = "\""
    var previous: Unicode.Scalar = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      // Behind anything else, these look like the beginning of an anchor or of a complex key.
      case "&" where !isWordly(previous), "?" where !isWordly(previous):
        quoted += "\\x" + String(scalar.value, radix: 16, uppercase: true)
      case " " where previous == " ": quoted += "\\x20"
      // Brackets are counted before a document is read.
      case "[", "{": quoted += "\\x" + String(scalar.value, radix: 16, uppercase: true)
      default:
        if isPrintable(scalar) {
          quoted.unicodeScalars.append(scalar)
        } else {
          let hex = String(scalar.value, radix: 16, uppercase: true)
          quoted += "\\U" + String(repeating: "0", count: 8 - hex.count) + hex
        }
      }
      previous = scalar
    }
    return quoted + "\""
  }

  private static func isWordly(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9": true
    default: false
    }
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned,
      .privateUse, .spaceSeparator:
      scalar == " "
    default:
      true
    }
  }
}
