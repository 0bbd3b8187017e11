import NIOCore
import Policy

extension Doorkeeper {
  /// Goes on to where a request to the proxy says.
  func readProxy(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
    switch ProxyRequest.read(bytes) {
    case .more:
      more(context)
    case .malformed(let reason):
      refuse(Refusal(.malformed, rule: "proxy", reason: reason), context)
    case .request(.connect(let host, let port, let headLength)):
      stopTimers()
      connect(Flow(host: host, port: port, way: .connect, id: number), headLength, context)
    case .request(.absolute(let host, let port)):
      stopTimers()
      lead(Flow(host: host, port: port, way: .absolute, id: number), context)
    }
  }

  private func connect(_ flow: Flow, _ headLength: Int, _ context: ChannelHandlerContext) {
    if case .denied(let rule, let remedy) = admission(flow) {
      if ask(flow, context, then: { $0.connect(flow, headLength, $1) }) { return }
      stage = .proxy
      return refuse(Self.refusal(flow, rule, remedy), about: flow, context)
    }
    held.moveReaderIndex(forwardBy: headLength)
    write("HTTP/1.1 200 Connection established\r\n\r\n", context)
    enter(flow, context)
    evaluate(context)
  }

  private func lead(_ flow: Flow, _ context: ChannelHandlerContext) {
    let admission = admission(flow)
    if case .denied(let rule, let remedy) = admission {
      if ask(flow, context, then: { $0.lead(flow, $1) }) { return }
      stage = .place(flow, admission)
      return refuse(Self.refusal(flow, rule, remedy), about: flow, context)
    }
    stage = .place(flow, admission)
    // Each request names its place, so that each is judged, whatever the grant.
    handOver(flow, sni: nil, context)
  }
}
