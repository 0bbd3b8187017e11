package import NIOCore

/// Name service over TCP: messages with their length before them, one after the other.
package final class NameStream: ChannelInboundHandler {
  package typealias InboundIn = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  private let service: NameService
  private var held = ByteBuffer()
  private var timer: Scheduled<Void>?

  private static let patience = TimeAmount.seconds(10)

  package init(_ service: NameService) {
    self.service = service
  }

  package func channelActive(context: ChannelHandlerContext) {
    wait(context)
    context.fireChannelActive()
    context.read()
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    held.writeBuffer(&bytes)
    while let length = held.getInteger(at: held.readerIndex, as: UInt16.self) {
      guard length <= DNSQuery.longest else { return context.close(promise: nil) }
      guard held.readableBytes >= 2 + Int(length) else { break }
      held.moveReaderIndex(forwardBy: 2)
      guard let message = held.readBytes(length: Int(length)), let answer = service.answer(message)
      else { return context.close(promise: nil) }
      var reply = ByteBuffer()
      reply.writeInteger(UInt16(clamping: answer.count))
      reply.writeBytes(answer)
      context.write(wrapOutboundOut(reply), promise: nil)
      wait(context)
    }
    held.discardReadBytes()
  }

  package func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
    // Who asks without taking the answers is not asked what else there is.
    if context.channel.isWritable { context.read() }
  }

  package func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { context.read() }
  }

  package func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  package func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func wait(_ context: ChannelHandlerContext) {
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) {
      context.close(promise: nil)
    }
  }
}
