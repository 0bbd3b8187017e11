import NIOCore
import NIOHPACK
import NIOHTTP2

/// Keeps what a request or an answer says out of the table that both ends of HTTP/2 remember.
///
/// The other end says how large that table may become, up to 4 GiB, and our library obliges. Nor
/// shall a value that is secret stay where the length of the next message tells of it.
final class UnindexedFields: ChannelOutboundHandler {
  typealias OutboundIn = HTTP2Frame.FramePayload
  typealias OutboundOut = HTTP2Frame.FramePayload

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    var payload = unwrapOutboundIn(data)
    if case .headers(var message) = payload {
      var fields = HPACKHeaders()
      fields.reserveCapacity(message.headers.count)
      for (name, value, _) in message.headers {
        fields.add(name: name, value: value, indexing: .nonIndexable)
      }
      message.headers = fields
      payload = .headers(message)
    }
    context.write(wrapOutboundOut(payload), promise: promise)
  }
}
