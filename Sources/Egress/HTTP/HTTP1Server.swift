import NIOCore
import NIOHTTP1

/// The run's end of a connection that speaks HTTP/1.1: reads requests one after the other, only as
/// fast as they can be sent on, and writes their answers.
final class HTTP1Server: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  enum Input {
    case head
    case body(UInt64)
    case chunked(ChunkReader)
    /// The request was read whole; its answer is awaited.
    case complete
    case over
  }

  enum AnswerFraming { case none, length, chunked, untilClose }

  let scope: ConnectionScope
  private var parser: HeadParser
  var input: Input = .head
  var pending = ByteBuffer()
  var context: ChannelHandlerContext?
  var exchange: Exchange?
  var request: RequestHead?
  var wantsBody = false
  /// The answer came before the request's body was read: the rest is thrown away.
  private var drained: Int?
  private var isProcessing = false
  private var isReading = false
  var owesContinue = false
  var closesAfter = false
  var out = ByteBuffer()
  var framing: AnswerFraming = .none
  var watch: IdleWatch?

  init(_ scope: ConnectionScope) {
    self.scope = scope
    parser = HeadParser(bounds: scope.office.bounds.head)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    watch = IdleWatch(scope.office.bounds.headTime, on: context.eventLoop) { [weak self] in
      self?.shut()
    }
    if context.channel.isActive { readIfNeeded() }
  }

  func handlerRemoved(context: ChannelHandlerContext) { leave() }

  func channelActive(context: ChannelHandlerContext) {
    readIfNeeded()
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { shut() }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent {
      // Whoever has said everything may still want the answer.
      if case .complete = input, exchange != nil { closesAfter = true } else { shut() }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    if pending.readableBytes == 0 { pending = bytes } else { pending.writeBuffer(&bytes) }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    watch?.touch()
    process()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      watch?.touch()
      exchange?.askerIsWritable()
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: Reading

  func process() {
    guard !isProcessing, context != nil else { return }
    isProcessing = true
    while step() {}
    isProcessing = false
    readIfNeeded()
  }

  /// One step of reading; false where more bytes, or someone else, must come first.
  private func step() -> Bool {
    do throws(HeadProblem) {
      switch input {
      case .head:
        guard exchange == nil, let head = try parser.parse(&pending) else { return false }
        begin(head)
        return true
      case .body(let left):
        guard takesBody, pending.readableBytes > 0,
          let piece = pending.readSlice(length: Int(min(left, UInt64(pending.readableBytes))))
        else { return false }
        let rest = left - UInt64(piece.readableBytes)
        input = rest == 0 ? .complete : .body(rest)
        deliver(piece)
        return true
      case .chunked(var reader):
        guard takesBody else { return false }
        let piece = try reader.next(&pending)
        input = reader.isDone ? .complete : .chunked(reader)
        guard piece != nil || reader.isDone else { return false }
        deliver(piece)
        return true
      case .complete, .over:
        return false
      }
    } catch {
      refuse(error)
      return false
    }
  }

  private var takesBody: Bool { wantsBody || drained != nil }

  private func begin(_ head: RequestHead) {
    request = head
    switch head.framing {
    case .none: input = .complete
    case .length(let length): input = .body(length)
    case .chunked: input = .chunked(ChunkReader())
    }
    owesContinue = head.expectsContinue
    closesAfter = !head.isPersistent || scope.flow.way == .absolute
    watch?.setLimit(scope.office.bounds.bodyTime)
    let exchange = Exchange(head, scope: scope, asker: self)
    self.exchange = exchange
    exchange.begin()
  }

  private func deliver(_ piece: ByteBuffer?) {
    let isLast: Bool
    if case .complete = input { isLast = true } else { isLast = false }
    if let sum = drained {
      drained = sum + (piece?.readableBytes ?? 0)
      if isLast { next() } else if sum > scope.office.bounds.drained { shut() }
      return
    }
    wantsBody = false
    guard let exchange else { return }
    if let piece { exchange.body(piece) }
    if isLast { exchange.bodyEnd() }
  }

  private func readIfNeeded() {
    guard !isReading, let context else { return }
    switch input {
    case .head where exchange == nil: break
    // Read on, so that a run that went away is noticed.
    case .complete where pending.readableBytes < 64 << 10: break
    case .body where takesBody, .chunked where takesBody: break
    default: return
    }
    isReading = true
    context.read()
  }

  /// After an answer: the rest of its request is thrown away, or the next one read.
  func answered() {
    exchange = nil
    wantsBody = false
    if closesAfter { return closeWhenWritten() }
    if case .complete = input { next() } else { drained = 0 }
    process()
  }

  private func next() {
    drained = nil
    request = nil
    input = .head
    watch?.setLimit(scope.office.bounds.headTime)
  }

  // MARK: Ending

  private func refuse(_ problem: HeadProblem) {
    // Nobody can tell where the next request would begin.
    input = .over
    closesAfter = true
    if drained != nil { return shut() }
    if let exchange { return exchange.bodyIsMalformed(problem) }
    let refusal = Refusal(.malformed, rule: Refusal.ambiguous, reason: problem.reason)
    scope.noteMalformed(refusal, status: problem.status)
    let page = DenialPage(refusal, status: problem.status, to: nil)
    answer(page.head)
    answerBody(page.body)
    answerEnd(nil)
  }

  private func closeWhenWritten() {
    input = .over
    guard let context else { return }
    let context2 = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(out)).whenComplete { _ in
      context2.value.close(promise: nil)
    }
    out = ByteBuffer()
  }

  func shut() {
    input = .over
    context?.close(promise: nil)
  }

  private func leave() {
    watch?.cancel()
    watch = nil
    context = nil
    let exchange = self.exchange
    self.exchange = nil
    exchange?.askerIsGone()
  }
}
