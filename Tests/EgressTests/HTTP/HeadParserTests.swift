import NIOCore
import Testing

@testable import Egress

@Suite struct HeadParserTests {
  static func parse(_ text: String) throws -> RequestHead? {
    var buffer = ByteBuffer(string: text)
    var parser = HeadParser()
    return try parser.parse(&buffer)
  }

  @Test func `reads a request and leaves what follows`() throws {
    var buffer = ByteBuffer(
      string: "POST /a?b=c HTTP/1.1\r\nHost: x.test\r\nContent-Length: 3\r\nX: \t y \r\n\r\nabc"
    )
    var parser = HeadParser()
    let head = try #require(try parser.parse(&buffer))
    #expect(head.method == "POST")
    #expect(head.target == "/a?b=c")
    #expect(head.authority == "x.test")
    #expect(head.framing == .length(3))
    #expect(head.headers.map { "\($0.name)=\($0.value)" } == ["X=y"])
    #expect(String(buffer: buffer) == "abc")
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\nHost: a\n\n", "LF alone"),
    ("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", "LF alone"),
    ("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", "CR stands"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: b\0\r\n\r\n", "control character"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", "folded"),
    ("GET / HTTP/1.1\r\nHost: a\r\n X: b\r\n\r\n", "folded"),
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "colon at once"),
    ("GET / HTTP/1.1\r\n: a\r\n\r\n", "no name"),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "more than one Host"),
    ("GET / HTTP/1.1\r\n\r\n", "no Host"),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", "no Host"),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
      "more than one"
    ),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n", "not a number"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", "not a number"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n", "not a number"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999\r\n\r\n", "not a number"),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "contradict"
    ),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "not chunked alone"),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", "not chunked alone"),
    ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "not chunked alone"),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      "more than one"
    ),
    ("CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT"),
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "target"),
    ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "HTTP/1.1"),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", "HTTP/1.1"),
    ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", "version"),
    ("GET /\r\nHost: a\r\n\r\n", "target"),
    ("get / HTTP/1.1\r\nHost: a\r\n\r\n", "method"),
    ("GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", "ASCII"),
    ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "empty line"),
    ("GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", "Expect"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX(y): b\r\n\r\n", "colon at once"),
  ])
  func `refuses what two readers could read in two ways`(text: String, reason: String) throws {
    let problem = try #require(throws: HeadProblem.self) { try Self.parse(text) }
    #expect(problem.reason.contains(reason))
  }

  @Test func `bounds the line, the head and the number of fields`() throws {
    let long = String(repeating: "a", count: 20_000)
    let line = try #require(throws: HeadProblem.self) { try Self.parse("GET /\(long)") }
    #expect(line.status == 414)
    let fields = String(repeating: "X: y\r\n", count: 201)
    let many = try #require(throws: HeadProblem.self) {
      try Self.parse("GET / HTTP/1.1\r\nHost: a\r\n\(fields)")
    }
    #expect(many.status == 431)
    let large = try #require(throws: HeadProblem.self) {
      try Self.parse("GET / HTTP/1.1\r\nX: \(long)\(long)\(long)\(long)")
    }
    #expect(large.status == 431)
  }

  @Test func `drops what concerns the connection alone`() throws {
    let head = try #require(
      try Self.parse(
        """
        GET / HTTP/1.1\r
        Host: a\r
        Connection: close, X-One\r
        X-One: 1\r
        Keep-Alive: 5\r
        TE: trailers\r
        Proxy-Authorization: Basic x\r
        X-Two: 2\r
        \r

        """
      )
    )
    #expect(head.headers.map(\.name) == ["X-Two"])
    #expect(!head.isPersistent)
  }

  /// Heads that are nearly in order, mutated with a seed: none traps, each reads the same however
  /// it is cut, and none that is accepted holds what must not be in a head.
  @Test(arguments: 0..<8) func `mutated heads are refused or read alike`(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let seeds = [
      "GET /a/b?c=d HTTP/1.1\r\nHost: x.test\r\nAccept: */*\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x.test\r\nContent-Length: 10\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x.test\r\nTransfer-Encoding: chunked\r\nConnection: upgrade\r\n\r\n",
    ].map { Array($0.utf8) }
    let tokens: [[UInt8]] = [
      [0x0D], [0x0A], [0x0D, 0x0A], [0x20], [0x3A], [0], [0x80], [0xC3, 0xA9], [0x09],
      Array("Host: y\r\n".utf8), Array("Content-Length: 1\r\n".utf8),
      Array("Transfer-Encoding: chunked\r\n".utf8),
    ]
    for _ in 0..<5_000 {
      var bytes = seeds[Int.random(in: 0..<seeds.count, using: &random)]
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: tokens.randomElement(using: &random) ?? [], at: place)
        default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &random))
        }
      }
      let whole = Self.outcome(bytes, cut: bytes.count)
      #expect(whole == Self.outcome(bytes, cut: Int.random(in: 0...bytes.count, using: &random)))
      guard case .success(let head?) = whole else { continue }
      let values = head.headers.map(\.value).joined() + head.target + head.authority
      #expect(values.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
    }
  }

  private static func outcome(_ bytes: [UInt8], cut: Int) -> Result<RequestHead?, HeadProblem> {
    var parser = HeadParser()
    var buffer = ByteBuffer(bytes: bytes[..<cut])
    do throws(HeadProblem) {
      if let head = try parser.parse(&buffer) { return .success(head) }
      buffer.writeBytes(bytes[cut...])
      return .success(try parser.parse(&buffer))
    } catch {
      return .failure(error)
    }
  }
}
