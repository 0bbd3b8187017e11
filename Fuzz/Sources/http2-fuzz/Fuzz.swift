import Glibc
import NIOCore
import NIOEmbedded
import NIOHPACK
import Policy

@testable import Egress

/// One connection of a run, and those to servers that come of it, all in memory.
struct Fuzz {
  enum Subject: String, CaseIterable {
    /// The run speaks HTTP/2, in frames made by hand; the server HTTP/1.1.
    case run
    /// The run speaks HTTP/1.1; the server HTTP/2, in frames made by hand.
    case server
    /// Both speak HTTP/2, in frames made by hand.
    case both
  }

  struct Outcome {
    var frames = 0
    var bytes = 0
    var asked = 0
    var broken: String?
  }

  static let address = try? SocketAddress(ipAddress: "192.0.2.1", port: 443)
  private static let flow = Flow(host: "api.test", port: 443, way: .direct, id: 1)
  private static let placeholder = "caisson_TOKEN_0123456789"
  /// What is said to the run in answer to a story is bounded by the story.
  private static let mostAnswered = 4 << 20

  private let policy: NetworkPolicy
  private let secrets: SecretTable
  private let trust: UpstreamTrust

  init() throws {
    let document = try PolicyDocument.parse(
      """
      version: 1
      network:
        - { host: api.test, rules: [{ allow: "* /ok/*" }] }
      """,
      file: "fuzz"
    )
    policy = NetworkPolicy(rules: document.network)
    let secret = try Secret(
      name: "TOKEN",
      placeholder: Self.placeholder,
      value: "s3cr3t-value-0001",
      bindings: []
    )
    secrets = SecretTable([secret])
    trust = try UpstreamTrust(bundle: nil)
  }

  func play(_ subject: Subject, _ random: inout SplitMix) throws -> Outcome {
    var outcome = Outcome()
    let loop = EmbeddedEventLoop()
    let dial = Dial(speaksHTTP2: subject != .run)
    let office = Office(
      policy: PolicyBox(policy),
      dialer: dial,
      audit: Counter(),
      secrets: secrets,
      trust: trust,
      bounds: HTTPBounds(),
      ledger: Ledger()
    )
    let channel = EmbeddedChannel(loop: loop)
    channel.connect(to: try Self.unwrapped(Self.address), promise: nil)
    let scope = ConnectionScope(
      office: office,
      flow: Self.flow,
      isTLS: true,
      loop: loop,
      refusal: nil
    )
    if subject == .server {
      try channel.pipeline.syncOperations.addHandler(HTTP1Server(scope))
    } else {
      try HTTP2Server.install(scope, on: channel)
    }
    var heard: [ObjectIdentifier: [UInt8]] = [:]
    var answered = 0
    for round in 0..<(1 + random.below(3)) where channel.isActive {
      let said = story(of: subject, round, &outcome, &random)
      feed(said, channel, loop, &random)
      // Each server hears, and says something; which may lead to more being asked.
      for server in dial.channels {
        let bytes = Self.outbound(of: server)
        heard[ObjectIdentifier(server), default: []] += bytes
        guard !bytes.isEmpty else { continue }
        feed(answer(of: subject, &outcome, &random), server, loop, &random)
      }
      answered += Self.outbound(of: channel).count
    }
    for server in dial.channels {
      heard[ObjectIdentifier(server), default: []] += Self.outbound(of: server)
    }
    channel.close(promise: nil)
    loop.run()
    loop.advanceTime(by: .hours(1))
    if channel.isActive || dial.channels.contains(where: \.isActive) {
      outcome.broken = "a connection is open after the end"
    }
    if answered > Self.mostAnswered { outcome.broken = "\(answered) bytes were answered" }
    for bytes in heard.values {
      let targets = subject == .run ? Self.targets1(bytes) : Self.targets2(bytes)
      outcome.asked += targets.count
      if let target = targets.first(where: { !$0.hasPrefix("/ok/") }) {
        outcome.broken = "the server was asked for \(target)"
      }
      if Self.holds(Self.placeholder, bytes) { outcome.broken = "a placeholder left" }
    }
    return outcome
  }

  private func story(
    of subject: Subject,
    _ round: Int,
    _ outcome: inout Outcome,
    _ random: inout SplitMix
  ) -> [UInt8] {
    if subject == .server {
      let path = random.below(8) == 0 ? "/no" : "/ok/\(round)"
      let body = random.below(3) == 0 ? "abc" : ""
      let method = body.isEmpty ? ["GET", "HEAD", "DELETE"][random.below(3)] : "POST"
      let length = body.isEmpty ? "" : "Content-Length: 3\r\n"
      return Array("\(method) \(path) HTTP/1.1\r\nHost: api.test\r\n\(length)\r\n\(body)".utf8)
    }
    let story = FrameStory(.client, random: &random)
    outcome.frames += story.frames
    // Only a connection's first words are its preface.
    let bytes = round == 0 ? story.bytes : Array(story.bytes.dropFirst(FrameText.preface.count))
    outcome.bytes += bytes.count
    return bytes
  }

  private func answer(
    of subject: Subject,
    _ outcome: inout Outcome,
    _ random: inout SplitMix
  ) -> [UInt8] {
    guard subject == .run else {
      let story = FrameStory(.server, streams: [1, 1, 3], random: &random)
      outcome.frames += story.frames
      outcome.bytes += story.bytes.count
      return story.bytes
    }
    let answers = [
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n\r\n",
      "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
    ]
    return Array(answers[random.below(answers.count)].utf8)
  }

  private func feed(
    _ bytes: [UInt8],
    _ channel: EmbeddedChannel,
    _ loop: EmbeddedEventLoop,
    _ random: inout SplitMix
  ) {
    var rest = bytes[...]
    let isWhole = random.below(3) > 0
    while !rest.isEmpty, channel.isActive {
      let count = isWhole ? rest.count : 1 + random.below(rest.count)
      _ = try? channel.writeInbound(ByteBuffer(bytes: rest.prefix(count)))
      rest = rest.dropFirst(count)
      loop.run()
    }
    if random.below(8) == 0 { channel.close(promise: nil) }
    loop.run()
  }

  // MARK: What a server reads

  private static func outbound(of channel: EmbeddedChannel) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      if let piece = try? channel.readOutbound(as: ByteBuffer.self) {
        bytes += piece.readableBytesView
      } else if case .byteBuffer(let piece)? = try? channel.readOutbound(as: IOData.self) {
        bytes += piece.readableBytesView
      } else {
        return bytes
      }
    }
  }

  private static func targets1(_ bytes: [UInt8]) -> [String] {
    var buffer = ByteBuffer(bytes: bytes)
    var targets: [String] = []
    while buffer.readableBytes > 0 {
      var parser = HeadParser()
      guard let head = try? parser.parse(&buffer) else { return targets }
      targets.append(head.target)
      switch head.framing {
      case .none: break
      case .length(let length):
        buffer.moveReaderIndex(forwardBy: min(Int(length), buffer.readableBytes))
      case .chunked:
        var reader = ChunkReader()
        while (try? reader.next(&buffer)) != nil {}
        if !reader.isDone { return targets }
      }
    }
    return targets
  }

  private static func targets2(_ bytes: [UInt8]) -> [String] {
    var rest = bytes.dropFirst(FrameText.preface.count)
    var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
    // As large as any server of these stories says; nothing is to be in it.
    decoder.maxDynamicTableLength = Int(UInt32.max)
    var targets: [String] = []
    while rest.count >= 9 {
      let head = Array(rest.prefix(9))
      let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
      let payload = rest.dropFirst(9).prefix(length)
      rest = rest.dropFirst(9 + length)
      guard head[3] == FrameText.Kind.headers.rawValue else { continue }
      var block = ByteBuffer(bytes: payload)
      guard let fields = try? decoder.decodeHeaders(from: &block) else { return targets + ["?"] }
      targets += fields[":path"]
    }
    return targets
  }

  private static func holds(_ text: String, _ bytes: [UInt8]) -> Bool {
    let wanted = Array(text.utf8)
    return bytes.indices.contains { bytes[$0...].starts(with: wanted) }
  }

  private static func unwrapped<T>(_ value: T?) throws -> T {
    guard let value else { throw ChannelError.eof }
    return value
  }
}
