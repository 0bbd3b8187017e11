import FuzzDriver
import NIOCore
import NIOHTTP1
import Policy

/// Something that reads bytes from outside, messages to begin with, and what must hold of each.
struct Reader: Sendable {
  let name: String
  let seeds: [[UInt8]]
  let read: @Sendable ([UInt8], inout SplitMix) -> FuzzDriver.Verdict

  static let all = [dns, hello, proxy, head, chunks, push, pack, packet]

  static let dns = Reader(
    name: "dns",
    seeds: [
      DNSText.question("api.example.com"), DNSText.question("a.b", type: 28, extended: true),
      DNSText.question("0.1.18.198.in-addr.arpa", type: 12),
    ]
  ) { bytes, _ in
    guard let query = try? DNSQuery(bytes) else { return .refused }
    guard query.question.count <= 259 else { return .broken("the question is too long") }
    _ = ReverseName.address(query.name)
    let answer = DNSAnswer(.success, [.address([1, 2, 3, 4]), .pointer(query.name)])
    let message = answer.message(for: query)
    return message.starts(with: bytes[..<2]) ? .taken : .broken("the answer is to another question")
  }

  static let packet = Reader(
    name: "packet",
    seeds: [
      [0x45, 0, 0, 60, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 9, 1, 2, 3, 4, 0x80, 1, 0x1F, 0x90]
        + [UInt8](repeating: 0, count: 8) + [0x50, 2],
      [
        0x46, 0, 0, 60, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 9, 1, 2, 3, 4, 1, 1, 1, 1, 0x80, 1, 1,
        0xBB,
      ],
      [0x60, 0, 0, 0, 0, 40, 43, 64] + [UInt8](repeating: 9, count: 32)
        + [17, 0, 4, 0, 0, 0, 0, 0, 0x80, 1, 0, 123],
    ]
  ) { bytes, random in
    let whole = PacketHead(bytes)
    if whole != nil, PacketHead(bytes + [UInt8](repeating: 7, count: 5)) != whole {
      return .broken("what follows changes what was read")
    }
    let part = PacketHead(Array(bytes[..<random.below(bytes.count)]))
    if part != nil, part != whole { return .broken("a part reads as something else") }
    return whole == nil ? .refused : .taken
  }

  static let hello = Reader(
    name: "hello",
    seeds: [
      HelloText.hello(name: "api.example.test"), HelloText.hello(name: "a.b", recordSize: 7),
      HelloText.hello(name: nil, extensions: [(0xFE0D, [1, 2]), (16, [0, 3, 2, 0x68, 0x32])]),
    ]
  ) { bytes, random in
    let whole = ClientHello.read(bytes)
    // What has been read does not change with what comes behind it.
    if whole != .more, ClientHello.read(bytes + [UInt8](repeating: 22, count: 3)) != whole {
      return .broken("what follows changes what was read")
    }
    guard case .hello(let hello) = whole else { return .refused }
    // And no beginning of it reads as something else.
    let part = ClientHello.read(Array(bytes[..<random.below(bytes.count)]))
    if part != .more, part != whole { return .broken("a part reads as something else") }
    guard let name = hello.serverName else { return .taken }
    return HostText.normalised(Array(name.utf8)) == name ? .taken : .broken("the name is no host's")
  }

  static let proxy = Reader(
    name: "proxy",
    seeds: [
      "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\nrest",
      "GET http://api.test:80/x HTTP/1.1\r\nHost: api.test\r\n\r\n",
      "CONNECT [fd00::1]:443 HTTP/1.1\r\n\r\n",
    ].map { Array($0.utf8) }
  ) { bytes, _ in
    switch ProxyRequest.read(bytes) {
    case .request(.connect(_, let port, let length)):
      return length <= bytes.count && port > 0 ? .taken : .broken("the head ends behind the bytes")
    case .request(.absolute): return .taken
    case .more, .malformed: return .refused
    }
  }

  static let head = Reader(
    name: "http1",
    seeds: [
      "GET /a/b?c=d HTTP/1.1\r\nHost: api.test\r\nAccept: */*\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: api.test\r\nContent-Length: 5\r\n\r\nhello",
      "POST /x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ].map { Array($0.utf8) }
  ) { bytes, random in
    var whole = ByteBuffer(bytes: bytes)
    var parser = HeadParser()
    guard let head = try? parser.parse(&whole) else { return .refused }
    // The same head in two pieces is the same head.
    let cut = random.below(bytes.count)
    var pieces = ByteBuffer(bytes: bytes[..<cut])
    var second = HeadParser()
    var again = try? second.parse(&pieces)
    if again == nil {
      pieces.writeBytes(bytes[cut...])
      again = try? second.parse(&pieces)
    }
    guard again?.method == head.method, again?.target == head.target else {
      return .broken("two pieces read as something else than the whole")
    }
    return .taken
  }

  static let chunks = Reader(
    name: "chunks",
    seeds: ["5\r\nhello\r\n0\r\n\r\n", "A\r\n0123456789\r\n1\r\nx\r\n0\r\nX: y\r\n\r\n"]
      .map { Array($0.utf8) }
  ) { bytes, _ in
    var buffer = ByteBuffer(bytes: bytes)
    var reader = ChunkReader()
    var size = 0
    do {
      while let piece = try reader.next(&buffer) { size += piece.readableBytes }
    } catch {
      return .refused
    }
    guard size <= bytes.count else { return .broken("more came out than went in") }
    return reader.isDone ? .taken : .refused
  }

  static let push = Reader(
    name: "git",
    seeds: [
      push(["\(zero) \(one) refs/heads/main\0 report-status side-band-64k\n"]),
      push([
        "\(one) \(two) refs/heads/a\0 report-status\n", "\(two) \(zero) refs/tags/v1\n",
      ]),
    ]
  ) { bytes, random in
    var whole = GitPush()
    guard case .commands(let updates)? = try? whole.read(bytes) else { return .refused }
    var pieces = GitPush()
    let cut = random.below(bytes.count)
    var progress = try? pieces.read(bytes[..<cut])
    if progress == .more { progress = try? pieces.read(bytes[cut...]) }
    return progress == .commands(updates)
      ? .taken : .broken("two pieces read as something else than the whole")
  }

  private static let zero = String(repeating: "0", count: 40)
  private static let one = String(repeating: "1a", count: 20)
  private static let two = String(repeating: "2b", count: 20)

  private static func push(_ lines: [String]) -> [UInt8] {
    lines.flatMap { line -> [UInt8] in
      let length = String(line.utf8.count + 4, radix: 16)
      return Array((String(repeating: "0", count: 4 - length.count) + length + line).utf8)
    } + Array("0000PACK".utf8)
  }
}
