import Dialects
import NIOCore
import NIOHTTP1
import NIOPosix

/// HTTP on the socket that whoever started this process made.
///
/// Its owner alone can connect to it, and says what is done: there is no key. A connection whose other
/// end goes away takes what it asked for with it.
struct EngineServer: Sendable {
  let calls: EngineCalls

  typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

  /// Bytes of the largest request: a conversation that fills the longest window, with room.
  private static let largestBody = 32 << 20

  /// Serves until it is cancelled.
  func run(on descriptor: CInt, _ group: MultiThreadedEventLoopGroup) async throws {
    let server = try await ServerBootstrap(group: group)
      .bind(descriptor) { channel in
        channel.eventLoop.makeCompletedFuture {
          // Without its help a connection is read while it is answered, which tells that it has gone.
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withErrorHandling: true
          )
          return try Connection(wrappingChannelSynchronously: channel)
        }
      }
    try await withThrowingDiscardingTaskGroup { tasks in
      try await server.executeThenClose { connections in
        for try await connection in connections {
          tasks.addTask { try? await serve(connection) }
        }
      }
    }
  }

  private func serve(_ connection: Connection) async throws {
    try await connection.executeThenClose { inbound, outbound in
      var parts = inbound.makeAsyncIterator()
      while case .head(let head)? = try await parts.next() {
        var body: [UInt8] = []
        var isWhole = false
        while !isWhole, let part = try await parts.next() {
          switch part {
          case .body(let buffer):
            guard body.count + buffer.readableBytes <= Self.largestBody else {
              let error = ProviderError(.invalidRequest, "the request is larger than 32 MiB")
              return try await AnswerWriter(outbound, keepsAlive: false).fail(error, status: 413)
            }
            body.append(contentsOf: buffer.readableBytesView)
          case .end: isWhole = true
          case .head: return
          }
        }
        guard isWhole else { return }
        let writer = AnswerWriter(outbound, keepsAlive: head.isKeepAlive)
        let call = EngineCall(method: head.method.rawValue, target: head.uri, body: body)
        try await answer(call, writer, while: connection.channel)
        if !head.isKeepAlive { return }
      }
    }
  }

  /// What is asked for is given up when the connection closes.
  private func answer(
    _ call: EngineCall,
    _ writer: AnswerWriter,
    while channel: any Channel
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await calls.answer(call, writer) }
      let (gone, telling) = AsyncStream<Void>.makeStream()
      channel.closeFuture.whenComplete { _ in telling.finish() }
      tasks.addTask { for await _ in gone {} }
      defer { tasks.cancelAll() }
      try await tasks.next()
    }
  }
}

/// Writes one answer: whole, or line by line.
struct AnswerWriter: Sendable {
  private let outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
  private let keepsAlive: Bool

  init(_ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>, keepsAlive: Bool) {
    self.outbound = outbound
    self.keepsAlive = keepsAlive
  }

  func answer(_ body: [UInt8], status: Int = 200, headers: [(String, String)] = []) async throws {
    var fields = HTTPHeaders([("content-type", "application/json; charset=utf-8")] + headers)
    fields.add(name: "content-length", value: "\(body.count)")
    try await outbound.write(contentsOf: [
      .head(head(status, fields)), .body(.byteBuffer(ByteBuffer(bytes: body))), .end(nil),
    ])
  }

  func fail(_ error: ProviderError, status: Int? = nil) async throws {
    let headers = error.retryAfter.map { [("retry-after", "\(Int($0.rounded(.up)))")] } ?? []
    let body = ErrorShape.body(error, of: .ollama)
    try await answer(body, status: status ?? error.clientStatus, headers: headers)
  }

  func beginLines() async throws {
    let fields = HTTPHeaders([("content-type", "application/x-ndjson")])
    try await outbound.write(.head(head(200, fields)))
  }

  /// A line with its end.
  func line(_ bytes: [UInt8]) async throws {
    try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: bytes + [UInt8(ascii: "\n")]))))
  }

  func endLines() async throws {
    try await outbound.write(.end(nil))
  }

  private func head(_ status: Int, _ fields: HTTPHeaders) -> HTTPResponseHead {
    var fields = fields
    if !keepsAlive { fields.add(name: "connection", value: "close") }
    return HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: fields)
  }
}

/// A request, whole.
struct EngineCall: Sendable {
  let method: String
  let target: String
  let body: [UInt8]
}
