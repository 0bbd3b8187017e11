import NIOCore
import Policy

/// Holds back what a client says on an accepted connection until it is known where it wants to go
/// and whether it may, and then leads it on: to the world, to the server that looks into what is
/// said, or to its refusal.
final class Doorkeeper: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  enum Stage {
    case proxy
    case shared(pattern: String, only: String?)
    case place(Flow, Admission)
    case literal(Flow)
    /// A person is asked, and nothing is read meanwhile.
    case asked(Flow)
    /// Somebody else answers; what still comes in is theirs once they are ready.
    case handedOver
    case ended
  }

  enum Passage {
    case none, dialing, joined
  }

  let entrance: Entrance
  let number: UInt64
  let isProxy: Bool
  var stage = Stage.ended
  private var passage = Passage.none
  private var splice: Splice?
  private var transport: String?
  var held = ByteBuffer()
  private(set) var isInputEnded = false
  var port: UInt16 = 0
  private var timer: Scheduled<Void>?
  private var openingTimer: Scheduled<Void>?

  init(_ entrance: Entrance, number: UInt64, isProxy: Bool) {
    self.entrance = entrance
    self.number = number
    self.isProxy = isProxy
  }

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    guard let (destination, port) = entrance.destination(of: context.channel, isProxy: isProxy)
    else { return end(context) }
    self.port = port
    switch destination {
    case .proxy:
      stage = .proxy
      wait(entrance.limits.unused, context) { $0.end($1) }
    case .literal(let address):
      let flow = Flow(host: address, port: port, way: .direct, id: number)
      stage = .literal(flow)
      note(flow, Self.literalRefusal(flow))
      wait(entrance.limits.unused, context) { $0.end($1) }
    case .meaning(.name(let host)):
      enter(Flow(host: host, port: port, way: .direct, id: number), context)
    case .meaning(.shared(let pattern, let only)):
      stage = .shared(pattern: pattern.text, only: only)
      wait(entrance.limits.silence, context) { $0.takeForOnly($1) }
    }
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .ended = stage { return }
    var bytes = unwrapInboundIn(data)
    held.writeBuffer(&bytes)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    evaluate(context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    isInputEnded = true
    evaluate(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    stage = .ended
    stopTimers()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  // MARK: Where it goes

  func evaluate(_ context: ChannelHandlerContext) {
    let bytes = Array(held.readableBytesView)
    switch stage {
    case .proxy:
      readProxy(bytes, context)
    case .shared(let pattern, let only):
      switch Opening.name(bytes, below: pattern) {
      case .more: more(context)
      case .name(let host): enterShared(host, pattern, context)
      case .none:
        guard let only else { return refuse(Self.namelessRefusal(pattern), context) }
        enterShared(only, pattern, context)
      case .refused(let refusal): refuse(refusal, context)
      }
    case .place(let flow, .passed(let rule)):
      switch Opening.judge(bytes, host: flow.host, isPassed: true) {
      case .more: more(context)
      case .plain: passPlain(flow, rule, bytes, context)
      case .tls: pass(flow, rule, "tls", context)
      case .refused(let refusal): refuse(refusal, context)
      }
    case .place(let flow, .inspected):
      switch Opening.judge(bytes, host: flow.host, isPassed: false) {
      case .more: more(context)
      case .plain: handOver(flow, sni: nil, context)
      case .tls(let name): handOver(flow, sni: name, context)
      case .refused(let refusal): refuse(refusal, context)
      }
    case .place(let flow, .denied(let rule, let remedy)):
      evaluateDenied(flow, Self.refusal(flow, rule, remedy), bytes, context)
    case .literal(let flow):
      evaluateDenied(flow, Self.literalRefusal(flow), bytes, context)
    case .asked, .handedOver:
      break
    case .ended:
      if isInputEnded { end(context) } else { context.read() }
    }
  }

  private func enterShared(_ host: String, _ pattern: String, _ context: ChannelHandlerContext) {
    stopTimers()
    let flow = Flow(host: host, port: port, way: .direct, id: number)
    guard let written = try? HostPattern(parsing: pattern), written.matches(host) else {
      let reason = "a connection to \(pattern) asks for \(host)"
      let refusal = Refusal(.denied, rule: Opening.rule, reason: reason)
      return refuse(refusal, about: flow, context)
    }
    enter(flow, context)
    evaluate(context)
  }

  /// Nothing has been said on an address that several names share.
  private func takeForOnly(_ context: ChannelHandlerContext) {
    guard case .shared(let pattern, let only) = stage, held.readableBytes == 0 else { return }
    guard let only else { return refuse(Self.namelessRefusal(pattern), context) }
    enterShared(only, pattern, context)
  }

  func admission(_ flow: Flow) -> Admission {
    entrance.policy.current.admit(host: flow.host, port: flow.port)
  }

  /// Goes on to a place whose name is known.
  func enter(_ flow: Flow, _ context: ChannelHandlerContext) {
    let admission = admission(flow)
    if case .denied = admission, ask(flow, context, then: { $0.enter(flow, $1) }) { return }
    stage = .place(flow, admission)
    switch admission {
    case .passed(let rule):
      guard entrance.registry.settle(number, on: .passed(flow)) else { return end(context) }
      // Where clients may speak first, a moment tells: a request is led elsewhere.
      let silence = Self.clientFirst.contains(flow.port) ? entrance.limits.silence : 0.02
      wait(silence, context) { $0.dial(flow, rule, $1) }
    case .inspected:
      wait(entrance.limits.unused, context) { $0.end($1) }
    case .denied(let rule, let remedy):
      note(flow, Self.refusal(flow, rule, remedy))
      wait(entrance.limits.unused, context) { $0.end($1) }
    }
  }

  /// Waits for a person's word on a place that nothing grants; false where there is none to wait for.
  func ask(
    _ flow: Flow,
    _ context: ChannelHandlerContext,
    then goOn: @escaping (Doorkeeper, ChannelHandlerContext) -> Void
  ) -> Bool {
    let place = Questions.Place(host: flow.host, port: flow.port)
    guard let answer = entrance.questions?.wait(for: place, on: context.eventLoop) else {
      return false
    }
    stopTimers()
    stage = .asked(flow)
    answer.assumeIsolated().whenComplete { [self] _ in
      guard case .asked = stage else { return }
      goOn(self, context)
      evaluate(context)
    }
    return true
  }

  /// Ports on which servers wait for the client to speak.
  private static let clientFirst: Set<UInt16> = [80, 443, 8080, 8443]

  private func evaluateDenied(
    _ flow: Flow,
    _ refusal: Refusal,
    _ bytes: [UInt8],
    _ context: ChannelHandlerContext
  ) {
    switch Opening.judge(bytes, host: flow.host, isPassed: false) {
    case .more:
      more(context)
    case .tls(let name):
      handOver(flow, sni: name, context)
    case .refused:
      answer(refusal, context)
    case .plain:
      guard let isRequest = HeadText.isRequest(bytes) else { return more(context) }
      if isRequest, case .place = stage {
        // Answered like any request that is denied, with its method and path in the audit.
        handOver(flow, sni: nil, context)
      } else {
        answer(refusal, context)
      }
    }
  }

  // MARK: On to the world

  /// Passes on what is no HTTP. Requests are judged even where all of them are granted: by the name
  /// that they are for they might reach what is not.
  private func passPlain(
    _ flow: Flow,
    _ rule: HostRule,
    _ bytes: [UInt8],
    _ context: ChannelHandlerContext
  ) {
    switch FirstLine(bytes).reading {
    case .request:
      guard splice?.leave() ?? true else { return refuse(Self.lateRequestRefusal(flow), context) }
      splice = nil
      handOver(flow, sni: nil, context)
    case .open where HeadText.isRequest(bytes) != false:
      more(context)
    case .open, .other:
      pass(flow, rule, "tcp", context)
    }
  }

  private func pass(
    _ flow: Flow,
    _ rule: HostRule,
    _ transport: String,
    _ context: ChannelHandlerContext
  ) {
    self.transport = transport
    stopTimers()
    switch passage {
    case .none: dial(flow, rule, context)
    case .dialing: break
    case .joined: release(context)
    }
  }

  private func dial(_ flow: Flow, _ rule: HostRule, _ context: ChannelHandlerContext) {
    guard case .none = passage else { return }
    passage = .dialing
    let started = NIODeadline.now()
    entrance.dialer.dial(flow, rule: rule, on: context.eventLoop) { channel in
      channel.setOption(.autoRead, value: false).flatMap {
        channel.setOption(.allowRemoteHalfClosure, value: true)
      }
    }.assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success(let channel):
        join(channel, flow, rule, started, context)
      case .failure(let error):
        guard case .place = stage else { return }
        let refusal =
          error as? Refusal
          ?? Refusal(.unreachable, rule: "upstream", reason: "\(flow.host): \(error)")
        refuse(refusal, about: flow, context)
      }
    }
  }

  private func join(
    _ channel: any Channel,
    _ flow: Flow,
    _ rule: HostRule,
    _ started: NIODeadline,
    _ context: ChannelHandlerContext
  ) {
    guard case .place = stage, context.channel.isActive else { return channel.close(promise: nil) }
    passage = .joined
    var row = Observation(
      .connection,
      .allowed,
      host: flow.host,
      port: flow.port,
      transport: "tcp",
      rule: rule.auditName
    )
    row.flow = flow.id
    row.way = flow.way.rawValue
    row.address = channel.remoteAddress?.bytes.map(AddressRange.text)
    let limits = entrance.limits
    var isOver = false
    let splice = Splice(
      idle: .milliseconds(Int64(limits.idle * 1_000)),
      total: .milliseconds(Int64(limits.total * 1_000)),
      budget: { [ledger = entrance.ledger] bytes in
        isOver = isOver || !ledger.book(bytes, for: rule)
        return !isOver
      }
    ) { [self, row] totals in
      var row = row
      row.transport = transport ?? "tcp"
      row.sent = totals.sent
      row.received = totals.received
      row.reason = totals.ending
      totals.refusal.map { row.deny($0) }
      if isOver { row.deny(Refusal(budgetOf: rule, host: flow.host)) }
      row.seconds = Double((NIODeadline.now() - started).nanoseconds) / 1e9
      entrance.audit.note(row)
    }
    self.splice = splice
    do {
      try splice.join(context.channel, channel)
    } catch {
      channel.close(promise: nil)
      return end(context)
    }
    if transport != nil { release(context) }
  }

  // MARK: On to whoever looks into it

  func handOver(_ flow: Flow, sni: String?, _ context: ChannelHandlerContext) {
    stopTimers()
    switch stage {
    case .place(_, .inspected), .place(_, .passed):
      guard entrance.registry.settle(number, on: .inspected(flow)) else { return end(context) }
    default:
      // A denial grants nothing that could be taken back.
      break
    }
    stage = .handedOver
    let first = held
    held = ByteBuffer()
    entrance.server.serve(
      context.channel,
      flow: flow,
      firstBytes: first,
      isTLS: sni != nil,
      sni: sni
    ).hop(to: context.eventLoop).assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success: release(context)
      case .failure: context.close(promise: nil)
      }
    }
  }

  /// Lets everything through that was held back, and steps aside.
  private func release(_ context: ChannelHandlerContext) {
    guard context.channel.isActive else { return }
    stopTimers()
    stage = .handedOver
    let bytes = held
    held = ByteBuffer()
    if bytes.readableBytes > 0 {
      context.fireChannelRead(wrapInboundOut(bytes))
      context.fireChannelReadComplete()
    }
    if isInputEnded { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  // MARK: Waiting

  func more(_ context: ChannelHandlerContext) {
    guard !isInputEnded else {
      // A client that asks for nothing but what the server has to say may stay.
      if case .place(let flow, .passed(let rule)) = stage, held.readableBytes == 0 {
        return pass(flow, rule, "tcp", context)
      }
      return end(context)
    }
    if held.readableBytes > 0, openingTimer == nil {
      openingTimer = schedule(entrance.limits.opening, context) { keeper, context in
        keeper.refuse(
          Refusal(.limit, rule: "limit: opening", reason: "a connection did not say what it wants"),
          context
        )
      }
    }
    context.read()
  }

  private func wait(
    _ seconds: Double,
    _ context: ChannelHandlerContext,
    _ action: @escaping (Doorkeeper, ChannelHandlerContext) -> Void
  ) {
    timer?.cancel()
    timer = schedule(seconds, context, action)
  }

  private func schedule(
    _ seconds: Double,
    _ context: ChannelHandlerContext,
    _ action: @escaping (Doorkeeper, ChannelHandlerContext) -> Void
  ) -> Scheduled<Void> {
    context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(seconds * 1_000))) {
      [weak self] in
      guard let self else { return }
      switch stage {
      case .handedOver, .ended: return
      default: action(self, context)
      }
    }
  }

  func stopTimers() {
    timer?.cancel()
    openingTimer?.cancel()
    timer = nil
    openingTimer = nil
  }

  func end(_ context: ChannelHandlerContext) {
    stage = .ended
    stopTimers()
    context.close(promise: nil)
  }
}
