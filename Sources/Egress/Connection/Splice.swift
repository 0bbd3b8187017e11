import NIOCore

/// Passes bytes between two channels of one event loop as they come: no faster than the slower side
/// takes them, each direction with an end of its own.
final class Splice {
  struct Totals: Sendable {
    var sent: UInt64 = 0
    var received: UInt64 = 0
    /// Why the connection was ended from here, where it was.
    var ending: String?
    var refusal: Refusal?
  }

  private(set) var totals = Totals()
  private let inner: Half
  private let outer: Half
  private let idle: TimeAmount
  private let deadline: NIODeadline
  private let budget: ((Int) -> Bool)?
  private var firstLine = FirstLine()
  private var lastActivity = NIODeadline.now()
  private var openHalves = 2
  private var timer: Scheduled<Void>?
  private var onEnd: ((Totals) -> Void)?

  /// - Parameters:
  ///   - budget: books bytes that the run sends, and says whether it may go on.
  ///   - onEnd: called once, when both channels are closed.
  init(
    idle: TimeAmount,
    total: TimeAmount,
    budget: ((Int) -> Bool)?,
    onEnd: @escaping (Totals) -> Void
  ) {
    self.idle = idle
    self.budget = budget
    deadline = .now() + total
    self.onEnd = onEnd
    inner = Half()
    outer = Half()
    inner.partner = outer
    outer.partner = inner
    inner.splice = self
    outer.splice = self
    inner.isInner = true
  }

  /// Sets the halves up; both channels are on this event loop and have `autoRead` off.
  func join(_ run: any Channel, _ world: any Channel) throws {
    try run.pipeline.syncOperations.addHandler(inner)
    try world.pipeline.syncOperations.addHandler(outer)
    schedule(on: run.eventLoop, after: min(idle, deadline - .now()))
    inner.start()
    outer.start()
  }

  /// Lets go of the run's channel and of the world, where neither has said anything.
  func leave() -> Bool {
    guard totals.sent == 0, totals.received == 0, openHalves == 2 else { return false }
    onEnd = nil
    timer?.cancel()
    inner.leave()
    outer.close()
    return true
  }

  /// Whether bytes that were read from a side may go on to the other.
  fileprivate func count(_ read: ByteBuffer, isInner: Bool) -> Bool {
    let bytes = read.readableBytes
    lastActivity = .now()
    guard isInner else {
      totals.received += UInt64(bytes)
      return true
    }
    firstLine.read(read.readableBytesView)
    guard firstLine.reading != .request else {
      totals.refusal = Refusal(
        .malformed,
        rule: Opening.rule,
        reason: "what was passed on unread turned out to be a request"
      )
      end("it turned out to be a request")
      return false
    }
    if let budget, !budget(bytes) {
      end("the budget of bytes that may be sent there is used up")
      return false
    }
    totals.sent += UInt64(bytes)
    return true
  }

  private func end(_ reason: String) {
    totals.ending = totals.ending ?? reason
    inner.close()
    outer.close()
  }

  fileprivate func halfEnded() {
    openHalves -= 1
    guard openHalves == 0 else { return }
    timer?.cancel()
    inner.partner = nil
    outer.partner = nil
    inner.splice = nil
    outer.splice = nil
    onEnd?(totals)
    onEnd = nil
  }

  private func schedule(on eventLoop: any EventLoop, after delay: TimeAmount) {
    timer = eventLoop.assumeIsolated().scheduleTask(in: delay) { [self] in
      let now = NIODeadline.now()
      let quiet = now - lastActivity
      if now >= deadline {
        end("it was open for as long as a connection may be")
      } else if quiet >= idle {
        end("nothing was said for \(idle.nanoseconds / 1_000_000_000) seconds")
      } else {
        schedule(on: eventLoop, after: min(idle - quiet, deadline - now))
      }
    }
  }

  /// One end of the splice: what it reads, its partner writes.
  fileprivate final class Half: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    var partner: Half?
    var splice: Splice?
    var isInner = false
    private var context: ChannelHandlerContext?
    private var isInputEnded = false
    private var isOutputEnded = false
    /// The partner could not take what was read; it asks when it can again.
    private var isPaused = false
    private var isEnded = false

    func handlerAdded(context: ChannelHandlerContext) {
      self.context = context
      if !context.channel.isActive { end() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
      self.context = nil
      // A channel that is closed before it was said to be active never says that it is not.
      end()
    }

    func start() {
      guard let partner else { return }
      if isEnded { partner.finish(closing: true) } else { context?.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      guard splice?.count(bytes, isInner: isInner) ?? false else { return }
      partner?.write(bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
      partner?.context?.flush()
      readOn()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
      if context.channel.isWritable { partner?.resume() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      guard case ChannelEvent.inputClosed? = event as? ChannelEvent else { return }
      isInputEnded = true
      partner?.finish(closing: false)
      closeIfDone()
    }

    func channelInactive(context: ChannelHandlerContext) {
      end()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }

    func close() { context?.close(promise: nil) }

    func leave() {
      isEnded = true
      partner?.partner = nil
      partner?.splice = nil
      partner = nil
      splice = nil
      context?.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func end() {
      guard !isEnded else { return }
      isEnded = true
      let (partner, splice) = (partner, splice)
      partner?.finish(closing: true)
      splice?.halfEnded()
    }

    private func write(_ bytes: ByteBuffer) {
      context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    private func readOn() {
      guard let partner, !isInputEnded else { return }
      if partner.context?.channel.isWritable ?? false {
        context?.read()
      } else {
        isPaused = true
      }
    }

    private func resume() {
      guard isPaused else { return }
      isPaused = false
      readOn()
    }

    /// Ends the direction out of this half once what was written has gone.
    private func finish(closing: Bool) {
      guard let context, !isEnded else { return }
      guard closing || !isOutputEnded else { return }
      isOutputEnded = true
      let empty = wrapOutboundOut(ByteBuffer())
      context.writeAndFlush(empty).assumeIsolated().whenComplete { [self] _ in
        guard let context = self.context, !isEnded else { return }
        if closing || isInputEnded {
          context.close(promise: nil)
        } else {
          context.close(mode: .output, promise: nil)
        }
      }
    }

    private func closeIfDone() {
      // An output that has ended closes the channel itself, once its bytes have gone.
      guard isInputEnded, isOutputEnded, let context else { return }
      let empty = wrapOutboundOut(ByteBuffer())
      context.writeAndFlush(empty).assumeIsolated().whenComplete { _ in
        context.close(promise: nil)
      }
    }
  }
}
