import NIOCore
import NIOHTTP2

/// The run's end of a connection that speaks HTTP/2: one ``HTTP2Stream`` a request.
final class HTTP2Server: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame

  private let scope: ConnectionScope
  private var watch: IdleWatch?
  private var open = 0
  private let census: FrameCensus

  private init(_ scope: ConnectionScope, on channel: any Channel) {
    self.scope = scope
    census = FrameCensus(most: scope.office.bounds.pieces) {
      scope.noteMalformed(
        Refusal(.limit, rule: Refusal.bounds, reason: "too many pieces of bodies wait"),
        status: 503
      )
      channel.close(promise: nil)
    }
  }

  /// Sets up a connection whose handshake is over.
  static func install(_ scope: ConnectionScope, on channel: any Channel) throws {
    let server = HTTP2Server(scope, on: channel)
    let bound = NIOLoopBound((scope: scope, server: server), eventLoop: channel.eventLoop)
    var connection = NIOHTTP2Handler.ConnectionConfiguration()
    connection.initialSettings = [
      HTTP2Setting(parameter: .maxConcurrentStreams, value: scope.office.bounds.streams),
      HTTP2Setting(parameter: .maxHeaderListSize, value: scope.office.bounds.head.head),
      HTTP2Setting(parameter: .initialWindowSize, value: Self.window),
      HTTP2Setting(parameter: .enablePush, value: 0),
    ]
    connection.maximumBufferedControlFrames = 1000
    connection.targetWindowSize = 1 << 20
    var stream = NIOHTTP2Handler.StreamConfiguration()
    stream.targetWindowSize = Self.window
    stream.outboundBufferSizeHighWatermark = 256 << 10
    stream.outboundBufferSizeLowWatermark = 64 << 10
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(server.census)
    _ = try pipeline.configureHTTP2Pipeline(
      mode: .server,
      connectionConfiguration: connection,
      streamConfiguration: stream
    ) { channel in
      channel.eventLoop.makeCompletedFuture {
        let (scope, server) = bound.value
        try channel.syncOptions?.setOption(.autoRead, value: false)
        try channel.pipeline.syncOperations.addHandlers([
          UnindexedFields(), HTTP2Stream(scope, server),
        ])
      }
    }
    try pipeline.addHandler(server)
    // Reading never waits: what a run may send is bounded by the windows of its streams.
    try channel.syncOptions?.setOption(.autoRead, value: true)
  }

  /// The run is near: more would not make it faster, and this much waits for each slow server.
  private static let window = 64 << 10

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    watch = IdleWatch(scope.office.bounds.headTime, on: context.eventLoop) {
      channel.close(promise: nil)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { watch?.cancel() }

  func channelReadComplete(context: ChannelHandlerContext) {
    watch?.touch()
    context.fireChannelReadComplete()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    watch?.cancel()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // What concerns one stream ends that stream alone.
    if error is NIOHTTP2Errors.StreamError { return }
    // So does a body that is cut short, as curl does with what it is told is denied.
    if error is NIOHTTP2Errors.ContentLengthViolated { return }
    guard error is any NIOHTTP2Error else { return context.close(promise: nil) }
    scope.noteMalformed(
      Refusal(
        .malformed,
        rule: Refusal.ambiguous,
        reason: "the connection breaks HTTP/2: \(String(describing: error).prefix(200))"
      ),
      status: 400
    )
    context.close(promise: nil)
  }

  func streamOpened() {
    open += 1
    if open == 1 { watch?.setLimit(scope.office.bounds.bodyTime) }
  }

  func streamClosed(_ stream: HTTP2StreamID?) {
    open -= 1
    if let stream { census.forget(number(of: stream)) }
    guard open == 0 else { return }
    watch?.setLimit(scope.office.bounds.headTime)
    census.forgetAll()
  }

  /// A stream has taken a piece of its body.
  func pieceTaken(_ stream: HTTP2StreamID?) {
    if let stream { census.take(number(of: stream)) }
  }

  private func number(of stream: HTTP2StreamID) -> UInt32 {
    UInt32(truncatingIfNeeded: Int(stream))
  }
}
