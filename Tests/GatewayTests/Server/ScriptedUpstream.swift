import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

/// A provider whose answers are scripted, because none can be reached from a test: what is asked of
/// it goes over real sockets, and is kept to be looked at.
final class ScriptedUpstream: Sendable {
  struct Request: Sendable {
    let method: String
    let path: String
    let headers: HTTPHeaders
    let body: String
  }

  enum Step: Sendable {
    case head(Int, [(String, String)])
    case piece(String)
    /// Waits until the test opens the gate.
    case gate(Gate)
    /// Closes the connection here, in the midst of the answer or before it.
    case breakOff
    /// Answers no more, and keeps the connection.
    case silence
  }

  /// Opened once by the test.
  final class Gate: Sendable {
    private let promise: EventLoopPromise<Void>

    init() {
      promise = MultiThreadedEventLoopGroup.singleton.next().makePromise()
    }

    func open() { promise.succeed() }
    var future: EventLoopFuture<Void> { promise.futureResult }
    deinit { promise.succeed() }
  }

  private struct State {
    var requests: [Request] = []
    var scripts: [[Step]] = []
    var closed = 0
    var waiters: [(Int, EventLoopPromise<Void>)] = []
  }

  private let state = NIOLockedValueBox(State())
  private let otherwise: @Sendable (Request) -> [Step]
  private let channel: any Channel

  /// - Parameter otherwise: what is answered when the scripts are used up.
  static func start(
    otherwise: @escaping @Sendable (Request) -> [Step] = ScriptedUpstream.answer
  ) async throws -> ScriptedUpstream {
    let box = NIOLockedValueBox<ScriptedUpstream?>(nil)
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(
            Connection { box.withLockedValue { $0 } }
          )
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let upstream = ScriptedUpstream(channel, otherwise)
    box.withLockedValue { $0 = upstream }
    return upstream
  }

  private init(_ channel: any Channel, _ otherwise: @escaping @Sendable (Request) -> [Step]) {
    self.channel = channel
    self.otherwise = otherwise
  }

  /// May have been stopped before, as a part of what is tested.
  func stop() async throws { try? await channel.close().get() }

  var base: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

  var requests: [Request] { state.withLockedValue { $0.requests } }

  /// How many connections ended in the midst of an answer, as seen from here.
  var cut: Int { state.withLockedValue { $0.closed } }

  /// The answer to the next request, and the one after it, and so on.
  func script(_ scripts: [Step]...) {
    state.withLockedValue { $0.scripts += scripts }
  }

  /// Returns when so many requests have come.
  func received(_ count: Int) async throws {
    let promise = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Void.self)
    let isThere = state.withLockedValue { state in
      if state.requests.count >= count { return true }
      state.waiters.append((count, promise))
      return false
    }
    if isThere { promise.succeed() }
    try await promise.futureResult.get()
  }

  fileprivate func steps(for request: Request) -> [Step] {
    let (steps, ready) = state.withLockedValue { state in
      state.requests.append(request)
      let count = state.requests.count
      let ready = state.waiters.filter { $0.0 <= count }.map(\.1)
      state.waiters.removeAll { $0.0 <= count }
      return (state.scripts.isEmpty ? nil : state.scripts.removeFirst(), ready)
    }
    for promise in ready { promise.succeed() }
    return steps ?? otherwise(request)
  }

  fileprivate func noteCut() { state.withLockedValue { $0.closed += 1 } }

  private final class Connection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let upstream: () -> ScriptedUpstream?
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    private var isAnswering = false

    init(_ upstream: @escaping () -> ScriptedUpstream?) {
      self.upstream = upstream
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        self.head = head
        body.clear()
      case .body(var buffer): body.writeBuffer(&buffer)
      case .end:
        guard let head, let upstream = upstream() else { return }
        let request = Request(
          method: head.method.rawValue,
          path: head.uri,
          headers: head.headers,
          body: String(buffer: body)
        )
        isAnswering = true
        play(upstream.steps(for: request)[...], context)
      }
    }

    func channelInactive(context: ChannelHandlerContext) {
      if isAnswering { upstream()?.noteCut() }
      isAnswering = false
    }

    private func play(_ steps: ArraySlice<Step>, _ context: ChannelHandlerContext) {
      var steps = steps
      while let step = steps.popFirst() {
        switch step {
        case .head(let status, let fields):
          let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: status),
            headers: HTTPHeaders(fields)
          )
          context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        case .piece(let text):
          let buffer = ByteBuffer(string: text)
          context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        case .gate(let gate):
          let rest = steps
          let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
          gate.future.hop(to: context.eventLoop).whenComplete { _ in
            let (connection, context) = bound.value
            if context.channel.isActive { connection.play(rest, context) }
          }
          return
        case .breakOff:
          isAnswering = false
          context.close(promise: nil)
          return
        case .silence: return
        }
      }
      isAnswering = false
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}

extension ScriptedUpstream {
  /// A JSON answer.
  static func json(
    _ text: String,
    status: Int = 200,
    headers: [(String, String)] = []
  ) -> [Step] {
    [.head(status, [("content-type", "application/json")] + headers), .piece(text)]
  }

  static let eventHead = Step.head(200, [("content-type", "text/event-stream")])

  static func chunk(_ text: String, finish: String? = nil) -> String {
    let end = finish.map { "\"\($0)\"" } ?? "null"
    let delta = finish == nil ? #"{"content":"\#(text)"}"# : "{}"
    return #"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"#
      + #""index":0,"delta":\#(delta),"finish_reason":\#(end)}]}"# + "\n\n"
  }

  static func usageChunk(input: Int, output: Int) -> String {
    #"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage""#
      + #":{"prompt_tokens":\#(input),"completion_tokens":\#(output),"total_tokens":0}}"# + "\n\n"
  }

  static let done = "data: [DONE]\n\n"

  /// A whole answer in OpenAI's words.
  static func chat(_ text: String, input: Int = 7, output: Int = 3) -> String {
    #"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":"#
      + #"{"role":"assistant","content":"\#(text)"},"finish_reason":"stop"}],"usage":{"#
      + #""prompt_tokens":\#(input),"completion_tokens":\#(output),"total_tokens":0}}"#
  }

  static func anthropic(_ text: String, input: Int = 7, output: Int = 3) -> String {
    #"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","#
      + #""text":"\#(text)"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"#
      + #""input_tokens":\#(input),"output_tokens":\#(output)}}"#
  }

  /// In the dialect of the path, as a stream where one was asked for.
  static func answer(_ request: Request) -> [Step] {
    if request.path.hasPrefix("/v1/messages") { return json(anthropic("hello")) }
    if request.path.hasSuffix("/embeddings") {
      return json(
        #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"model":"m","#
          + #""usage":{"prompt_tokens":4,"total_tokens":4}}"#
      )
    }
    guard request.body.contains(#""stream":true"#) else { return json(chat("hello")) }
    return [
      eventHead, .piece(chunk("hel")), .piece(chunk("lo")), .piece(chunk("", finish: "stop")),
      .piece(usageChunk(input: 7, output: 3)), .piece(done),
    ]
  }
}
