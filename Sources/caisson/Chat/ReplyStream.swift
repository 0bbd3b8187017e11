/// An answer of HTTP/1.1 as it comes, line by line.
struct ReplyStream {
  private enum Part {
    case head
    /// Bytes that are left of a body whose length was said.
    case body(Int)
    case chunkSize
    case chunk(Int)
    /// The line break behind a chunk.
    case chunkEnd
    case done
  }

  private(set) var status = 0
  private var part = Part.head
  private var buffer: [UInt8] = []
  private var lines: [UInt8] = []
  /// How much of `lines` was looked through.
  private var seen = 0

  private static let longestHead = 64 << 10
  private static let longestLine = 16 << 20

  var isWhole: Bool {
    switch part {
    case .done, .body(0): true
    default: false
    }
  }

  mutating func take(_ bytes: ArraySlice<UInt8>) throws {
    buffer += bytes
    while try step() {}
    guard lines.count <= Self.longestLine else {
      throw ChatError.broken("a line of it is too long")
    }
  }

  mutating func nextLine() -> [UInt8]? {
    guard let end = lines[seen...].firstIndex(of: 0x0A) else {
      seen = lines.count
      return nil
    }
    let line = Array(lines[..<end])
    lines.removeFirst(end + 1)
    seen = 0
    return line
  }

  /// What stands behind the last line break.
  var rest: [UInt8]? { lines.isEmpty ? nil : lines }

  /// Whether something was found, and there may be more.
  private mutating func step() throws -> Bool {
    switch part {
    case .head:
      guard let end = Self.end(of: buffer) else {
        guard buffer.count < Self.longestHead else {
          throw ChatError.broken("its head is too long")
        }
        return false
      }
      try read(head: String(decoding: buffer[..<end], as: UTF8.self))
      buffer.removeFirst(end + 4)
      return true
    case .body(let left):
      let count = min(left, buffer.count)
      lines += buffer[..<count]
      buffer.removeFirst(count)
      part = .body(left - count)
      return false
    case .chunkSize:
      guard let end = buffer.firstIndex(of: 0x0A) else { return false }
      let digits = buffer[..<end].prefix { $0 != 0x3B && $0 != 0x0D }
      guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0 else {
        throw ChatError.broken("what it says is not HTTP")
      }
      buffer.removeFirst(end + 1)
      part = size == 0 ? .done : .chunk(size)
      return size > 0
    case .chunk(let left):
      let count = min(left, buffer.count)
      lines += buffer[..<count]
      buffer.removeFirst(count)
      part = left == count ? .chunkEnd : .chunk(left - count)
      return left == count
    case .chunkEnd:
      guard let end = buffer.firstIndex(of: 0x0A) else { return false }
      buffer.removeFirst(end + 1)
      part = .chunkSize
      return true
    case .done: return false
    }
  }

  private mutating func read(head: String) throws {
    let fields = head.split(separator: "\r\n")
    let words = fields.first?.split(separator: " ") ?? []
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
      throw ChatError.broken("what it says is not HTTP")
    }
    self.status = status
    var length: Int?
    for field in fields.dropFirst() {
      let parts = field.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let value = parts[1].drop { $0 == " " }.lowercased()
      switch parts[0].lowercased() {
      case "content-length": length = Int(value)
      case "transfer-encoding" where value == "chunked":
        part = .chunkSize
        return
      default: break
      }
    }
    guard let length, length >= 0 else { throw ChatError.broken("its answer has no length") }
    part = .body(length)
  }

  private static func end(of bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (0...bytes.count - 4).first { place in
      bytes[place] == 0x0D && bytes[place + 1] == 0x0A && bytes[place + 2] == 0x0D
        && bytes[place + 3] == 0x0A
    }
  }
}
