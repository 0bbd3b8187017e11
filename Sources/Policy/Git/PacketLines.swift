/// Git's packet lines: four hexadecimal digits of length, themselves included, and the line.
struct PacketLines: Hashable, Sendable {
  enum Line: Hashable, Sendable {
    case data([UInt8])
    /// `0000`
    case flush
  }

  /// What git itself sends at most.
  static let longest = 65_520

  private var head: [UInt8] = []
  private var body: [UInt8] = []
  private var missing = 0

  /// Takes bytes up to the end of the next line; nil where more are needed.
  mutating func next(_ bytes: inout ArraySlice<UInt8>) throws(RequestProblem) -> Line? {
    while missing == 0 {
      guard let byte = bytes.popFirst() else { return nil }
      head.append(byte)
      guard head.count == 4 else { continue }
      let text = String(decoding: head, as: UTF8.self)
      guard head.allSatisfy(Self.isDigit), let length = Int(text, radix: 16) else {
        throw RequestProblem("the length of a line of git's is \(quoted(text))")
      }
      head = []
      if length == 0 { return .flush }
      guard (5...Self.longest).contains(length) else {
        throw RequestProblem("a line of git's has the length \(length)")
      }
      missing = length - 4
    }
    let part = bytes.prefix(missing)
    body += part
    missing -= part.count
    bytes = bytes.dropFirst(part.count)
    guard missing == 0 else { return nil }
    defer { body = [] }
    return .data(body)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
  }
}
