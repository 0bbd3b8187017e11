import NIOCore
import NIOHTTP1

/// The far end of one request: a connection of HTTP/1.1 to a server, or a stream of HTTP/2.
final class UpstreamLink: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  /// Who is told when the link serves nobody any more, and whether it can serve again.
  private let release: (UpstreamLink, _ isReusable: Bool) -> Void
  private(set) var context: ChannelHandlerContext?
  private weak var exchange: Exchange?
  /// Whether the bytes are HTTP/1.1, which alone can become a tunnel.
  let isHTTP1: Bool
  /// How many requests it served before the one at hand.
  private(set) var served: Int
  private(set) var idleSince = NIODeadline.uptimeNanoseconds(0)
  private var hasSentAll = false
  private var hasAnswered = false
  private var staysOpen = true
  /// Whether its pool counts it no longer.
  var isFreed = false
  private var isReading = false

  init(isHTTP1: Bool, served: Int = 0, release: @escaping (UpstreamLink, Bool) -> Void) {
    self.isHTTP1 = isHTTP1
    self.served = served
    self.release = release
  }

  var isUsable: Bool { context?.channel.isActive ?? false }
  var isWritable: Bool { context?.channel.isWritable ?? false }
  var pipeline: ChannelPipeline.SynchronousOperations? { context?.pipeline.syncOperations }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  // MARK: Sending

  func send(_ head: HTTPRequestHead, for exchange: Exchange) {
    self.exchange = exchange
    hasSentAll = false
    hasAnswered = false
    context?.write(wrapOutboundOut(.head(head)), promise: nil)
  }

  func send(_ bytes: ByteBuffer) {
    context?.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
  }

  func sendEnd() {
    hasSentAll = true
    context?.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    if hasAnswered { finish() }
  }

  func flush() { context?.flush() }

  func read() {
    guard !isReading else { return }
    isReading = true
    context?.read()
  }

  /// Ends the link, whatever it was doing.
  func close() {
    exchange = nil
    context?.close(promise: nil)
  }

  /// Takes HTTP off the connection: from `ready` on, its bytes are the tunnel's.
  func becomeTunnel(_ end: TunnelEnd, ready: @escaping () -> Void) -> Bool {
    guard isHTTP1, let context else { return false }
    exchange = nil
    release(self, false)
    let pipeline = context.pipeline.syncOperations
    do {
      let decoder = try pipeline.context(
        handlerType: ByteToMessageHandler<HTTPResponseDecoder>.self
      )
      let encoder = try pipeline.context(handlerType: HTTPRequestEncoder.self)
      try pipeline.addHandler(end, position: .after(self))
      pipeline.removeHandler(context: context, promise: nil)
      pipeline.removeHandler(context: encoder, promise: nil)
      // What the decoder holds already is handed to the tunnel as it goes, which is not at once:
      // it is still decoding the answer that brought us here.
      let removed = context.eventLoop.makePromise(of: Void.self)
      removed.futureResult.assumeIsolated().whenSuccess(ready)
      pipeline.removeHandler(context: decoder, promise: removed)
      return true
    } catch {
      return false
    }
  }

  // MARK: Receiving

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let exchange else {
      // An answer that nobody asked for.
      return context.close(promise: nil)
    }
    switch unwrapInboundIn(data) {
    case .head(let head):
      if head.status.code >= 200 { staysOpen = head.isKeepAlive }
      exchange.answered(head)
    case .body(let bytes):
      exchange.answerBody(bytes)
    case .end(let trailers):
      hasAnswered = true
      exchange.answerEnd(trailers)
      guard self.exchange === exchange else { return }
      if hasSentAll { finish() } else { close() }
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    exchange?.linkReadComplete()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { exchange?.linkIsWritable() }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(Refusal(.unreachable, rule: Refusal.server, reason: "the server closed the connection"))
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Only what kind of error it is: an error may quote what was sent, and that may be a secret.
    let reason = "what the server answers is not in order (\(type(of: error)))"
    fail(Refusal(.unreachable, rule: Refusal.server, reason: reason))
    context.close(promise: nil)
  }

  private func fail(_ refusal: Refusal) {
    let exchange = self.exchange
    self.exchange = nil
    exchange?.linkFailed(self, refusal)
    release(self, false)
  }

  private func finish() {
    exchange = nil
    served += 1
    idleSince = context?.eventLoop.now ?? idleSince
    let isReusable = staysOpen && isUsable && isHTTP1
    release(self, isReusable)
    if isReusable {
      // So that the server's closing is noticed while nobody is served.
      read()
    } else if isHTTP1 {
      context?.close(promise: nil)
    }
  }
}

extension Refusal {
  /// The rules of this part that no policy can lift, as denials name them.
  static let ambiguous = "built-in: requests are unambiguous"
  static let oneName = "built-in: one connection, one name"
  static let server = "the server"
  static let certificate = "built-in: servers prove who they are"
  static let credential = "built-in: credentials go where they are bound"
  static let bounds = "built-in: bounds of a connection"
}
