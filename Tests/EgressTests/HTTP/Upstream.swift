import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL

@testable import Egress

/// A server that says what it was asked, and misbehaves where it is asked to.
final class Upstream: Sendable {
  let isTLS: Bool
  let port: UInt16
  let rootPEM: String
  private let connections = NIOLockedValueBox(0)
  private let requests = NIOLockedValueBox<[String]>([])
  private let sent = NIOLockedValueBox<[String]>([])
  private let listener: any Channel

  /// - Parameter speaksHTTP2: where it is asked to, over TLS.
  init(isTLS: Bool, speaksHTTP2: Bool, group: any EventLoopGroup) async throws {
    self.isTLS = isTLS
    let authority = try CertificateAuthority(run: "upstream")
    rootPEM = authority.certificatePEM
    let context = try authority.context(
      for: InspectedRun.host,
      protocols: speaksHTTP2 ? ["h2", "http/1.1"] : ["http/1.1"]
    )
    let connections = connections
    let requests = requests
    let sent = sent
    listener = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 256)
      .childChannelInitializer { channel in
        connections.withLockedValue { $0 += 1 }
        return channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          guard isTLS else {
            try pipeline.configureHTTPServerPipeline()
            return try pipeline.addHandler(Responder(requests, sent))
          }
          try pipeline.addHandler(NIOSSLServerHandler(context: context))
          _ = channel.configureHTTP2SecureUpgrade { channel in
            channel.configureHTTP2Pipeline(mode: .server) { stream in
              stream.eventLoop.makeCompletedFuture {
                let pipeline = stream.pipeline.syncOperations
                try pipeline.addHandler(HTTP2FramePayloadToHTTP1ServerCodec())
                try pipeline.addHandler(Responder(requests, sent))
              }
            }.map { _ in }
          } http1ChannelConfigurator: { channel in
            channel.eventLoop.makeCompletedFuture {
              try channel.pipeline.syncOperations.configureHTTPServerPipeline()
              try channel.pipeline.syncOperations.addHandler(Responder(requests, sent))
            }
          }
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = UInt16(listener.localAddress?.port ?? 0)
  }

  var asked: [String] { requests.withLockedValue { $0 } }
  /// What came in `Authorization`.
  var authorizations: [String] { sent.withLockedValue { $0 } }
  var connectionCount: Int { connections.withLockedValue { $0 } }

  func close() { listener.close(promise: nil) }
}

private final class Responder: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let requests: NIOLockedValueBox<[String]>
  private let sent: NIOLockedValueBox<[String]>
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  private var count = 0

  init(_ requests: NIOLockedValueBox<[String]>, _ sent: NIOLockedValueBox<[String]>) {
    self.requests = requests
    self.sent = sent
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body.clear()
      count = 0
    case .body(var bytes):
      count += bytes.readableBytes
      if count <= 1 << 20 { body.writeBuffer(&bytes) }
    case .end:
      if let head { answer(head, context) }
    }
  }

  private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    requests.withLockedValue { $0.append("\(head.method) \(head.uri)") }
    sent.withLockedValue { $0 += head.headers["authorization"] }
    let path = head.uri.split(separator: "?")[0]
    switch path {
    case "/bytes":
      let size = Int(head.uri.split(separator: "=").last ?? "") ?? 0
      stream(size, context)
    case "/gzip", "/gzip/a-1.0.tar.gz":
      // "the secret is s3cr3t-value-0001" as gzip writes it
      let bytes = Data(base64Encoded: Self.gzipped) ?? Data()
      send(.ok, ["content-encoding": "gzip"], ByteBuffer(bytes: bytes), context)
    case "/reset":
      context.close(promise: nil)
    case "/last":
      send(.ok, ["connection": "close"], ByteBuffer(string: "last\n"), context)
    default:
      var lines = ["\(head.method) \(head.uri)"]
      lines += head.headers.map { "\($0.name): \($0.value)" }
      lines += ["", "body \(count): " + String(buffer: body)]
      send(.ok, [:], ByteBuffer(string: lines.joined(separator: "\n") + "\n"), context)
    }
  }

  static let gzipped = """
    H4sIAAAAAAAC/yvJSFUoTk0uSi1RyCxWKDZOLjIu0S1LzClN1TUwMDDkAgDoNrs0IAAAAA==
    """

  private func send(
    _ status: HTTPResponseStatus,
    _ headers: HTTPHeaders,
    _ body: ByteBuffer,
    _ context: ChannelHandlerContext
  ) {
    var headers = headers
    headers.add(name: "content-length", value: String(body.readableBytes))
    let closes = headers["connection"] == ["close"]
    context.write(
      wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))),
      promise: nil
    )
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
      if closes { channel.close(promise: nil) }
    }
  }

  private func stream(_ size: Int, _ context: ChannelHandlerContext) {
    let head = HTTPResponseHead(
      version: .http1_1,
      status: .ok,
      headers: ["content-length": String(size)]
    )
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    more(
      size,
      ByteBuffer(repeating: 0x61, count: 64 << 10),
      NIOLoopBound(context, eventLoop: context.eventLoop)
    )
  }

  private func more(
    _ left: Int,
    _ piece: ByteBuffer,
    _ context: NIOLoopBound<ChannelHandlerContext>
  ) {
    guard left > 0 else {
      context.value.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      return
    }
    let count = min(left, piece.readableBytes)
    let part = piece.getSlice(at: 0, length: count) ?? piece
    let bound = NIOLoopBound(self, eventLoop: context.value.eventLoop)
    context.value.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(part)))).whenSuccess {
      bound.value.more(left - count, piece, context)
    }
  }
}
