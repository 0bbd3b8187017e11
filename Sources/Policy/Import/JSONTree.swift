/// Reads JSON (RFC 8259) into the tree that documents are read from, strictly and within bounds.
package struct JSONTree {
  private let file: String
  private let remedy: String
  private let bytes: [UInt8]
  private var at = 0
  private var line = 1
  private var lineStart = 0

  private static let deepest = 32

  /// - Parameter remedy: what is said to do about what is not JSON.
  package static func read(
    _ text: String,
    file: String,
    remedy: String = "mend it, or name another file"
  ) throws(PolicyError) -> YAMLNode {
    var tree = JSONTree(file: file, remedy: remedy, bytes: Array(text.utf8))
    tree.skipSpace()
    let node = try tree.value(depth: 0)
    tree.skipSpace()
    guard tree.at == tree.bytes.count else { throw tree.problem("something stands behind the end") }
    return node
  }

  private init(file: String, remedy: String, bytes: [UInt8]) {
    self.file = file
    self.remedy = remedy
    self.bytes = bytes
  }

  private var byte: UInt8? { at < bytes.count ? bytes[at] : nil }

  private func node(_ content: YAMLNode.Content, _ start: (line: Int, column: Int)) -> YAMLNode {
    YAMLNode(line: start.line, column: start.column, content: content)
  }

  private func problem(_ what: String) -> PolicyError {
    PolicyError([
      Problem(
        file: file,
        line: line,
        column: at - lineStart + 1,
        key: "",
        what: "this is not JSON: \(what)",
        remedy: remedy
      )
    ])
  }

  private mutating func skipSpace() {
    while let byte, byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D {
      at += 1
      if byte == 0x0A {
        line += 1
        lineStart = at
      }
    }
  }

  private mutating func take(_ wanted: UInt8, _ what: String) throws(PolicyError) {
    skipSpace()
    guard byte == wanted else { throw problem("\(what) is missing") }
    at += 1
    skipSpace()
  }

  private mutating func value(depth: Int) throws(PolicyError) -> YAMLNode {
    guard depth < Self.deepest else { throw problem("it is nested too deeply") }
    let start = (line: line, column: at - lineStart + 1)
    switch byte {
    case 0x7B: return node(.map(try map(depth)), start)
    case 0x5B: return node(.list(try list(depth)), start)
    case 0x22: return node(.scalar(try string(), isPlain: false), start)
    default:
      let word = bytes[at...].prefix {
        (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0)
          || [0x2B, 0x2D, 0x2E].contains($0)
      }
      guard !word.isEmpty, word.count <= 64 else { throw problem("a value is missing") }
      let text = String(decoding: word, as: UTF8.self)
      let isNumber = word.first == 0x2D || (0x30...0x39).contains(word[word.startIndex])
      guard isNumber || ["true", "false", "null"].contains(text) else {
        throw problem("\(quoted(text)) is no value")
      }
      at += word.count
      return node(.scalar(text, isPlain: true), start)
    }
  }

  private mutating func map(
    _ depth: Int
  ) throws(PolicyError) -> [(key: YAMLNode, value: YAMLNode)] {
    var pairs: [(key: YAMLNode, value: YAMLNode)] = []
    var names: Set<String> = []
    try take(0x7B, "'{'")
    while byte != 0x7D {
      if !pairs.isEmpty { try take(0x2C, "','") }
      let start = (line: line, column: at - lineStart + 1)
      let name = try string()
      guard names.insert(name).inserted else {
        throw problem("the key \(quoted(name)) is written more than once")
      }
      try take(0x3A, "':'")
      pairs.append((node(.scalar(name, isPlain: false), start), try value(depth: depth + 1)))
      skipSpace()
    }
    at += 1
    return pairs
  }

  private mutating func list(_ depth: Int) throws(PolicyError) -> [YAMLNode] {
    var items: [YAMLNode] = []
    try take(0x5B, "'['")
    while byte != 0x5D {
      if !items.isEmpty { try take(0x2C, "','") }
      items.append(try value(depth: depth + 1))
      skipSpace()
    }
    at += 1
    return items
  }

  private mutating func string() throws(PolicyError) -> String {
    guard byte == 0x22 else { throw problem("a text in quotes is missing") }
    at += 1
    // Most texts hold no escape, and are taken as they stand.
    let start = at
    while let byte, byte >= 0x20, byte != 0x22, byte != 0x5C { at += 1 }
    if byte == 0x22 {
      defer { at += 1 }
      guard let string = String(validating: bytes[start..<at], as: UTF8.self) else {
        throw problem("a text is not UTF-8")
      }
      return string
    }
    var text = Array(bytes[start..<at])
    while let byte, byte != 0x22 {
      guard byte >= 0x20 else { throw problem("a text holds a control character") }
      at += 1
      if byte == 0x5C { text += try escape() } else { text.append(byte) }
    }
    guard byte == 0x22 else { throw problem("a text does not end") }
    at += 1
    guard let string = String(validating: text, as: UTF8.self) else {
      throw problem("a text is not UTF-8")
    }
    return string
  }

  private mutating func escape() throws(PolicyError) -> [UInt8] {
    guard let byte else { throw problem("a text does not end") }
    at += 1
    switch byte {
    case 0x22, 0x5C, 0x2F: return [byte]
    case 0x62: return [0x08]
    case 0x66: return [0x0C]
    case 0x6E: return [0x0A]
    case 0x72: return [0x0D]
    case 0x74: return [0x09]
    case 0x75: break
    default: throw problem("a text holds an unknown escape")
    }
    var value = try unit()
    if (0xD800..<0xDC00).contains(value) {
      guard self.byte == 0x5C, at + 1 < bytes.count, bytes[at + 1] == 0x75 else {
        throw problem("half a character stands alone")
      }
      at += 2
      let low = try unit()
      guard (0xDC00..<0xE000).contains(low) else { throw problem("half a character stands alone") }
      value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(value) else {
      throw problem("half a character stands alone")
    }
    return Array(String(Character(scalar)).utf8)
  }

  private mutating func unit() throws(PolicyError) -> UInt32 {
    let digits = bytes[at...].prefix(4)
    guard digits.count == 4,
      digits.allSatisfy({
        (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20) && $0 < 0x80
      }),
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw problem("an escape is not four digits long") }
    at += 4
    return value
  }
}
