import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Policy

@testable import Egress

/// A client that gets through CONNECT and a TLS handshake, and then says whatever it is told to.
final class HTTP2Client {
  private let channel: any Channel
  private let heard = NIOLockedValueBox(ByteBuffer())

  /// - Parameter listens: whether it takes what it is answered, once the handshake is over.
  init(_ process: EgressProcess, _ target: String, listens: Bool = true) throws {
    let root = try NIOSSLCertificate(bytes: Array(process.certificate.utf8), format: .pem)
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates([root])
    configuration.applicationProtocols = ["h2"]
    let context = try NIOSSLContext(configuration: configuration)
    let host = String(target.split(separator: ":")[0])
    let heard = heard
    let socket = try Loopback.Client(process.port(.proxy))
    socket.send("CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n\r\n")
    let answer = socket.text(until: "\r\n\r\n")
    guard answer.contains(" 200 ") else { throw EgressProcess.Failure(description: answer) }
    let group = MultiThreadedEventLoopGroup.singleton
    let greeted = group.next().makePromise(of: Void.self)
    channel = try ClientBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: host))
          try pipeline.addHandler(Ear(heard, greeted, listens))
        }
      }
      .withConnectedSocket(socket.release())
      .wait()
    try greeted.futureResult.wait()
  }

  deinit { channel.close(promise: nil) }

  func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

  /// Returns when all has gone that was to be sent, or nobody takes it.
  func awaitRest() {
    let done = channel.eventLoop.makePromise(of: Void.self)
    channel.writeAndFlush(ByteBuffer()).whenComplete { _ in done.succeed() }
    channel.closeFuture.whenComplete { _ in done.succeed() }
    channel.eventLoop.scheduleTask(in: .seconds(5)) { done.succeed() }
    try? done.futureResult.wait()
  }

  /// How long the heads of answers were, in bytes.
  var headLengths: [Int] {
    var rest = heard.withLockedValue { Array($0.readableBytesView) }[...]
    var lengths: [Int] = []
    while rest.count >= 9 {
      let head = Array(rest.prefix(9))
      let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
      if head[3] == FrameText.Kind.headers.rawValue { lengths.append(length) }
      rest = rest.dropFirst(9 + length)
    }
    return lengths
  }

  /// Whether a text is answered, within some seconds.
  func hears(_ text: String) -> Bool {
    let deadline = NIODeadline.now() + .seconds(20)
    while NIODeadline.now() < deadline {
      if heard.withLockedValue({ String(buffer: $0).contains(text) }) { return true }
      if !channel.isActive { return false }
      try? channel.eventLoop.scheduleTask(in: .milliseconds(10)) {}.futureResult.wait()
    }
    return false
  }

  private final class Ear: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let heard: NIOLockedValueBox<ByteBuffer>
    private let greeted: EventLoopPromise<Void>
    private let listens: Bool

    init(
      _ heard: NIOLockedValueBox<ByteBuffer>,
      _ greeted: EventLoopPromise<Void>,
      _ listens: Bool
    ) {
      self.heard = heard
      self.greeted = greeted
      self.listens = listens
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var bytes = unwrapInboundIn(data)
      heard.withLockedValue { if $0.readableBytes < 1 << 20 { _ = $0.writeBuffer(&bytes) } }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case .handshakeCompleted? = event as? TLSUserEvent {
        if !listens { try? context.channel.syncOptions?.setOption(.autoRead, value: false) }
        greeted.succeed()
      }
      context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
      greeted.fail(ChannelError.eof)
      context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      greeted.fail(error)
      context.close(promise: nil)
    }
  }
}
