import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOHTTPCompression

/// A connection of HTTP/2 to a server: one stream a request, many at a time.
final class UpstreamSession: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame

  private let channel: any Channel
  private let bounds: HTTPBounds
  private var multiplexer: NIOHTTP2Handler.StreamMultiplexer?
  private let freed: () -> Void
  private let ended: (UpstreamSession) -> Void
  private(set) var streams = 0
  private(set) var idleSince = NIODeadline.uptimeNanoseconds(0)
  private var served = 0
  private var mostStreams: Int
  private var isRetired = false

  /// - Parameters:
  ///   - freed: called whenever it serves one request less.
  ///   - ended: called once, when the connection is closed.
  init(
    _ channel: any Channel,
    bounds: HTTPBounds,
    freed: @escaping () -> Void,
    ended: @escaping (UpstreamSession) -> Void
  ) {
    self.channel = channel
    self.bounds = bounds
    self.freed = freed
    self.ended = ended
    mostStreams = bounds.streams
  }

  /// Sets the connection up, once its handshake is over.
  func install() throws {
    var connection = NIOHTTP2Handler.ConnectionConfiguration()
    connection.initialSettings = [
      HTTP2Setting(parameter: .enablePush, value: 0),
      HTTP2Setting(parameter: .initialWindowSize, value: Self.window),
      HTTP2Setting(parameter: .maxHeaderListSize, value: bounds.head.head),
    ]
    connection.targetWindowSize = 1 << 20
    var stream = NIOHTTP2Handler.StreamConfiguration()
    stream.targetWindowSize = Self.window
    stream.outboundBufferSizeHighWatermark = 256 << 10
    stream.outboundBufferSizeLowWatermark = 64 << 10
    multiplexer = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
      mode: .client,
      connectionConfiguration: connection,
      streamConfiguration: stream
    ) { $0.close() }
    try channel.pipeline.syncOperations.addHandler(self)
    try channel.syncOptions?.setOption(.autoRead, value: true)
  }

  private static let window = 256 << 10

  var takesMore: Bool { !isRetired && channel.isActive && streams < mostStreams }

  /// Opens a stream for a request.
  func open(isDecoding: Bool, _ answer: @escaping (Result<UpstreamLink, Refusal>) -> Void) {
    guard let multiplexer else {
      let refusal = Refusal(
        .unreachable,
        rule: Refusal.server,
        reason: "the connection is not set up"
      )
      return answer(.failure(refusal))
    }
    streams += 1
    let link = UpstreamLink(isHTTP1: false, served: served) { [weak self] link, _ in
      self?.released(link)
    }
    served += 1
    let bound = NIOLoopBound(link, eventLoop: channel.eventLoop)
    let ratio = bounds.inflation
    let promise = channel.eventLoop.makePromise(of: (any Channel).self)
    multiplexer.createStreamChannel(promise: promise) { stream in
      stream.eventLoop.makeCompletedFuture {
        try stream.syncOptions?.setOption(.autoRead, value: false)
        let pipeline = stream.pipeline.syncOperations
        try pipeline.addHandler(UnindexedFields())
        try pipeline.addHandler(HTTP2FramePayloadToHTTP1ClientCodec(httpProtocol: .https))
        if isDecoding {
          try pipeline.addHandler(NIOHTTPResponseDecompressor(limit: .ratio(ratio)))
        }
        try pipeline.addHandler(bound.value)
      }
    }
    promise.futureResult.assumeIsolated().whenComplete { result in
      switch result {
      case .success:
        answer(.success(link))
      case .failure(let error):
        self.released(link)
        let reason = "no stream to the server (\(type(of: error)))"
        answer(.failure(Refusal(.unreachable, rule: Refusal.server, reason: reason)))
      }
    }
  }

  /// Serves nobody new, and ends with the last whom it serves.
  func retire() {
    isRetired = true
    if streams == 0 { channel.close(promise: nil) }
  }

  private func released(_ link: UpstreamLink) {
    guard !link.isFreed else { return }
    link.isFreed = true
    streams -= 1
    idleSince = channel.eventLoop.now
    if isRetired, streams == 0 { channel.close(promise: nil) }
    freed()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data).payload {
    case .goAway:
      retire()
    case .settings(.settings(let settings)):
      for setting in settings where setting.parameter == .maxConcurrentStreams {
        mostStreams = min(bounds.streams, setting.value)
      }
    default:
      break
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    isRetired = true
    ended(self)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if error is NIOHTTP2Errors.StreamError { return }
    context.close(promise: nil)
  }
}
