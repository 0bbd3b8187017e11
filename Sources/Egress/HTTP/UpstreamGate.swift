import NIOCore
import NIOSSL
import NIOTLS

/// Waits for the handshake with a server, and sets up what was agreed on before anything else is
/// read.
final class UpstreamGate: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  /// Called once: with the protocol that was agreed on, or with why nothing was.
  private var done: ((Result<String?, any Error>) -> Void)?

  init(_ done: @escaping (Result<String?, any Error>) -> Void) {
    self.done = done
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { context.read() }
  }

  func channelActive(context: ChannelHandlerContext) {
    context.read()
    context.fireChannelActive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
      finish(.success(negotiated))
      context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    finish(.failure(error))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish(.failure(ChannelError.eof))
    context.fireChannelInactive()
  }

  private func finish(_ result: Result<String?, any Error>) {
    let done = self.done
    self.done = nil
    done?(result)
  }
}
