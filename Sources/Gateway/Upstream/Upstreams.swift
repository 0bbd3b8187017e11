import AsyncHTTPClient
import Catalogue
import NIOCore
import NIOHTTP1

/// The connections to the providers, kept open between calls. Used on one event loop.
final class Upstreams {
  private let client: HTTPClient
  private let loop: any EventLoop
  /// Requests by address: reading an address costs as much as sending a request.
  private var templates: [String: HTTPClient.Request] = [:]
  private static let mostTemplates = 4096

  init(on loop: any EventLoop, timeouts: Timeouts, connections: Int) {
    self.loop = loop
    var configuration = HTTPClient.Configuration()
    // A provider that sends elsewhere would be sent the key there.
    configuration.redirectConfiguration = .disallow
    configuration.decompression = .disabled
    configuration.httpVersion = .http1Only
    configuration.timeout = .init(connect: TimeAmount(timeouts.connect), read: nil)
    configuration.connectionPool = .init(
      // Shorter than what servers usually keep, so that theirs ends first but seldom.
      idleTimeout: .seconds(20),
      concurrentHTTP1ConnectionsPerHostSoftLimit: connections
    )
    configuration.http1_1ConnectionDebugInitializer = { channel in
      channel.eventLoop.makeCompletedFuture { try StatusGuard.add(to: channel) }
    }
    // What fails is tried again by the routing, which knows what it may cost.
    configuration.connectionPool.retryConnectionEstablishment = false
    client = HTTPClient(eventLoopGroupProvider: .shared(loop), configuration: configuration)
  }

  /// Sends a request; `answer` is told of what comes, on the event loop.
  ///
  /// - Throws: where the address is none that can be asked.
  func send(
    to address: String,
    headers: HTTPHeaders,
    body: [UInt8],
    answer: UpstreamAnswer
  ) throws -> HTTPClient.Task<Void> {
    var request: HTTPClient.Request
    if let template = templates[address] {
      request = template
    } else {
      request = try HTTPClient.Request(url: address, method: .POST)
      if templates.count >= Self.mostTemplates { templates.removeAll() }
      templates[address] = request
    }
    request.headers = headers
    request.body = .byteBuffer(ByteBuffer(bytes: body))
    return client.execute(request: request, delegate: answer, eventLoop: .delegate(on: loop))
  }

  /// Sends something of the gateway's own, and gives the status of the answer.
  func post(_ address: String, _ body: [UInt8]) -> EventLoopFuture<Int> {
    do {
      var request = try HTTPClient.Request(url: address, method: .POST)
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .byteBuffer(ByteBuffer(bytes: body))
      return client.execute(
        request: request,
        delegate: ResponseAccumulator(request: request, maxBodySize: 65_536),
        eventLoop: .delegateAndChannel(on: loop),
        deadline: .now() + .seconds(10)
      ).futureResult.map { Int($0.status.code) }
    } catch {
      return loop.makeFailedFuture(error)
    }
  }

  /// Asks for something of the gateway's own, and gives the body of the answer.
  func get(_ address: String) -> EventLoopFuture<[UInt8]> {
    do {
      let request = try HTTPClient.Request(url: address, method: .GET)
      return client.execute(
        request: request,
        delegate: ResponseAccumulator(request: request, maxBodySize: 1 << 20),
        eventLoop: .delegateAndChannel(on: loop),
        deadline: .now() + .seconds(10)
      ).futureResult.map { $0.body.map { Array($0.readableBytesView) } ?? [] }
    } catch {
      return loop.makeFailedFuture(error)
    }
  }

  func shutdown() -> EventLoopFuture<Void> {
    let promise = loop.makePromise(of: Void.self)
    client.shutdown { error in
      if let error { promise.fail(error) } else { promise.succeed() }
    }
    return promise.futureResult
  }
}

/// Keeps answers from the client library whose status is none: it takes one below 100 for a programmer's
/// error, and ends the process.
final class StatusGuard: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias InboundOut = HTTPClientResponsePart

  struct NoStatus: Error {}

  static func add(to channel: any Channel) throws {
    let pipeline = channel.pipeline.syncOperations
    let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
    try pipeline.addHandler(StatusGuard(), position: .after(decoder))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .head(let head) = unwrapInboundIn(data), !(100...999).contains(head.status.code) {
      context.fireErrorCaught(NoStatus())
      context.close(promise: nil)
      return
    }
    context.fireChannelRead(data)
  }
}

/// What an upstream says to one attempt, handed to whoever made it.
///
/// Its methods are called on the event loop that the request named, which is the gateway's only one;
/// that makes `@unchecked Sendable` true.
final class UpstreamAnswer: HTTPClientResponseDelegate, @unchecked Sendable {
  typealias Response = Void

  private let attempt: Attempt
  private let exchange: Exchange
  private let ready: EventLoopFuture<Void>

  init(_ attempt: Attempt, of exchange: Exchange, on loop: any EventLoop) {
    self.attempt = attempt
    self.exchange = exchange
    ready = loop.makeSucceededVoidFuture()
  }

  func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
    attempt.isSent = true
  }

  func didReceiveHead(
    task: HTTPClient.Task<Void>,
    _ head: HTTPResponseHead
  ) -> EventLoopFuture<Void> {
    exchange.received(head, by: attempt)
    return ready
  }

  func didReceiveBodyPart(
    task: HTTPClient.Task<Void>,
    _ buffer: ByteBuffer
  ) -> EventLoopFuture<Void> {
    exchange.received(buffer, by: attempt) ?? ready
  }

  func didFinishRequest(task: HTTPClient.Task<Void>) throws {
    exchange.finished(attempt)
  }

  func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
    exchange.failed(attempt, error)
  }
}

extension TimeAmount {
  init(_ duration: Duration) {
    let (seconds, parts) = duration.components
    self = .nanoseconds(seconds * 1_000_000_000 + parts / 1_000_000_000)
  }
}
