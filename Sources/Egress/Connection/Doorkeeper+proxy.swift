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
      let flow = Flow(host: host, port: port, way: .connect, id: number)
      if case .denied(let rule, let remedy) = admission(flow) {
        return refuse(Self.refusal(flow, rule, remedy), about: flow, context)
      }
      held.moveReaderIndex(forwardBy: headLength)
      write("HTTP/1.1 200 Connection established\r\n\r\n", context)
      enter(flow, context)
      evaluate(context)
    case .request(.absolute(let host, let port)):
      stopTimers()
      let flow = Flow(host: host, port: port, way: .absolute, id: number)
      let admission = admission(flow)
      stage = .place(flow, admission)
      if case .denied(let rule, let remedy) = admission {
        return refuse(Self.refusal(flow, rule, remedy), about: flow, context)
      }
      // Each request names its place, so that each is judged, whatever the grant.
      handOver(flow, sni: nil, context)
    }
  }
}
