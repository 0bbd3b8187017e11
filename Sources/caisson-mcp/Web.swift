import AsyncHTTPClient
import MCP
import NIOCore
import NIOHTTP1

/// The one address that is spoken to.
struct Web: Sendable {
  struct TooLong: Error, CustomStringConvertible {
    let description = "the answer is longer than 4 MiB"
  }

  private let client: HTTPClient
  private let address: String
  private let headers: [(name: String, value: String)]

  init(_ options: BridgeOptions) {
    address = options.address
    headers = options.headers
    var configuration = HTTPClient.Configuration()
    // Whoever sends elsewhere would be sent the credential there.
    configuration.redirectConfiguration = .disallow
    configuration.decompression = .disabled
    configuration.httpVersion = .http1Only
    // How long an answer may take is for the client to say, which cancels.
    configuration.timeout = .init(connect: .seconds(30), read: nil)
    configuration.connectionPool = .init(
      idleTimeout: .seconds(20),
      concurrentHTTP1ConnectionsPerHostSoftLimit: 130
    )
    // Whoever asks is told at once, and asks again if it wants to.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.http1_1ConnectionDebugInitializer = { channel in
      channel.eventLoop.makeCompletedFuture { try StatusGuard.add(to: channel) }
    }
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  func post(_ post: HTTPBridge.Post) async throws -> HTTPClientResponse {
    var request = request(.POST, post.headers)
    request.body = .bytes(ByteBuffer(bytes: post.body))
    return try await client.execute(request, deadline: .distantFuture)
  }

  func stream(_ headers: [(name: String, value: String)]) async throws -> HTTPClientResponse {
    try await client.execute(request(.GET, headers), deadline: .distantFuture)
  }

  func delete(_ headers: [(name: String, value: String)], within time: TimeAmount) async {
    _ = try? await client.execute(request(.DELETE, headers), deadline: .now() + time)
  }

  func shutdown() async {
    try? await client.shutdown()
  }

  private func request(
    _ method: HTTPMethod,
    _ own: [(name: String, value: String)]
  ) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: address)
    request.method = method
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    for (name, value) in own { request.headers.replaceOrAdd(name: name, value: value) }
    return request
  }

  static func body(_ response: HTTPClientResponse, atMost bound: Int) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await buffer in response.body {
      guard bytes.count + buffer.readableBytes <= bound else { throw TooLong() }
      bytes.append(contentsOf: buffer.readableBytesView)
    }
    return bytes
  }
}

/// Keeps answers from the client library whose status is none: it takes one below 100 for a
/// programmer's error, and ends the process.
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
