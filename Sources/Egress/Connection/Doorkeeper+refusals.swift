import NIOCore
import Policy

extension Doorkeeper {
  /// Refuses what the client wants: in the audit, and to the client in the language that it speaks.
  func refuse(_ refusal: Refusal, about flow: Flow? = nil, _ context: ChannelHandlerContext) {
    note(flow ?? place, refusal)
    answer(refusal, context)
  }

  /// Says no to the client alone.
  func answer(_ refusal: Refusal, _ context: ChannelHandlerContext) {
    let bytes = Array(held.readableBytesView.prefix(16))
    var isSpoken = HeadText.isRequest(bytes) ?? false
    if case .proxy = stage { isSpoken = true }
    stage = .ended
    stopTimers()
    if isSpoken {
      write(DenialText.response(refusal), context)
    } else if let first = bytes.first, ClientHello.isBegunBy(first) {
      // A fatal alert: unrecognized_name, or internal_error where the name is not to blame.
      let alert: UInt8 = refusal.kind == .denied || refusal.kind == .malformed ? 112 : 80
      context.write(wrapOutboundOut(ByteBuffer(bytes: [21, 3, 1, 0, 2, 2, alert])), promise: nil)
    }
    // What the client still sends is read and dropped for a while: closing over it would take the
    // answer back.
    context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { [self] _ in
      guard context.channel.isActive, !isInputEnded else { return end(context) }
      context.close(mode: .output, promise: nil)
      context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [self] in end(context) }
      context.read()
    }
  }

  func write(_ text: String, _ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
  }

  func note(_ flow: Flow, _ refusal: Refusal) {
    var row = Observation(
      .connection,
      refusal.kind == .unreachable ? .failed : .denied,
      host: flow.host,
      port: flow.port,
      transport: "tcp",
      rule: refusal.rule
    )
    row.flow = flow.id
    row.way = flow.way.rawValue
    row.reason = refusal.reason
    row.remedy = refusal.remedy
    entrance.audit.note(row)
  }

  private var place: Flow {
    switch stage {
    case .place(let flow, _), .literal(let flow), .asked(let flow): flow
    case .shared(let pattern, _): unknown(pattern)
    case .proxy, .handedOver, .ended: unknown("")
    }
  }

  private func unknown(_ host: String) -> Flow {
    Flow(host: host, port: port, way: isProxy ? .absolute : .direct, id: number)
  }

  static func refusal(_ flow: Flow, _ rule: String, _ remedy: String?) -> Refusal {
    let reason = "nothing grants \(flow.host) on port \(flow.port)"
    return Refusal(.denied, rule: rule, reason: reason, remedy: remedy)
  }

  static func literalRefusal(_ flow: Flow) -> Refusal {
    Refusal(
      .denied,
      rule: BuiltInRule.addresses.name,
      reason: "\(flow.host) is an address that no name was asked for",
      remedy: "connect by name, and grant the name"
    )
  }

  static func lateRequestRefusal(_ flow: Flow) -> Refusal {
    Refusal(
      .malformed,
      rule: Opening.rule,
      reason: "a request to \(flow.host) came after the server had spoken"
    )
  }

  static func namelessRefusal(_ pattern: String) -> Refusal {
    Refusal(
      .denied,
      rule: Opening.rule,
      reason: "the connection does not say which host of \(pattern) it is for",
      remedy: "name the host itself under network"
    )
  }
}

extension HostRule {
  /// The rule as the audit names it.
  var auditName: String {
    mark.line.map { "network: host \(host.text) (line \($0))" } ?? "network: host \(host.text)"
  }
}

extension Observation {
  mutating func deny(_ refusal: Refusal) {
    verdict = .denied
    rule = refusal.rule
    reason = refusal.reason
    remedy = refusal.remedy
  }
}
