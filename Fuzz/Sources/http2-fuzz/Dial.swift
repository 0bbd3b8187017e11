import NIOCore
import NIOEmbedded
import NIOSSL
import NIOTLS
import Policy

@testable import Egress

/// Makes connections in memory, to servers that the fuzzer plays.
final class Dial: Dialer, @unchecked Sendable {
  /// Only ever touched by the one thread of the fuzzer.
  private(set) var channels: [EmbeddedChannel] = []
  private let speaksHTTP2: Bool

  init(speaksHTTP2: Bool) {
    self.speaksHTTP2 = speaksHTTP2
  }

  func dial(
    _ flow: Flow,
    rule: HostRule,
    on eventLoop: any EventLoop,
    prepare: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) -> EventLoopFuture<any Channel> {
    guard let loop = eventLoop as? EmbeddedEventLoop, let address = Fuzz.address else {
      return eventLoop.makeFailedFuture(ChannelError.eof)
    }
    let channel = EmbeddedChannel(loop: loop)
    channels.append(channel)
    let agreed = speaksHTTP2 ? "h2" : nil
    return prepare(channel).flatMapThrowing {
      // What TLS would come to, without its cost for each of millions of connections.
      let pipeline = channel.pipeline.syncOperations
      let handler = try pipeline.context(handlerType: NIOSSLClientHandler.self)
      pipeline.removeHandler(context: handler, promise: nil)
      channel.connect(to: address, promise: nil)
      channel.pipeline.fireUserInboundEventTriggered(
        TLSUserEvent.handshakeCompleted(negotiatedProtocol: agreed)
      )
      return channel
    }
  }
}

/// Keeps nothing, and counts.
final class Counter: AuditSink, @unchecked Sendable {
  /// Only ever touched by the one thread of the fuzzer.
  private(set) var rows = 0

  func note(_ observation: Observation) { rows += 1 }
}
