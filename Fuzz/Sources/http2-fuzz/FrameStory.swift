/// What one end of a connection of HTTP/2 says: frames in an order that may make sense, some of them
/// as no one should write them.
struct FrameStory {
  enum Teller {
    /// The run, towards us.
    case client
    /// A server, towards us.
    case server
  }

  private(set) var bytes: [UInt8] = []
  private(set) var frames = 0
  private let teller: Teller
  private var streams: [UInt32] = []
  private var next: UInt32 = 1
  private var isWild = false
  private var random: SplitMix

  private static let large = String(repeating: "x", count: 300)

  /// - Parameter streams: those that are open already, because we opened them.
  init(_ teller: Teller, streams: [UInt32] = [], random: inout SplitMix) {
    self.teller = teller
    self.streams = streams
    self.random = SplitMix(seed: random.next())
    tell()
  }

  private mutating func tell() {
    if teller == .client { bytes = FrameText.preface }
    if random.below(8) > 0 { add(settings(isWell: true)) }
    isWild = random.below(2) == 0
    for _ in 0...random.below(random.below(20) == 0 ? 60 : 10) {
      if isWild, random.below(2) == 0 { addWild() } else { addMessage() }
    }
    guard isWild, random.below(3) == 0 else { return }
    // What was well-formed is no longer.
    let start = min(teller == .client ? FrameText.preface.count : 0, bytes.count)
    bytes = Array(bytes[..<start]) + random.mutated(Array(bytes[start...]))
  }

  private mutating func add(_ frame: [UInt8]) {
    bytes += frame
    frames += 1
  }

  // MARK: Messages

  private mutating func addMessage() {
    let stream: UInt32
    switch teller {
    case .client:
      stream = next
      next += 2
      streams.append(stream)
    case .server:
      stream = anyStream()
      if random.below(6) == 0 { addHead(FrameText.field(":status", "103"), stream, isEnd: false) }
    }
    let hasBody = random.below(2) == 0
    addHead(fields(), stream, isEnd: !hasBody)
    guard hasBody else { return }
    for _ in 0..<random.below(4) {
      add(data(stream, [UInt8](repeating: 0x61, count: random.below(40) * random.below(40))))
    }
    if random.below(4) == 0 {
      addHead(FrameText.field("x-trailer", "1"), stream, isEnd: true)
    } else if random.below(8) > 0 {
      add(FrameText.frame(.data, flags: FrameText.endStream, stream: stream, []))
    }
  }

  /// A block of fields, in one frame or in several.
  private mutating func addHead(_ block: [UInt8], _ stream: UInt32, isEnd: Bool) {
    let end: UInt8 = isEnd ? FrameText.endStream : 0
    let pieces = random.below(8) == 0 ? 1 + random.below(7) : 1
    var rest = block[...]
    for piece in 0..<pieces {
      let isLast = piece == pieces - 1
      let part = Array(isLast ? rest : rest.prefix(random.below(rest.count + 1)))
      rest = rest.dropFirst(part.count)
      let flags = isLast ? FrameText.endHeaders : 0
      if piece > 0 {
        add(FrameText.frame(.continuation, flags: flags, stream: stream, part))
      } else if random.below(6) == 0 {
        let padding = random.below(20)
        let payload = [UInt8(padding)] + part + [UInt8](repeating: 0, count: padding)
        let marks = flags | end | FrameText.padded
        add(FrameText.frame(.headers, flags: marks, stream: stream, payload))
      } else {
        add(FrameText.frame(.headers, flags: flags | end, stream: stream, part))
      }
    }
  }

  private mutating func fields() -> [UInt8] {
    var block = random.below(12) == 0 ? FrameText.tableSize(random.below(4097)) : []
    switch teller {
    case .client:
      let path = random.below(6) == 0 ? "/no" : "/ok/\(random.below(9))"
      let method = ["GET", "GET", "POST", "HEAD", "DELETE"][random.below(5)]
      block += FrameText.request(path, method: method, scheme: "https", way())
    case .server:
      let status = ["200", "200", "204", "304", "404", "502"][random.below(6)]
      block += FrameText.field(":status", status, way())
    }
    for _ in 0..<random.below(5) { block += field() }
    return block
  }

  private mutating func field() -> [UInt8] {
    switch random.below(isWild ? 14 : 8) {
    case 0: FrameText.field("content-length", "\(random.below(300))", way())
    case 1: FrameText.field("cookie", "a=\(random.below(99))", way())
    case 2: FrameText.field("x-key", "caisson_TOKEN_0123456789", way())
    case 3: FrameText.field("expect", "100-continue", way())
    case 4: FrameText.field("te", "trailers", way())
    case 5: FrameText.field("x-large", Self.large, way())
    case 6: FrameText.field("content-encoding", ["gzip", "br", "identity"][random.below(3)], way())
    // Entries of the static table, of the dynamic one, and of none.
    case 8: FrameText.entry(1 + random.below(61))
    case 9: FrameText.entry(62 + random.below(6))
    case 10: FrameText.entry(random.below(1 << 20))
    case 11: FrameText.field("Upper", "x", way())
    case 12: FrameText.field("connection", "x-own", way())
    // A text in Huffman's code, of whatever bytes.
    case 13: [0x00, 0x81, UInt8(truncatingIfNeeded: random.next()), 0x82] + junk(2)
    default: FrameText.field("x-\(random.below(5))", "\(random.below(1000))", way())
    }
  }

  private mutating func way() -> FrameText.Way { FrameText.Way.allCases[random.below(3)] }

  private mutating func data(_ stream: UInt32, _ body: [UInt8]) -> [UInt8] {
    guard random.below(5) == 0 else { return FrameText.frame(.data, stream: stream, body) }
    let padding = random.below(30)
    let payload = [UInt8(padding)] + body + [UInt8](repeating: 0, count: padding)
    return FrameText.frame(.data, flags: FrameText.padded, stream: stream, payload)
  }

  // MARK: What nobody should write

  private mutating func addWild() {
    let stream = anyStream()
    switch random.below(16) {
    case 0:
      add(FrameText.frame(.reset, stream: stream, FrameText.number(UInt32(random.below(16)))))
    case 1: add(settings(isWell: false))
    case 2:
      let payload = junk(random.below(2) * 6)
      add(FrameText.frame(.settings, flags: FrameText.acknowledged, payload))
    case 3:
      let flags = UInt8(random.below(2))
      add(FrameText.frame(.ping, flags: flags, stream: rarely(stream), junk(rarely(3, else: 8))))
    case 4:
      let step: UInt32 = [0, 1, 65_535, 0x7FFF_FFFF, 0xFFFF_FFFF][random.below(5)]
      add(FrameText.frame(.windowUpdate, stream: rarely(0, else: stream), FrameText.number(step)))
    case 5:
      let promised = FrameText.number(UInt32(random.below(12)))
      add(FrameText.frame(.pushPromise, flags: 4, stream: stream, promised + fields()))
    case 6:
      let parent = random.below(2) == 0 ? stream : UInt32(random.below(9))
      add(FrameText.frame(.priority, stream: stream, FrameText.number(parent) + [7]))
    case 7:
      let last = FrameText.number(UInt32(random.below(9)))
      add(FrameText.frame(.goAway, last + FrameText.number(0) + junk(random.below(9))))
    case 8:
      let kind = [0x0A, 0x0C, 0x0D, 0x20, 0xFF][random.below(5)]
      add(FrameText.frame(UInt8(kind), flags: junk(1)[0], stream: stream, junk(random.below(20))))
    case 9:
      let flags = UInt8(random.below(8))
      add(FrameText.frame(.continuation, flags: flags, stream: stream, fields()))
    case 10:
      // Longer than it says, or shorter.
      add(FrameText.frame(.data, flags: FrameText.padded, stream: stream, junk(random.below(4))))
    case 11: burst(stream)
    case 12: add(junk(random.below(40)))
    case 13: addHead(junk(random.below(30)), stream, isEnd: random.below(2) == 0)
    case 14:
      // Numbers of HPACK that do not end.
      let middle = [UInt8](repeating: 0xFF, count: random.below(12))
      addHead([0x7F] + middle + [UInt8(random.below(128))], stream, isEnd: true)
    default:
      let kind = FrameText.Kind.allCases[random.below(10)]
      add(FrameText.frame(kind, flags: junk(1)[0], stream: stream, junk(random.below(30))))
    }
  }

  /// Much of one thing.
  private mutating func burst(_ stream: UInt32) {
    let count = random.below(10) == 0 ? 300 : 12
    let kind = random.below(6)
    for _ in 0..<count {
      switch kind {
      case 0:
        addHead(fields(), next, isEnd: true)
        add(FrameText.frame(.reset, stream: next, FrameText.number(8)))
        next += 2
      case 1: add(FrameText.frame(.ping, junk(8)))
      case 2: add(settings(isWell: true))
      case 3: add(FrameText.frame(.data, stream: stream))
      case 4: add(FrameText.frame(.continuation, stream: stream, junk(3)))
      default: add(FrameText.frame(.windowUpdate, stream: 0, FrameText.number(1)))
      }
    }
  }

  private mutating func settings(isWell: Bool) -> [UInt8] {
    let values: [(UInt16, UInt32)] = (0..<random.below(4)).map { _ in
      let parameter = UInt16(1 + random.below(isWell ? 6 : 12))
      if isWell {
        return (parameter, [4_096, 0, 100, 65_535, 16_384, 65_536][Int(parameter) - 1])
      }
      return (parameter, [0, 1, 2, 16_383, 0x7FFF_FFFF, 0xFFFF_FFFF, 5][random.below(7)])
    }
    return FrameText.settings(values)
  }

  private mutating func anyStream() -> UInt32 {
    if random.below(12) == 0 { return [0, 2, 0x7FFF_FFFF, 0xFFFF_FFFF, 999][random.below(5)] }
    return streams.isEmpty ? 1 : streams[random.below(streams.count)]
  }

  private mutating func junk(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  private mutating func rarely<T: ExpressibleByIntegerLiteral>(_ value: T, else other: T = 0) -> T {
    random.below(5) == 0 ? value : other
  }
}
