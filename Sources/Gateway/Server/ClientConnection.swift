import Dialects
import NIOCore
import NIOHTTP1

/// One connection of a client: reads requests one after another, and writes their answers.
///
/// While a request is being answered the next one waits; that its client has gone is noticed all the
/// same, since bytes are read on. Used on one event loop.
final class ClientConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private enum Stage {
    case idle
    /// Until so late.
    case reading(HTTPRequestHead, until: NIODeadline)
    /// The request is refused already; what is left of it is thrown away.
    case discarding
    case answering(Exchange?)
  }

  private let gateway: Gateway
  private var context: ChannelHandlerContext?
  private var stage = Stage.idle
  private var head: HTTPRequestHead?
  /// Of the request that is being read; by itself, so that it grows in place.
  private var body: [UInt8] = []
  /// Parts of requests that came while one was being answered.
  private var early: CircularBuffer<HTTPServerRequestPart> = []
  private var earlyBytes = 0
  private var isFlushDue = false
  private var hasBegun = false
  /// Bytes of the answer that were written since the last one had gone.
  private var written = 0
  private var isGoing = false
  private(set) var lastActivity: NIODeadline

  /// What is kept of requests that come early; then nothing is read until it is their turn.
  private static let mostEarly = 65_536
  /// How long a request may take to come.
  private static let patience: TimeAmount = .seconds(120)
  /// Beyond this it is looked at whether an answer has gone, before the connection counts as idle.
  private static let large = 65_536

  init(_ gateway: Gateway) {
    self.gateway = gateway
    lastActivity = gateway.now()
  }

  // MARK: - What comes

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    gateway.connections += 1
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    gateway.connections -= 1
    dropBody()
    self.context = nil
  }

  private func dropBody() {
    gateway.buffered -= body.count
    body = []
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lastActivity = gateway.now()
    let part = unwrapInboundIn(data)
    if case .answering = stage { return keep(part) }
    if !early.isEmpty { return keep(part) }
    receive(part)
  }

  private func keep(_ part: HTTPServerRequestPart) {
    early.append(part)
    if case .body(let buffer) = part {
      earlyBytes += buffer.readableBytes
    } else {
      earlyBytes += 512
    }
    guard earlyBytes > Self.mostEarly, let context else { return }
    context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
  }

  private func receive(_ part: HTTPServerRequestPart) {
    switch (part, stage) {
    case (.head(let head), .idle): begin(head)
    case (.body(let buffer), .reading(let head, _)): gather(buffer, head)
    case (.end, .reading(let head, _)):
      let request = ClientRequest(head: head, body: body)
      dropBody()
      stage = .answering(nil)
      handle(request)
    case (.end, .discarding): context?.close(promise: nil)
    default: break
    }
  }

  private func gather(_ buffer: ByteBuffer, _ head: HTTPRequestHead) {
    guard body.count + buffer.readableBytes <= gateway.largestBody else { return refuse(tooLarge) }
    guard gateway.buffered + buffer.readableBytes <= Gateway.mostBuffered else {
      var error = ProviderError(.overloaded, "too much is being sent at once")
      error.retryAfter = 1
      return refuse(error)
    }
    body.append(contentsOf: buffer.readableBytesView)
    gateway.buffered += buffer.readableBytes
  }

  private func begin(_ head: HTTPRequestHead) {
    self.head = head
    hasBegun = false
    let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
    guard length <= gateway.largestBody else { return refuse(tooLarge) }
    // Of what follows such a head nothing more is read as HTTP.
    guard !head.headers.contains(name: "upgrade"), head.method != .CONNECT else {
      return refuse(ProviderError(.invalidRequest, "nothing but HTTP/1.1 is spoken here"))
    }
    do throws(ProviderError) {
      // Before the body is taken: nobody without a key fills the memory.
      try gateway.admit(head)
    } catch { return refuse(error) }
    if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
      let go = HTTPResponseHead(version: head.version, status: .continue)
      context?.writeAndFlush(wrapOutboundOut(.head(go)), promise: nil)
    }
    body.reserveCapacity(min(length, 1 << 20))
    stage = .reading(head, until: gateway.now() + Self.patience)
  }

  private var tooLarge: ProviderError {
    ProviderError(
      .tooLarge,
      "the request is larger than \(gateway.largestBody) bytes; see limits.body in gateway.yaml"
    )
  }

  /// What is left of the request is read to its end: who still writes would not see the answer
  /// otherwise.
  private func refuse(_ error: ProviderError) {
    guard let head else { return }
    dropBody()
    stage = .discarding
    respond(error, family: Self.family(of: head), headers: [("connection", "close")])
    // Nothing more comes of an upgrade, not even an end.
    if head.headers.contains(name: "upgrade") { closeSoon() }
  }

  private func closeSoon() {
    guard let context else { return }
    context.eventLoop.assumeIsolated().execute { self.context?.close(promise: nil) }
  }

  static func family(of head: HTTPRequestHead) -> Dialect.Family {
    Endpoint.family(
      of: head.uri,
      speaksAnthropic: head.headers.contains(name: "anthropic-version")
    )
  }

  func channelInactive(context: ChannelHandlerContext) {
    if case .answering(let exchange?) = stage { exchange.clientGone() }
    stage = .idle
    self.context = nil
    context.fireChannelInactive()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    lastActivity = gateway.now()
    if context.channel.isWritable, case .answering(let exchange?) = stage {
      exchange.clientWritable()
    }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard error is HTTPParserError, case .idle = stage else {
      return context.close(promise: nil)
    }
    let message = ProviderError(.invalidRequest, "this is no HTTP request")
    head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")
    respond(message, family: .openAI, headers: [("connection", "close")])
    context.close(promise: nil)
  }

  /// Whether it has been waiting for the client for so long.
  func isIdle(before deadline: NIODeadline) -> Bool {
    switch stage {
    case .answering: false
    case .reading(_, let until): gateway.now() > until || lastActivity < deadline
    case .idle, .discarding: !isGoing && lastActivity < deadline
    }
  }

  /// Whether it is there for the next request and nothing else.
  var isUnused: Bool {
    if case .idle = stage { !isGoing } else { false }
  }

  func close() {
    context?.close(promise: nil)
  }

  // MARK: - What is asked

  private func handle(_ request: ClientRequest) {
    do throws(ProviderError) {
      if let exchange = try gateway.handle(request, from: self) {
        stage = .answering(exchange)
        exchange.start()
      }
    } catch {
      respond(error, family: Self.family(of: request.head))
    }
  }

  // MARK: - What goes

  var isWritable: Bool { context?.channel.isWritable ?? false }

  func begin(_ head: SpooledHead) {
    var headers = HTTPHeaders()
    headers.reserveCapacity(6)
    headers.add(name: "content-type", value: head.contentType)
    if let length = head.length {
      headers.add(name: "content-length", value: "\(length)")
    } else {
      headers.add(name: "cache-control", value: "no-cache")
    }
    for (name, value) in head.headers { headers.add(name: name, value: value) }
    start(HTTPResponseStatus(statusCode: head.status), headers)
  }

  private func start(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) {
    guard let context, let head else { return }
    hasBegun = true
    var headers = headers
    if !head.isKeepAlive { headers.replaceOrAdd(name: "connection", value: "close") }
    // In its own version: before 1.1 nobody knows chunks.
    let response = HTTPResponseHead(version: head.version, status: status, headers: headers)
    context.write(wrapOutboundOut(.head(response)), promise: nil)
  }

  func write(_ bytes: ArraySlice<UInt8>) {
    guard let context, !bytes.isEmpty else { return }
    written += bytes.count
    let buffer = ByteBuffer(bytes: bytes)
    context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
    flushSoon(context)
  }

  /// Once for all pieces that one read of the upstream brings.
  private func flushSoon(_ context: ChannelHandlerContext) {
    guard !isFlushDue else { return }
    isFlushDue = true
    context.eventLoop.assumeIsolated().execute {
      self.isFlushDue = false
      self.context?.flush()
    }
  }

  func finish() {
    guard let context, let head else { return }
    lastActivity = gateway.now()
    if written > Self.large || !head.isKeepAlive {
      finishSlowly(context, closes: !head.isKeepAlive)
    } else {
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
    written = 0
    // What is thrown away is thrown away to its end.
    if case .discarding = stage { return }
    stage = .idle
    guard !early.isEmpty, head.isKeepAlive else { return }
    // Not within the call that has just ended.
    context.eventLoop.assumeIsolated().execute { self.takeEarly() }
  }

  /// The connection stays until all of the answer has gone.
  private func finishSlowly(_ context: ChannelHandlerContext, closes: Bool) {
    isGoing = true
    let gone = context.eventLoop.makePromise(of: Void.self)
    gone.futureResult.assumeIsolated().whenComplete { _ in
      self.isGoing = false
      self.lastActivity = self.gateway.now()
      if closes { self.context?.close(promise: nil) }
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: gone)
  }

  private func takeEarly() {
    // One was taken meanwhile, and takes the others at its own end.
    if case .answering = stage { return }
    while let part = early.popFirst() {
      receive(part)
      if case .answering = stage { break }
    }
    guard early.isEmpty else { return }
    earlyBytes = 0
    context?.channel.setOption(.autoRead, value: true).whenFailure { _ in }
  }

  /// Ends an answer so that nobody takes it for whole.
  func abort() {
    context?.flush()
    context?.close(promise: nil)
  }

  func respond(
    status: Int,
    contentType: String = "application/json",
    headers: [(String, String)] = [],
    body: [UInt8]
  ) {
    let head = SpooledHead(
      status: status,
      contentType: contentType,
      length: body.count,
      headers: headers
    )
    begin(head)
    if self.head?.method != .HEAD { write(body[...]) }
    finish()
  }

  func respond(
    _ error: ProviderError,
    family: Dialect.Family,
    headers: [(String, String)] = []
  ) {
    var headers = headers
    if let seconds = error.retryAfter {
      headers.append(("retry-after", "\(Int(seconds.rounded(.up)))"))
    }
    // Clients that try again by themselves ask this first.
    if error.status == 409 || error.kind == .budget {
      headers.append(("x-should-retry", "false"))
    }
    // Clients show it in what they say of an error.
    let id = gateway.requestID()
    headers.append((family == .anthropic ? "request-id" : "x-request-id", id))
    respond(
      status: error.clientStatus,
      headers: headers,
      body: ErrorShape.body(error, of: family, requestID: id)
    )
  }
}
