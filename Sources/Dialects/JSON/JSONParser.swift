/// Checks a text and notes where its values lie, in one pass without recursion.
struct JSONParser {
  private(set) var tokens: [JSONToken] = []
  var at = 0
  private var open: [Int] = []
  let bounds: JSONBounds

  init(bounds: JSONBounds) {
    self.bounds = bounds
  }

  mutating func parse(_ text: Span<UInt8>) throws(JSONError) {
    guard text.count <= min(bounds.length, Int(UInt32.max) - 16) else {
      throw JSONError(.tooLong, at: 0)
    }
    tokens.reserveCapacity(min(text.count / 12 + 8, 1 << 20))
    skipSpace(text)
    guard at < text.count else { throw JSONError(.empty, at: at) }
    repeat {
      try value(text)
    } while try another(text)
    skipSpace(text)
    guard at == text.count else { throw JSONError(.unexpected, at: at) }
  }

  /// Reads a scalar, or the opening of a container that has something in it.
  private mutating func value(_ text: Span<UInt8>) throws(JSONError) {
    while true {
      guard at < text.count else { throw JSONError(.endedEarly, at: at) }
      guard tokens.count < bounds.values else { throw JSONError(.tooManyValues, at: at) }
      switch text[at] {
      case UInt8(ascii: "\""):
        let start = at + 1
        let isEscaped = try string(text)
        append(isEscaped ? .escapedString : .string, start, at - 1)
        return
      case UInt8(ascii: "{"):
        guard try opens(.object, text, closing: UInt8(ascii: "}")) else { return }
        try key(text)
      case UInt8(ascii: "["):
        guard try opens(.array, text, closing: UInt8(ascii: "]")) else { return }
      case UInt8(ascii: "t"):
        try word("true", .yes, text)
        return
      case UInt8(ascii: "f"):
        try word("false", .no, text)
        return
      case UInt8(ascii: "n"):
        try word("null", .null, text)
        return
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        try number(text)
        return
      default:
        throw JSONError(.unexpected, at: at)
      }
    }
  }

  /// Whether another value follows in a container that is open; closes those that end here.
  private mutating func another(_ text: Span<UInt8>) throws(JSONError) -> Bool {
    while let container = open.last {
      skipSpace(text)
      guard at < text.count else { throw JSONError(.endedEarly, at: at) }
      let isObject = tokens[container].kind == .object
      switch text[at] {
      case UInt8(ascii: ","):
        at += 1
        skipSpace(text)
        if isObject { try key(text) }
        return true
      case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject:
        at += 1
        open.removeLast()
        tokens[container].end = UInt32(truncatingIfNeeded: at)
        tokens[container].next = UInt32(truncatingIfNeeded: tokens.count)
        if isObject { try refuseDuplicates(container, text) }
      default:
        throw JSONError(.unexpected, at: at)
      }
    }
    return false
  }

  /// Opens a container; false if it is empty and so already closed.
  private mutating func opens(
    _ kind: JSONToken.Kind,
    _ text: Span<UInt8>,
    closing: UInt8
  ) throws(JSONError) -> Bool {
    guard open.count < bounds.depth else { throw JSONError(.tooDeep, at: at) }
    append(kind, at, at)
    at += 1
    skipSpace(text)
    if at < text.count, text[at] == closing {
      at += 1
      tokens[tokens.count - 1].end = UInt32(truncatingIfNeeded: at)
      return false
    }
    open.append(tokens.count - 1)
    return true
  }

  private mutating func key(_ text: Span<UInt8>) throws(JSONError) {
    guard at < text.count else { throw JSONError(.endedEarly, at: at) }
    guard text[at] == UInt8(ascii: "\"") else { throw JSONError(.unexpected, at: at) }
    let start = at + 1
    let isEscaped = try string(text)
    append(isEscaped ? .escapedKey : .key, start, at - 1)
    tokens[tokens.count - 1].next = JSONKeys.hash(text, start..<(at - 1))
    skipSpace(text)
    guard at < text.count else { throw JSONError(.endedEarly, at: at) }
    guard text[at] == UInt8(ascii: ":") else { throw JSONError(.unexpected, at: at) }
    at += 1
    skipSpace(text)
  }

  private mutating func append(_ kind: JSONToken.Kind, _ start: Int, _ end: Int) {
    tokens.append(
      JSONToken(
        start: UInt32(truncatingIfNeeded: start),
        end: UInt32(truncatingIfNeeded: end),
        next: UInt32(truncatingIfNeeded: tokens.count + 1),
        kind: kind
      )
    )
  }

  private mutating func word(
    _ word: StaticString,
    _ kind: JSONToken.Kind,
    _ text: Span<UInt8>
  ) throws(JSONError) {
    let start = at
    let isThere = word.withUTF8Buffer { expected in
      guard text.count - start >= expected.count else { return false }
      for index in 0..<expected.count where text[start + index] != expected[index] { return false }
      return true
    }
    guard isThere else { throw JSONError(.unexpected, at: start) }
    at += word.utf8CodeUnitCount
    append(kind, start, at)
  }

  private mutating func number(_ text: Span<UInt8>) throws(JSONError) {
    let start = at
    if text[at] == UInt8(ascii: "-") { at += 1 }
    let first = at
    let whole = digits(text)
    guard whole > 0, whole == 1 || text[first] != UInt8(ascii: "0") else {
      throw JSONError(.badNumber, at: start)
    }
    if at < text.count, text[at] == UInt8(ascii: ".") {
      at += 1
      guard digits(text) > 0 else { throw JSONError(.badNumber, at: start) }
    }
    if at < text.count, text[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if at < text.count, text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-") { at += 1 }
      guard digits(text) > 0 else { throw JSONError(.badNumber, at: start) }
    }
    append(.number, start, at)
  }

  private mutating func digits(_ text: Span<UInt8>) -> Int {
    let start = at
    while at < text.count, text[at] &- UInt8(ascii: "0") < 10 { at += 1 }
    return at - start
  }

  @inline(__always)
  private mutating func skipSpace(_ text: Span<UInt8>) {
    while at < text.count {
      let byte = text[at]
      guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else {
        return
      }
      at += 1
    }
  }

  private func refuseDuplicates(_ object: Int, _ text: Span<UInt8>) throws(JSONError) {
    guard let place = JSONKeys.duplicate(of: object, tokens, text) else { return }
    throw JSONError(.duplicateKey, at: place)
  }
}
