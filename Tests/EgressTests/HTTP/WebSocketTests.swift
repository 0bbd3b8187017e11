import NIOCore
import NIOPosix
import Testing

@testable import Egress

@Suite struct WebSocketTests {
  static let key = "dGhlIHNhbXBsZSBub25jZQ=="

  /// Says 101, and then gives back what it gets.
  private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let accept: String
    private var head = ""
    private var isOpen = false

    init(_ accept: String) { self.accept = accept }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      if isOpen { return context.writeAndFlush(NIOAny(bytes), promise: nil) }
      head += String(buffer: bytes)
      guard head.hasSuffix("\r\n\r\n") else { return }
      isOpen = true
      let answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: \(accept)\r\n\r\nhello "
      context.writeAndFlush(NIOAny(ByteBuffer(string: answer)), promise: nil)
    }
  }

  private func answer(accept: String) async throws -> (text: String, rows: [Observation]) {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Echo(accept))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    defer { server.close(promise: nil) }
    return try await InspectedRun.with(
      "websocket: true, rules: [{ allow: \"GET /socket\" }]",
      isTLS: false,
      server: UInt16(server.localAddress?.port ?? 0)
    ) { run in
      let text = try await run.raw(
        "GET /socket HTTP/1.1\r\nHost: \(InspectedRun.host):\(run.port)\r\nConnection: Upgrade\r\n"
          + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Key: \(Self.key)\r\n\r\nping-pong",
        until: accept.hasPrefix("s3") ? "ping-pong" : "}\n"
      )
      return (text, run.audit.all)
    }
  }

  @Test func `passes bytes both ways after a handshake that was granted`() async throws {
    let (text, _) = try await answer(accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    #expect(text.hasPrefix("HTTP/1.1 101 "))
    #expect(text.hasSuffix("\r\n\r\nhello ping-pong"))
  }

  @Test func `refuses a server that did not take part in the handshake`() async throws {
    let (text, rows) = try await answer(accept: "AAAA")
    #expect(text.hasPrefix("HTTP/1.1 502 "))
    #expect(rows.last?.verdict == .denied)
  }
}
