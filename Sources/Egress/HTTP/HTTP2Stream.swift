import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2

/// The run's end of one request of HTTP/2.
final class HTTP2Stream: ChannelInboundHandler, Asker {
  typealias InboundIn = HTTP2Frame.FramePayload
  typealias OutboundOut = HTTP2Frame.FramePayload

  private let scope: ConnectionScope
  private let server: HTTP2Server
  private var context: ChannelHandlerContext?
  private var number: HTTP2StreamID?
  private var exchange: Exchange?
  private var hasBegun = false
  private var queue = CircularBuffer<ByteBuffer>()
  private var isWhole = false
  private var wantsBody = false
  private var isProcessing = false
  private var owesContinue = false
  private var hasEnded = false
  private var isOpen = false
  private var hasPlace = false
  private var drained = 0

  init(_ scope: ConnectionScope, _ server: HTTP2Server) {
    self.scope = scope
    self.server = server
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    isOpen = true
    number = try? context.channel.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID)
    server.streamOpened()
    if context.channel.isActive { context.read() }
  }

  func handlerRemoved(context: ChannelHandlerContext) { leave() }

  func channelActive(context: ChannelHandlerContext) {
    context.read()
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .headers(let headers):
      if hasBegun {
        // Trailers are dropped.
        isWhole = isWhole || headers.endStream
      } else {
        hasBegun = true
        isWhole = headers.endStream
        begin(headers)
      }
    case .data(let data):
      server.pieceTaken(number)
      if case .byteBuffer(let bytes) = data.data, bytes.readableBytes > 0 {
        if exchange == nil { drained += bytes.readableBytes } else { queue.append(bytes) }
      }
      isWhole = isWhole || data.endStream
    default:
      break
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    process()
    if exchange == nil, hasBegun { drain() }
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { exchange?.askerIsWritable() }
    context.fireChannelWritabilityChanged()
  }

  private func begin(_ headers: HTTP2Frame.FramePayload.Headers) {
    do throws(HeadProblem) {
      let head = try RequestHead(
        headers.headers,
        isWhole: isWhole,
        scheme: scope.scheme,
        bounds: scope.office.bounds.head
      )
      hasPlace = scope.office.takeStream()
      guard hasPlace else { return refuse(.streams(scope.office.bounds.allStreams), status: 503) }
      owesContinue = head.expectsContinue
      let exchange = Exchange(head, scope: scope, asker: self)
      self.exchange = exchange
      exchange.begin()
    } catch {
      let refusal = Refusal(.malformed, rule: Refusal.ambiguous, reason: error.reason)
      refuse(refusal, status: error.status)
    }
  }

  private func refuse(_ refusal: Refusal, status: Int) {
    scope.noteMalformed(refusal, status: status)
    let page = DenialPage(refusal, status: status, to: nil)
    answer(page.head)
    answerBody(page.body)
    answerEnd(nil)
  }

  private func process() {
    guard !isProcessing else { return }
    isProcessing = true
    while wantsBody, let exchange, let piece = queue.popFirst() {
      wantsBody = false
      exchange.body(piece)
    }
    if queue.isEmpty, isWhole, let exchange, !exchange.bodyIsWhole { exchange.bodyEnd() }
    isProcessing = false
    if wantsBody || exchange != nil && isWhole { context?.read() }
  }

  private func leave() {
    context = nil
    if isOpen {
      isOpen = false
      server.streamClosed(number)
    }
    if hasPlace {
      hasPlace = false
      scope.office.giveStream()
    }
    let exchange = self.exchange
    self.exchange = nil
    exchange?.askerIsGone()
  }

  // MARK: Asker

  var isWritable: Bool { context?.channel.isWritable ?? false }

  func wantBody() {
    wantsBody = true
    process()
  }

  func goAhead() {
    guard owesContinue else { return }
    owesContinue = false
    write([":status": "100"], endStream: false)
    context?.flush()
  }

  func answer(_ head: AnswerHead) {
    var headers = HPACKHeaders()
    headers.reserveCapacity(head.headers.count + 2)
    headers.add(name: ":status", value: String(head.status.code))
    for (name, value) in head.headers { headers.add(name: name.lowercased(), value: value) }
    if let length = head.length { headers.add(name: "content-length", value: String(length)) }
    hasEnded = !head.mayHaveBody
    write(headers, endStream: hasEnded)
  }

  private func write(_ headers: HPACKHeaders, endStream: Bool) {
    let payload = HTTP2Frame.FramePayload.Headers(headers: headers, endStream: endStream)
    context?.write(wrapOutboundOut(.headers(payload)), promise: nil)
  }

  func answerBody(_ bytes: ByteBuffer) {
    guard !hasEnded, bytes.readableBytes > 0 else { return }
    context?.write(wrapOutboundOut(.data(.init(data: .byteBuffer(bytes)))), promise: nil)
  }

  func answerEnd(_ trailers: HTTPHeaders?) {
    if !hasEnded {
      hasEnded = true
      if let trailers, !trailers.isEmpty {
        var headers = HPACKHeaders()
        for (name, value) in trailers where !name.hasPrefix(":") {
          headers.add(name: name.lowercased(), value: value)
        }
        write(headers, endStream: true)
      } else {
        let end = HTTP2Frame.FramePayload.Data(data: .byteBuffer(ByteBuffer()), endStream: true)
        context?.write(wrapOutboundOut(.data(end)), promise: nil)
      }
    }
    exchange = nil
    queue.removeAll()
    context?.flush()
    drain()
  }

  /// The rest of a body after its answer is thrown away: not every client stops when told to.
  private func drain() {
    guard !isWhole, let context else { return }
    if drained <= scope.office.bounds.drained {
      context.read()
    } else {
      context.writeAndFlush(wrapOutboundOut(.rstStream(.noError)), promise: nil)
    }
  }

  func flushAnswer() { context?.flush() }

  func abort() { context?.close(promise: nil) }

  func becomeTunnel(_ head: AnswerHead) -> TunnelEnd? { nil }
}

extension Refusal {
  fileprivate static func streams(_ count: Int) -> Refusal {
    Refusal(.limit, rule: bounds, reason: "\(count) requests of HTTP/2 are under way already")
  }
}
