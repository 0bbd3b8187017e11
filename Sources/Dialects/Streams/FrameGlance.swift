/// What a frame of a stream bears, found without reading it: a walk over its strings that keeps
/// nothing.
///
/// Keys are told from text, because text stands within strings; that is all that must hold for the
/// frames that matter to be picked out, which are then parsed.
struct FrameGlance: Hashable, Sendable {
  /// Bytes of the text that the model wrote, as they are escaped: an upper bound of its tokens.
  private(set) var textBytes = 0
  private(set) var bearsUsage = false
  private(set) var bearsError = false
  /// Whether the dialect's word for why it stopped, or for the end, is there.
  private(set) var bearsEnd = false

  init(_ data: ArraySlice<UInt8>, of dialect: Dialect) {
    let isResponses = dialect == .openAIResponses
    let span = data.span
    var at = 0
    while at < span.count {
      let start = ByteScan.next(UInt8(ascii: "\""), span, from: at, to: span.count)
      guard start < span.count else { return }
      guard let end = Self.endOfString(span, from: start + 1) else { return }
      at = Self.skipSpace(span, from: end + 1)
      guard at < span.count, span[at] == UInt8(ascii: ":") else { continue }
      at = Self.skipSpace(span, from: at + 1)
      guard at < span.count else { return }
      let length = end - start - 1
      let value = span[at]
      switch (length, span[min(start + 1, span.count - 1)]) {
      case (5, UInt8(ascii: "u")), (13, UInt8(ascii: "u")):
        // usage, usageMetadata
        if value == UInt8(ascii: "{") { bearsUsage = true }
      case (5, UInt8(ascii: "e")):
        // error
        if value == UInt8(ascii: "{") || value == UInt8(ascii: "\"") { bearsError = true }
      case (13, UInt8(ascii: "f")), (12, UInt8(ascii: "f")), (11, UInt8(ascii: "s")),
        (11, UInt8(ascii: "b")):
        // finish_reason, finishReason, stop_reason, blockReason
        if value == UInt8(ascii: "\"") { bearsEnd = true }
      case (4, UInt8(ascii: "d")):
        // done, data
        if value == UInt8(ascii: "t") {
          bearsEnd = true
          bearsUsage = true
        }
        if value == UInt8(ascii: "\"") { at = count(span, at) }
      case (4, UInt8(ascii: "t")):
        // type, text
        guard value == UInt8(ascii: "\"") else { continue }
        if span[start + 2] == UInt8(ascii: "y") {
          at = readType(span, at)
        } else if !isResponses {
          at = count(span, at)
        }
      case (7, UInt8(ascii: "c")), (17, UInt8(ascii: "r")), (9, UInt8(ascii: "r")),
        (7, UInt8(ascii: "r")), (9, UInt8(ascii: "a")), (4, UInt8(ascii: "n")),
        (8, UInt8(ascii: "t")), (12, UInt8(ascii: "p")), (8, UInt8(ascii: "r")),
        (10, UInt8(ascii: "t")), (5, UInt8(ascii: "i")):
        // content, reasoning_content, reasoning, refusal, arguments, name, thinking, partial_json,
        // response, transcript, input
        if value == UInt8(ascii: "\""), !isResponses { at = count(span, at) }
        // Objects that a model wrote as arguments.
        if value == UInt8(ascii: "{"), length == 9 { at = countObject(span, at) }
      case (5, UInt8(ascii: "d")):
        // delta
        if value == UInt8(ascii: "\""), isResponses { at = count(span, at) }
      case (4, UInt8(ascii: "a")):
        // args
        if value == UInt8(ascii: "{") { at = countObject(span, at) }
      default: break
      }
    }
  }

  /// Counts a string; the place after it.
  private mutating func count(_ span: Span<UInt8>, _ at: Int) -> Int {
    guard let end = Self.endOfString(span, from: at + 1) else { return span.count }
    textBytes += end - at - 1
    return end + 1
  }

  /// Counts an object; the place after it.
  private mutating func countObject(_ span: Span<UInt8>, _ start: Int) -> Int {
    var at = start
    var depth = 0
    while at < span.count {
      switch span[at] {
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: "\""): at = Self.endOfString(span, from: at + 1) ?? span.count
      default: break
      }
      at += 1
      if depth == 0 { break }
    }
    at = min(at, span.count)
    textBytes += at - start
    return at
  }

  private mutating func readType(_ span: Span<UInt8>, _ at: Int) -> Int {
    guard let end = Self.endOfString(span, from: at + 1) else { return span.count }
    let range = at + 1..<end
    for name in Self.endTypes where Self.matches(span, range, name) {
      bearsEnd = true
      bearsUsage = true
    }
    if Self.matches(span, range, "error") { bearsError = true }
    if Self.matches(span, range, "message_start") || Self.matches(span, range, "message_delta") {
      bearsUsage = true
      bearsEnd = true
    }
    return end + 1
  }

  private static let endTypes: [StaticString] = [
    "message_stop", "response.completed", "response.incomplete", "response.failed",
  ]

  private static func matches(
    _ span: Span<UInt8>,
    _ range: Range<Int>,
    _ name: StaticString
  ) -> Bool {
    guard range.count == name.utf8CodeUnitCount else { return false }
    return name.withUTF8Buffer { expected in
      for offset in 0..<expected.count where span[range.lowerBound + offset] != expected[offset] {
        return false
      }
      return true
    }
  }

  private static func skipSpace(_ span: Span<UInt8>, from start: Int) -> Int {
    var at = start
    while at < span.count, span[at] <= 0x20 { at += 1 }
    return at
  }

  /// The quote that ends a string.
  private static func endOfString(_ span: Span<UInt8>, from start: Int) -> Int? {
    var at = start
    while at < span.count {
      at = ByteScan.endOfPlainASCII(span, from: at)
      guard at < span.count else { return nil }
      switch span[at] {
      case UInt8(ascii: "\""): return at
      case UInt8(ascii: "\\"): at += 2
      default: at += 1
      }
    }
    return nil
  }
}
