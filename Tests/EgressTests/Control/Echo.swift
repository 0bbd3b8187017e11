import NIOCore
import NIOPosix

/// A server on loopback that says back what it hears, until the end of what it hears.
final class Echo {
  let port: UInt16
  private let channel: any Channel

  init() throws {
    channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Answer())
        }
      }
      .bind(host: "127.0.0.1", port: 0)
      .wait()
    port = UInt16(clamping: channel.localAddress?.port ?? 0)
  }

  deinit { channel.close(promise: nil) }

  private final class Answer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      context.writeAndFlush(data, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case ChannelEvent.inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
    }
  }
}
