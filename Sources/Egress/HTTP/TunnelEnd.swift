import NIOCore

/// One of two connections that are joined: bytes pass as they come, as fast as the other takes them.
final class TunnelEnd: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var context: ChannelHandlerContext?
  private var peer: TunnelEnd?
  private var hasEnded = false
  private var early: ByteBuffer
  /// Called with each count of bytes that came in here.
  private let count: (Int) -> Void
  private let ended: () -> Void

  /// - Parameter early: what came before the two ends were joined.
  init(early: ByteBuffer, count: @escaping (Int) -> Void, ended: @escaping () -> Void) {
    self.early = early
    self.count = count
    self.ended = ended
  }

  static func join(_ one: TunnelEnd, _ other: TunnelEnd) {
    one.peer = other
    other.peer = one
    one.passEarly()
    other.passEarly()
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    guard let peer else {
      early.writeBuffer(&bytes)
      return
    }
    count(bytes.readableBytes)
    peer.send(bytes)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    guard let peer else { return }
    peer.context?.flush()
    if peer.context?.channel.isWritable == true { context.read() }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { peer?.context?.read() }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // A WebSocket ends as a whole.
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { end() }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { end() }

  private func passEarly() {
    if early.readableBytes > 0 {
      count(early.readableBytes)
      peer?.send(early)
      peer?.context?.flush()
      early.clear()
    }
    context?.read()
  }

  private func send(_ bytes: ByteBuffer) {
    context?.write(wrapOutboundOut(bytes), promise: nil)
  }

  func end() {
    guard !hasEnded else { return }
    hasEnded = true
    let peer = self.peer
    self.peer = nil
    context?.close(promise: nil)
    context = nil
    peer?.end()
    ended()
  }
}
