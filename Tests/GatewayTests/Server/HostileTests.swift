import Foundation
import Journal
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import Gateway

/// What upstreams and clients may do that no decent one does.
@Suite(.takesTurns) struct HostileTests {
  @Test func `an error of endless characters is kept in so many bytes`() async throws {
    try await TestGateway.with { gateway, upstream in
      let long = "a" + String(repeating: "\\u0301", count: 6000)
      let gate = ScriptedUpstream.Gate()
      upstream.script([
        ScriptedUpstream.eventHead, .piece(ScriptedUpstream.chunk("hel")), .gate(gate),
        .piece("data: {\"error\":{\"message\":\"\(long)\"}}\n\n"),
      ])
      async let answer = gateway.post("/v1/chat/completions", TestGateway.helloStream)
      try await upstream.received(1)
      gate.open()
      #expect(try await answer.text.contains("hel"))
      let call = try #require(try await gateway.settledCalls(1).first)
      #expect(call.state == .settled)
      #expect(try #require(call.outcome).utf8.count <= 1024)
    }
  }

  @Test(arguments: [
    ScriptedUpstream.chat("x", input: 1 << 40, output: 1 << 40),
    ScriptedUpstream.chat("x", input: 0, output: 0),
    ScriptedUpstream.chat("x").replacingOccurrences(of: #""usage":{"#, with: #""usage":{},"u":{"#),
    ScriptedUpstream.chat("x").replacingOccurrences(of: ":7,", with: ":\"7\","),
  ])
  func `a count that cannot be is not believed`(answer: String) async throws {
    try await TestGateway.with { gateway, upstream in
      upstream.script(ScriptedUpstream.json(answer))
      #expect(try await gateway.post().status == 200)
      let call = try #require(try await gateway.settledCalls(1).first)
      #expect(call.basis == "counted")
      #expect(call.charged > 0)
      #expect(call.charged <= call.ceiling)
    }
  }

  @Test(arguments: [
    "HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 101 X\r\n\r\n", "HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n", "\u{0}\u{0}\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "SSH-2.0-x\r\n",
  ])
  func `an answer that is no HTTP is no answer`(answer: String) async throws {
    let server = try await RawUpstream.start(answer)
    let document = """
      version: 1
      listen: 127.0.0.1:0
      providers: { p0: { dialect: openai, base: "http://127.0.0.1:\(server.port)/v1", key: none } }
      models: { m: { provider: p0, model: r, context: 8k, max_output: 100, price: free } }
      routing: { attempts: 1, timeouts: { total: 5s } }
      """
    let gateway = try await TestGateway.start(document)
    let status = try await gateway.post().status
    #expect(status >= 500)
    let health = try await gateway.ask("GET", "/health").status
    #expect(health == 200)
    await gateway.stop()
    try await server.stop()
  }

  @Test func `who repeats a request and leaves leaves nothing behind`() async throws {
    try await TestGateway.with { gateway, upstream in
      let named = [("idempotency-key", "once")]
      #expect(try await gateway.post(headers: named).status == 200)
      for _ in 0..<60 {
        let client = try RawClient(port: gateway.port)
        try client.send(TestGateway.hello, key: gateway.key, headers: named)
        client.close()
      }
      var metrics = ""
      for _ in 0..<200 {
        metrics = try await gateway.ask("GET", "/metrics").text
        if metrics.contains("caisson_requests_active 0\n") { break }
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(metrics.contains("caisson_requests_active 0\n"))
      #expect(upstream.requests.count == 1)
    }
  }

  @Test func `a path of nothing but slashes costs nobody time`() throws {
    let path = String(repeating: "/", count: 200_000)
    let begin = ContinuousClock.now
    #expect(try Endpoint(method: "GET", target: path) == .root)
    // By characters it was a minute.
    #expect(ContinuousClock.now - begin < .seconds(5))
  }

  @Test func `a path that is too long is refused`() async throws {
    try await TestGateway.with { gateway, _ in
      let client = try RawClient(port: gateway.port)
      let path = String(repeating: "/", count: 20_000)
      try client.send("GET \(path) HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n")
      #expect(client.rest().hasPrefix("HTTP/1.1 414"))
    }
  }

  @Test func `a connection that is to be closed is closed after all of its answer`() async throws {
    try await TestGateway.with { gateway, upstream in
      let text = String(repeating: "x", count: 4 << 20)
      upstream.script(ScriptedUpstream.json(ScriptedUpstream.chat(text)))
      let client = try RawClient(port: gateway.port)
      try client.send(TestGateway.hello, key: gateway.key, headers: [("connection", "close")])
      #expect(client.rest().hasSuffix(ScriptedUpstream.chat(text)))
      let call = try #require(try await gateway.settledCalls(1).first)
      #expect(call.outcome == "ok")
    }
  }

  @Test func `what is sent before its turn is answered in order, whoever answers it`() async throws
  {
    try await TestGateway.with { gateway, upstream in
      let client = try RawClient(port: gateway.port)
      let health = "GET /health HTTP/1.1\r\nHost: g\r\n\r\n"
      try client.send(TestGateway.hello, key: gateway.key)
      try client.send(health)
      try client.send(TestGateway.hello, key: gateway.key)
      try client.send(TestGateway.hello, key: gateway.key)
      try client.send(health)
      let text = try client.read(count: 2, of: #"{"status":"ok"}"#)
      let order = text.components(separatedBy: "HTTP/1.1 200").dropFirst().map {
        $0.contains("chat.completion") ? "model" : "health"
      }
      #expect(order == ["model", "health", "model", "model", "health"])
      #expect(upstream.requests.count == 3)
      client.close()
    }
  }

  @Test(arguments: [400, 401, 404, 429, 500])
  func `an error that repeats the gateway's key is told without it`(status: Int) async throws {
    try await TestGateway.with(more: "routing: { attempts: 1 }\n") { gateway, upstream in
      let text = #"{"error":{"message":"bad Bearer provider-key","code":"provider-key"}}"#
      upstream.script(ScriptedUpstream.json(text, status: status))
      let answer = try await gateway.post()
      #expect(answer.status >= 400)
      #expect(!answer.text.contains("provider-key"))
    }
  }

  @Test func `an error in a stream that repeats the gateway's key is told without it`() async throws
  {
    try await TestGateway.with { gateway, upstream in
      let gate = ScriptedUpstream.Gate()
      upstream.script([
        ScriptedUpstream.eventHead, .piece(ScriptedUpstream.chunk("hel")), .gate(gate),
        .piece(#"data: {"error":{"message":"bad Bearer provider-key"}}"# + "\n\n"),
      ])
      async let answer = gateway.post("/v1/chat/completions", TestGateway.helloStream)
      try await upstream.received(1)
      gate.open()
      let text = try await answer.text
      #expect(text.contains("error"))
      #expect(!text.contains("provider-key"))
      let call = try #require(try await gateway.settledCalls(1).first)
      #expect(!(call.outcome ?? "").contains("provider-key"))
    }
  }

  @Test func `an upgrade is refused, and its connection closed`() async throws {
    try await TestGateway.with { gateway, _ in
      let client = try RawClient(port: gateway.port)
      try client.send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
          + "Content-Length: 2\r\n\r\n{}"
      )
      #expect(client.rest().hasPrefix("HTTP/1.1 400"))
    }
  }

  @Test func `a large body is not taken from who has no key`() async throws {
    try await TestGateway.with { gateway, _ in
      let client = try RawClient(port: gateway.port)
      try client.send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Length: 30000000\r\n\r\n{"
      )
      #expect(try client.read(until: "authentication_error").hasPrefix("HTTP/1.1 401"))
      client.close()
    }
  }
}

/// An upstream that answers with these bytes, whatever it is asked.
struct RawUpstream {
  private let channel: any Channel
  var port: Int { channel.localAddress?.port ?? 0 }

  static func start(_ answer: String) async throws -> RawUpstream {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Answer(answer))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return RawUpstream(channel: channel)
  }

  func stop() async throws { try await channel.close().get() }

  private final class Answer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: String
    private var hasAnswered = false

    init(_ answer: String) {
      self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      if hasAnswered { return }
      hasAnswered = true
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
    }
  }
}
