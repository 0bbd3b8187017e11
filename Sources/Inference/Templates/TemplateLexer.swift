/// A piece of a template's source.
enum TemplateToken: Equatable, Sendable {
  case data([UInt8])
  case variableBegin, variableEnd, blockBegin, blockEnd
  case name(String)
  case integer(Int)
  case real(Double)
  case text([UInt8])
  case op(String)
  case end
}

/// Cuts a template into tokens, with the whitespace rules of `apply_chat_template`: the newline after
/// a block is dropped (`trim_blocks`), as is the space before a block on its line (`lstrip_blocks`).
struct TemplateLexer {
  private var source: [UInt8]
  private var at = 0
  private var line = 1
  private var tokens: [(token: TemplateToken, line: Int)] = []
  /// What is behind us ended a line, so that space up to the next block is its indentation.
  private var atLineStart = true
  private var brackets: [UInt8] = []

  private init(_ source: [UInt8]) { self.source = source }

  static func tokens(
    _ text: [UInt8]
  ) throws(TemplateError) -> [(token: TemplateToken, line: Int)] {
    var source = TemplateText(bytes: text).replacing([0x0D, 0x0A], with: [0x0A]).bytes
    source = source.map { $0 == 0x0D ? 0x0A : $0 }
    if source.last == 0x0A { source.removeLast() }
    var lexer = TemplateLexer(source)
    try lexer.run()
    lexer.tokens.append((.end, lexer.line))
    return lexer.tokens
  }

  private mutating func run() throws(TemplateError) {
    while at < source.count {
      guard let opening = nextOpening() else {
        emitData(upTo: source.count, next: nil, sign: nil)
        at = source.count
        return
      }
      let kind = source[opening + 1]
      let sign = opening + 2 < source.count ? source[opening + 2] : 0
      let signed = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
      emitData(upTo: opening, next: kind, sign: signed ? sign : nil)
      at = opening + (signed ? 3 : 2)
      switch kind {
      case UInt8(ascii: "#"): try skipComment()
      case UInt8(ascii: "%"):
        if try skipRaw() { continue }
        tokens.append((.blockBegin, line))
        try expression(isBlock: true)
      default:
        tokens.append((.variableBegin, line))
        try expression(isBlock: false)
      }
    }
  }

  private func nextOpening() -> Int? {
    var place = at
    while place + 1 < source.count {
      if source[place] == UInt8(ascii: "{") {
        switch source[place + 1] {
        case UInt8(ascii: "{"), UInt8(ascii: "%"), UInt8(ascii: "#"): return place
        default: break
        }
      }
      place += 1
    }
    return nil
  }

  /// Emits the data from here on, stripped as the tag behind it asks. Leaves `at` as it is.
  private mutating func emitData(upTo end: Int, next kind: UInt8?, sign: UInt8?) {
    var data = Array(source[at..<end])
    count(at, end)
    if sign == UInt8(ascii: "-") {
      data = TemplateText(bytes: data).trimmed(start: false).bytes
    } else if sign == nil, let kind, kind != UInt8(ascii: "{") {
      let lineStart = (data.lastIndex(of: 0x0A) ?? -1) + 1
      if lineStart > 0 || atLineStart {
        let indent = TemplateText(data[lineStart...])
        if indent.trimmed().bytes.isEmpty { data.removeSubrange(lineStart...) }
      }
    }
    if !data.isEmpty { tokens.append((.data(data), line)) }
    // What the end of a tag took with it (see `closeTag`) counts as well.
    if end > at { atLineStart = source[end - 1] == 0x0A }
  }

  private mutating func count(_ start: Int, _ end: Int) {
    for byte in source[start..<end] where byte == 0x0A { line += 1 }
  }

  /// Steps over what may follow the end of a tag: all whitespace after `-`, one newline after a block.
  private mutating func closeTag(stripping: Bool, newline: Bool) {
    let start = at
    if stripping {
      while at < source.count {
        let step = TemplateText.whitespace(source, at: at)
        if step == 0 { break }
        at += step
      }
    } else if newline, at < source.count, source[at] == 0x0A {
      at += 1
    }
    count(start, at)
    atLineStart = at > 0 && source[at - 1] == 0x0A
  }

  private mutating func skipComment() throws(TemplateError) {
    guard let end = TemplateText(bytes: source).find(Array("#}".utf8), from: at) else {
      throw TemplateError(.syntax, "a comment has no end", line: line)
    }
    let sign = end > at ? source[end - 1] : 0
    count(at, end)
    at = end + 2
    closeTag(stripping: sign == UInt8(ascii: "-"), newline: sign != UInt8(ascii: "+"))
  }

  /// Reads `raw … endraw` as data; false where another block stands here.
  private mutating func skipRaw() throws(TemplateError) -> Bool {
    var place = skipSpaces(at)
    guard source[place...].starts(with: Array("raw".utf8)) else { return false }
    place = skipSpaces(place + 3)
    let stripping = place < source.count && source[place] == UInt8(ascii: "-")
    if stripping { place += 1 }
    guard source[place...].starts(with: Array("%}".utf8)) else { return false }
    count(at, place)
    at = place + 2
    closeTag(stripping: stripping, newline: false)
    var search = at
    while let opening = TemplateText(bytes: source).find(Array("{%".utf8), from: search) {
      search = opening + 2
      var inner = search
      var sign: UInt8? = nil
      if inner < source.count,
        source[inner] == UInt8(ascii: "-") || source[inner] == UInt8(ascii: "+")
      {
        sign = source[inner]
        inner += 1
      }
      inner = skipSpaces(inner)
      guard source[inner...].starts(with: Array("endraw".utf8)) else { continue }
      inner = skipSpaces(inner + 6)
      let closing = inner < source.count ? source[inner] : 0
      if closing == UInt8(ascii: "-") || closing == UInt8(ascii: "+") { inner += 1 }
      guard source[inner...].starts(with: Array("%}".utf8)) else { continue }
      emitData(upTo: opening, next: UInt8(ascii: "%"), sign: sign)
      at = inner + 2
      closeTag(stripping: closing == UInt8(ascii: "-"), newline: closing != UInt8(ascii: "+"))
      return true
    }
    throw TemplateError(.syntax, "a raw block has no end", line: line)
  }

  private func skipSpaces(_ start: Int) -> Int {
    var place = start
    while place < source.count {
      let step = TemplateText.whitespace(source, at: place)
      if step == 0 { break }
      place += step
    }
    return min(place, source.count)
  }

  // MARK: Inside a tag

  private mutating func expression(isBlock: Bool) throws(TemplateError) {
    let closing = UInt8(ascii: isBlock ? "%" : "}")
    while true {
      let next = skipSpaces(at)
      count(at, next)
      at = next
      guard at < source.count else {
        throw TemplateError(.syntax, "a tag has no end", line: line)
      }
      if brackets.isEmpty {
        let sign = source[at]
        let signed = sign == UInt8(ascii: "-") || (isBlock && sign == UInt8(ascii: "+"))
        if source[(at + (signed ? 1 : 0))...].starts(with: [closing, UInt8(ascii: "}")]) {
          at += signed ? 3 : 2
          tokens.append((isBlock ? .blockEnd : .variableEnd, line))
          closeTag(
            stripping: sign == UInt8(ascii: "-"),
            newline: isBlock && sign != UInt8(ascii: "+")
          )
          return
        }
      }
      try token()
    }
  }

  private mutating func token() throws(TemplateError) {
    let byte = source[at]
    switch byte {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): try string(quote: byte)
    case 0x30...0x39: try number()
    case 0x41...0x5A, 0x61...0x7A, 0x5F, 0x80...0xFF:
      let start = at
      while at < source.count, Self.isName(source[at]) { at += 1 }
      tokens.append((.name(String(decoding: source[start..<at], as: UTF8.self)), line))
    default: try op()
    }
  }

  private static func isName(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || byte == 0x5F || byte >= 0x80
  }

  private mutating func op() throws(TemplateError) {
    let two = String(decoding: source[at..<min(at + 2, source.count)], as: UTF8.self)
    if ["//", "**", "==", "!=", "<=", ">="].contains(two) {
      tokens.append((.op(two), line))
      at += 2
      return
    }
    let byte = source[at]
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): brackets.append(byte)
    case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
      let open: [UInt8: UInt8] = [0x29: 0x28, 0x5D: 0x5B, 0x7D: 0x7B]
      guard let last = brackets.popLast(), last == open[byte] else {
        throw TemplateError(.syntax, "unexpected '\(Character(Unicode.Scalar(byte)))'", line: line)
      }
    default:
      guard "+-/*%~<>=.:|,;".utf8.contains(byte) else {
        throw TemplateError(
          .syntax,
          "unexpected '\(Character(Unicode.Scalar(byte)))' in a tag",
          line: line
        )
      }
    }
    tokens.append((.op(String(Character(Unicode.Scalar(byte)))), line))
    at += 1
  }

  private mutating func number() throws(TemplateError) {
    let start = at
    func digits(_ from: Int) -> Int {
      var place = from
      while place < source.count,
        (0x30...0x39).contains(source[place]) || (source[place] == 0x5F && place > from)
      {
        place += 1
      }
      return place
    }
    at = digits(at)
    var isReal = false
    // Behind a dot stands a place of a list (`x.0.1`), not a fraction.
    let follows = start > 0 && source[start - 1] == UInt8(ascii: ".")
    if !follows, at + 1 < source.count, source[at] == UInt8(ascii: "."),
      (0x30...0x39).contains(source[at + 1])
    {
      isReal = true
      at = digits(at + 1)
    }
    if !follows, at < source.count, source[at] | 0x20 == UInt8(ascii: "e") {
      var place = at + 1
      if place < source.count, source[place] == 0x2B || source[place] == 0x2D { place += 1 }
      let end = digits(place)
      if end > place {
        isReal = true
        at = end
      }
    }
    let text = String(decoding: source[start..<at].filter { $0 != 0x5F }, as: UTF8.self)
    if isReal, let value = Double(text) {
      tokens.append((.real(value), line))
    } else if let value = Int(text) {
      tokens.append((.integer(value), line))
    } else {
      throw TemplateError(.syntax, "a number is too large: \(text.prefix(30))", line: line)
    }
  }

  private mutating func string(quote: UInt8) throws(TemplateError) {
    let first = line
    var result: [UInt8] = []
    at += 1
    while at < source.count, source[at] != quote {
      let byte = source[at]
      if byte == 0x0A { line += 1 }
      at += 1
      guard byte == UInt8(ascii: "\\"), at < source.count else {
        result.append(byte)
        continue
      }
      try escape(&result)
    }
    guard at < source.count else {
      throw TemplateError(.syntax, "a string has no end", line: first)
    }
    at += 1
    tokens.append((.text(result), first))
  }

  /// What stands behind a backslash, by the rules of Python's string literals.
  private mutating func escape(_ result: inout [UInt8]) throws(TemplateError) {
    let byte = source[at]
    at += 1
    func append(_ value: UInt32, _ result: inout [UInt8]) throws(TemplateError) {
      guard let scalar = Unicode.Scalar(value) else {
        throw TemplateError(.syntax, "a string holds half a surrogate pair", line: line)
      }
      result += Array(String(Character(scalar)).utf8)
    }
    switch byte {
    case 0x0A: line += 1
    case UInt8(ascii: "n"): result.append(0x0A)
    case UInt8(ascii: "t"): result.append(0x09)
    case UInt8(ascii: "r"): result.append(0x0D)
    case UInt8(ascii: "a"): result.append(0x07)
    case UInt8(ascii: "b"): result.append(0x08)
    case UInt8(ascii: "f"): result.append(0x0C)
    case UInt8(ascii: "v"): result.append(0x0B)
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): result.append(byte)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      var value = UInt32(byte - 0x30)
      for _ in 0..<2 where at < source.count && (0x30...0x37).contains(source[at]) {
        value = value * 8 + UInt32(source[at] - 0x30)
        at += 1
      }
      try append(value, &result)
    case UInt8(ascii: "x"), UInt8(ascii: "u"), UInt8(ascii: "U"):
      let length = byte == UInt8(ascii: "x") ? 2 : byte == UInt8(ascii: "u") ? 4 : 8
      let digits = String(decoding: source[at..<min(at + length, source.count)], as: UTF8.self)
      guard digits.utf8.count == length, let value = UInt32(digits, radix: 16) else {
        throw TemplateError(.syntax, "a string holds a broken escape", line: line)
      }
      at += length
      try append(value, &result)
    default: result += [UInt8(ascii: "\\"), byte]
    }
  }
}
