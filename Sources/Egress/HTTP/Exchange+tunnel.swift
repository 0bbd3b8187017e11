import NIOCore
import NIOHTTP1
import Policy

extension Exchange {
  /// Joins the two connections, after a server changed protocols as it was asked to.
  func tunnel(_ head: HTTPResponseHead) {
    let key = request.headers.first(name: "sec-websocket-key")
    guard let plan, plan.isWebSocket, WebSocketHandshake.isAccepted(head, key: key), let link,
      let asker
    else {
      return refuse(
        Refusal(
          .malformed,
          rule: Refusal.ambiguous,
          reason: "the server changes to a protocol that was not asked for"
        ),
        status: 502
      )
    }
    observation.status = 101
    var headers = HTTPHeaders()
    for (name, value) in head.headers where !AnswerReader.isHop(name.lowercased()) {
      headers.add(name: name, value: value)
    }
    headers.add(name: "upgrade", value: "websocket")
    // What is said in the tunnel afterwards is the server's to say.
    if !plan.carried.isEmpty { headers = Redactor(plan.carried).redact(headers) }
    phase = .tunnel
    let far = TunnelEnd(
      early: ByteBuffer(),
      count: { self.observation.received += UInt64($0) },
      ended: { self.tunnelEnded() }
    )
    let answer = AnswerHead(status: head.status, headers: headers, length: nil, mayHaveBody: false)
    guard let near = asker.becomeTunnel(answer),
      link.becomeTunnel(far, ready: { TunnelEnd.join(near, far) })
    else {
      link.close()
      return breakOff()
    }
  }

  func tunnelSent(_ bytes: Int) {
    guard let plan else { return }
    observation.sent += UInt64(bytes)
    guard !scope.office.ledger.book(bytes, for: plan.rule) else { return }
    observation.verdict = .denied
    observation.reason = Refusal(budgetOf: plan.rule, host: scope.flow.host).reason
    dropLink()
  }

  func tunnelEnded() {
    guard phase == .tunnel else { return }
    finish {}
    link = nil
  }
}
