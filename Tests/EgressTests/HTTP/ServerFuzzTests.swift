import NIOCore
import NIOEmbedded
import Policy
import Testing

@testable import Egress

/// Both ends of an inspected connection say nearly what they should: whatever comes of it, nothing
/// traps, and the server is asked for nothing that the policy does not grant.
@Suite struct ServerFuzzTests {
  /// Makes connections in memory, to servers that the test plays.
  private final class Dial: Dialer, @unchecked Sendable {
    /// Only ever touched by the one thread of the test.
    var channels: [EmbeddedChannel] = []

    func dial(
      _ flow: Flow,
      rule: HostRule,
      on eventLoop: any EventLoop,
      prepare: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) -> EventLoopFuture<any Channel> {
      guard let loop = eventLoop as? EmbeddedEventLoop else {
        return eventLoop.makeFailedFuture(ChannelError.eof)
      }
      let channel = EmbeddedChannel(loop: loop)
      channels.append(channel)
      let prepared = prepare(channel)
      channel.connect(to: ServerFuzzTests.address, promise: nil)
      return prepared.map { channel }
    }
  }

  static let address = try! SocketAddress(ipAddress: "192.0.2.1", port: 80)

  static let requests = [
    "GET /ok/1 HTTP/1.1\r\nHost: api.test\r\nAccept: */*\r\n\r\n",
    "POST /ok/2 HTTP/1.1\r\nHost: api.test\r\nContent-Length: 10\r\n\r\n0123456789",
    "POST /ok/3 HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    "GET /no HTTP/1.1\r\nHost: api.test\r\n\r\n",
    "POST /no HTTP/1.1\r\nHost: api.test\r\nContent-Length: 3\r\n\r\nabc",
    "HEAD /ok/4 HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n\r\n",
    "POST /ok/5 HTTP/1.1\r\nHost: api.test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    "GET /ok/6 HTTP/1.1\r\nHost: api.test\r\nX-Key: caisson_TOKEN_0123456789\r\n\r\n",
  ]
  static let answers = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
  ]

  @Test(arguments: 0..<6) func `nothing traps, and nothing ungranted is asked for`(
    seed: UInt64
  ) throws {
    var random = SplitMix(seed: seed + 77)
    let policy = try PolicyDocument.parse(
      """
      version: 1
      network:
        - { host: api.test, ports: [80], rules: [{ allow: "* /ok/*" }] }
      """,
      file: "test"
    )
    let secret = try FinderTests.secret()
    let trust = try UpstreamTrust(bundle: nil)
    let authority = try CertificateAuthority(run: "fuzz")
    for _ in 0..<150 {
      let loop = EmbeddedEventLoop()
      let dial = Dial()
      let channel = EmbeddedChannel(loop: loop)
      let server = InspectedServer(
        policy: PolicyBox(NetworkPolicy(rules: policy.network)),
        dialer: dial,
        audit: Notebook(),
        authority: authority,
        secrets: SecretTable([secret]),
        trust: trust
      )
      channel.connect(to: Self.address, promise: nil)
      _ = server.serve(
        channel,
        flow: Flow(host: "api.test", port: 80, way: .direct, id: 1),
        firstBytes: ByteBuffer(),
        isTLS: false,
        sni: nil
      )
      loop.run()
      var asked: [ObjectIdentifier: ByteBuffer] = [:]
      for _ in 0..<Int.random(in: 1...6, using: &random) where channel.isActive {
        feed(mutated(Self.requests, &random), channel, loop, &random)
        for other in dial.channels {
          var sent = ByteBuffer()
          while var bytes = try? other.readOutbound(as: ByteBuffer.self) ?? ioData(other) {
            sent.writeBuffer(&bytes)
          }
          asked[ObjectIdentifier(other), default: ByteBuffer()].writeImmutableBuffer(sent)
          if sent.readableBytes > 0 { feed(mutated(Self.answers, &random), other, loop, &random) }
        }
        while (try? channel.readOutbound(as: ByteBuffer.self)) != nil {}
      }
      for bytes in asked.values {
        #expect(try Self.targets(of: bytes).allSatisfy { $0.hasPrefix("/ok/") })
        #expect(!String(buffer: bytes).contains("caisson_TOKEN_0123456789"))
      }
      if Bool.random(using: &random) { channel.close(promise: nil) }
      loop.run()
      loop.advanceTime(by: .hours(1))
      #expect(!channel.isActive)
      for other in dial.channels { #expect(!other.isActive) }
    }
  }

  /// What a server reads out of the bytes that it was sent.
  private static func targets(of bytes: ByteBuffer) throws -> [String] {
    var buffer = bytes
    var targets: [String] = []
    while buffer.readableBytes > 0 {
      var parser = HeadParser()
      guard let head = try parser.parse(&buffer) else { break }
      targets.append(head.target)
      switch head.framing {
      case .none: break
      case .length(let length):
        buffer.moveReaderIndex(forwardBy: min(Int(length), buffer.readableBytes))
      case .chunked:
        var reader = ChunkReader()
        while try reader.next(&buffer) != nil {}
        if !reader.isDone { return targets }
      }
    }
    return targets
  }

  private func ioData(_ channel: EmbeddedChannel) throws -> ByteBuffer? {
    guard case .byteBuffer(let bytes)? = try channel.readOutbound(as: IOData.self) else {
      return nil
    }
    return bytes
  }

  private func feed(
    _ bytes: [UInt8],
    _ channel: EmbeddedChannel,
    _ loop: EmbeddedEventLoop,
    _ random: inout SplitMix
  ) {
    var rest = bytes[...]
    while !rest.isEmpty, channel.isActive {
      let count = Int.random(in: 1...max(1, rest.count), using: &random)
      _ = try? channel.writeInbound(ByteBuffer(bytes: rest.prefix(count)))
      rest = rest.dropFirst(count)
      loop.run()
    }
    if Int.random(in: 0..<8, using: &random) == 0 { channel.close(promise: nil) }
    loop.run()
  }

  private func mutated(_ texts: [String], _ random: inout SplitMix) -> [UInt8] {
    var bytes = (0..<Int.random(in: 1...3, using: &random)).flatMap { _ in
      Array((texts.randomElement(using: &random) ?? "").utf8)
    }
    guard Bool.random(using: &random) else { return bytes }
    for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.remove(at: place)
      case 2: bytes.insert(bytes[place], at: place)
      default: bytes.removeSubrange(place...)
      }
    }
    return bytes
  }
}
