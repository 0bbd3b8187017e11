extension JSONValue {
  /// The value as JSON without white space; numbers as they were written.
  package var written: [UInt8] {
    switch self {
    case .null: return Array("null".utf8)
    case .flag(let flag): return Array((flag ? "true" : "false").utf8)
    case .number(let text): return Array(text.utf8)
    case .text(let text): return Self.quoted(text)
    case .list(let items):
      return [0x5B] + items.map(\.written).joined(separator: [0x2C]) + [0x5D]
    case .object(let members):
      let parts = members.map { Self.quoted($0.name) + [0x3A] + $0.value.written }
      return [0x7B] + parts.joined(separator: [0x2C]) + [0x7D]
    }
  }

  /// A text between quotes, escaped where JSON demands it and nowhere else.
  package static func quoted(_ text: String) -> [UInt8] {
    var out: [UInt8] = [0x22]
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5C: out += [0x5C, byte]
      case 0x0A: out += "\\n".utf8
      case 0x0D: out += "\\r".utf8
      case 0x09: out += "\\t".utf8
      case 0x08: out += "\\b".utf8
      case 0x0C: out += "\\f".utf8
      case 0..<0x20:
        let hex = String(byte, radix: 16)
        out += "\\u00\(hex.utf8.count < 2 ? "0" : "")\(hex)".utf8
      default: out.append(byte)
      }
    }
    out.append(0x22)
    return out
  }
}
