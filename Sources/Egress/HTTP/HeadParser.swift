import NIOCore
import NIOHTTP1

/// Reads the head of an HTTP/1 request, strictly: what two readers could understand in two ways is
/// an error, however many servers accept it.
struct HeadParser {
  let bounds: HeadBounds
  /// How much of the buffer was checked already; a head that trickles in is not read twice.
  private var checked = 0
  private var lineStart = 0
  private var fields = 0

  init(bounds: HeadBounds = HeadBounds()) {
    self.bounds = bounds
  }

  /// Takes a head from the front of a buffer; nil while it is not all there.
  mutating func parse(_ buffer: inout ByteBuffer) throws(HeadProblem) -> RequestHead? {
    guard let length = try end(buffer.readableBytesUInt8Span) else {
      if buffer.readableBytes >= bounds.head {
        throw HeadProblem(
          "the head of the request is larger than \(bounds.head) bytes",
          status: 431
        )
      }
      return nil
    }
    let head = try Self.read(buffer, length: length)
    buffer.moveReaderIndex(forwardBy: length)
    self = HeadParser(bounds: bounds)
    return head
  }

  /// The length of the head with its empty line, every byte before it checked.
  private mutating func end(_ bytes: Span<UInt8>) throws(HeadProblem) -> Int? {
    let limit = min(bytes.count, bounds.head)
    while checked < limit {
      switch bytes[checked] {
      case 0x0A:
        throw HeadProblem("a line ends in LF alone")
      case 0x0D:
        guard checked + 1 < limit else { return nil }
        guard bytes[checked + 1] == 0x0A else { throw HeadProblem("CR stands within a line") }
        let isEmpty = checked == lineStart
        checked += 2
        if isEmpty {
          if fields == 0 { throw HeadProblem("the request begins with an empty line") }
          return checked
        }
        lineStart = checked
        fields += 1
        if fields > bounds.fields + 1 {
          throw HeadProblem("there are more than \(bounds.fields) header fields", status: 431)
        }
      case 0x09, 0x20...0x7E, 0x80...0xFF:
        checked += 1
        if fields == 0, checked > bounds.line {
          throw HeadProblem("the request line is longer than \(bounds.line) bytes", status: 414)
        }
      default:
        throw HeadProblem("a control character stands in the head")
      }
    }
    return nil
  }

  private static func read(
    _ buffer: ByteBuffer,
    length: Int
  ) throws(HeadProblem) -> RequestHead {
    let bytes = buffer.readableBytesUInt8Span
    let base = buffer.readerIndex
    var offset = 0
    let line = offset..<endOfLine(bytes, from: offset)
    offset = line.upperBound + 2
    let (method, target, minor) = try requestLine(buffer, bytes, line)
    var fields = FieldReader(minor: minor)
    fields.headers.reserveCapacity(16)
    while offset < length - 2 {
      let end = endOfLine(bytes, from: offset)
      let (name, value) = try field(bytes, offset..<end)
      let known = KnownField(bytes, name)
      guard let nameText = buffer.getString(at: base + name.lowerBound, length: name.count),
        let valueText = try? buffer.getUTF8ValidatedString(
          at: base + value.lowerBound,
          length: value.count
        )
      else { throw HeadProblem("the value of a header is not UTF-8") }
      try fields.take(nameText, valueText, known)
      offset = end + 2
    }
    return try fields.head(method: method, target: target)
  }

  private static func endOfLine(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while bytes[index] != 0x0D { index += 1 }
    return index
  }

  private static func requestLine(
    _ buffer: ByteBuffer,
    _ bytes: Span<UInt8>,
    _ line: Range<Int>
  ) throws(HeadProblem) -> (method: String, target: String, minor: UInt8) {
    var first = line.lowerBound
    while first < line.upperBound, (0x41...0x5A).contains(bytes[first]) { first += 1 }
    guard (1...32).contains(first - line.lowerBound), first < line.upperBound, bytes[first] == 0x20
    else { throw HeadProblem("the request begins with no method in capitals") }
    var second = first + 1
    while second < line.upperBound, (0x21...0x7E).contains(bytes[second]) { second += 1 }
    guard second > first + 1, second < line.upperBound, bytes[second] == 0x20 else {
      throw HeadProblem("the target of the request is empty, or holds more than ASCII")
    }
    // "HTTP/1." and a digit
    let version: [UInt8] = [0x48, 0x54, 0x54, 0x50, 0x2F, 0x31, 0x2E]
    guard line.upperBound - second == 9 else {
      throw HeadProblem("the request line does not end in HTTP/1.1")
    }
    for index in version.indices where bytes[second + 1 + index] != version[index] {
      throw HeadProblem("the request line does not end in HTTP/1.1", status: 505)
    }
    let minor = bytes[second + 8] &- 0x30
    guard minor <= 1 else { throw HeadProblem("the version is not HTTP/1.1", status: 505) }
    let base = buffer.readerIndex
    guard
      let method = buffer.getString(
        at: base + line.lowerBound,
        length: first - line.lowerBound
      ), let target = buffer.getString(at: base + first + 1, length: second - first - 1)
    else { throw HeadProblem("the request line cannot be read") }
    return (method, target, minor)
  }

  private static func field(
    _ bytes: Span<UInt8>,
    _ line: Range<Int>
  ) throws(HeadProblem) -> (name: Range<Int>, value: Range<Int>) {
    var colon = line.lowerBound
    while colon < line.upperBound, isToken(bytes[colon]) { colon += 1 }
    guard colon > line.lowerBound else {
      throw HeadProblem(
        bytes[line.lowerBound] == 0x20 || bytes[line.lowerBound] == 0x09
          ? "a header is folded over two lines" : "a header has no name"
      )
    }
    guard colon < line.upperBound, bytes[colon] == 0x3A else {
      throw HeadProblem("the name of a header is not followed by a colon at once")
    }
    var start = colon + 1
    var end = line.upperBound
    while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
    return (line.lowerBound..<colon, start..<end)
  }

  /// RFC 9110, 5.6.2.
  static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E,
      0x5E...0x60, 0x7C, 0x7E:
      true
    default:
      false
    }
  }
}
