package import NIOCore
import NIOSSL
import NIOTLS
import Policy

/// Answers connections by looking at each request on them: what the policy grants is sent on in
/// one canonical form, everything else is answered with its denial.
package struct InspectedServer: ConnectionServer {
  private let office: Office
  private let authority: CertificateAuthority

  /// What was sent to whom: counted in one place, whoever sends.
  var ledger: Ledger { office.ledger }

  package init(
    policy: PolicyBox,
    dialer: any Dialer,
    audit: any AuditSink,
    authority: CertificateAuthority,
    secrets: SecretTable,
    trust: UpstreamTrust,
    bounds: HTTPBounds = HTTPBounds(),
    ledger: Ledger = Ledger()
  ) {
    office = Office(
      policy: policy,
      dialer: dialer,
      audit: audit,
      secrets: secrets,
      trust: trust,
      bounds: bounds,
      ledger: ledger
    )
    self.authority = authority
  }

  package func serve(
    _ channel: any Channel,
    flow: Flow,
    firstBytes: ByteBuffer,
    isTLS: Bool,
    sni: String?
  ) -> EventLoopFuture<Void> {
    channel.eventLoop.submit {
      try install(on: channel, flow, firstBytes, isTLS, sni)
    }
  }

  /// Called when the policy was replaced: ends what was connected under the one before and serves
  /// nobody at the moment. Connections of the run are closed by whoever accepted them.
  package func policyChanged() { office.dropIdle() }

  private func install(
    on channel: any Channel,
    _ flow: Flow,
    _ firstBytes: ByteBuffer,
    _ isTLS: Bool,
    _ sni: String?
  ) throws {
    try channel.syncOptions?.setOption(.autoRead, value: false)
    try channel.syncOptions?.setOption(
      .writeBufferWaterMark,
      value: ChannelOptions.Types.WriteBufferWaterMark(low: 64 << 10, high: 256 << 10)
    )
    let scope = ConnectionScope(
      office: office,
      flow: flow,
      isTLS: isTLS,
      loop: channel.eventLoop,
      refusal: isTLS ? Self.refusal(sni: sni, flow) : nil
    )
    let pipeline = channel.pipeline.syncOperations
    let replay = FirstBytes(firstBytes)
    try pipeline.addHandler(replay)
    if isTLS {
      let context = try authority.context(for: sni?.lowercased() ?? flow.host)
      try pipeline.addHandler(NIOSSLServerHandler(context: context))
      try pipeline.addHandler(ProtocolChoice(scope))
      replay.deliver()
    } else {
      try pipeline.addHandler(HTTP1Server(scope))
      replay.deliver()
    }
  }

  private static func refusal(sni: String?, _ flow: Flow) -> Refusal? {
    guard sni?.lowercased() != flow.host else { return nil }
    // An address is never asked for by name; it is refused for what it is.
    if sni == nil, isAddressLiteral(flow.host) { return nil }
    let asked = sni.map { "asks for \($0)" } ?? "names no server"
    return Refusal(
      .malformed,
      rule: Refusal.oneName,
      reason: "the TLS handshake on a connection to \(flow.host) \(asked)"
    )
  }
}

/// Sets up what a TLS handshake agreed on, before anything said inside it is read.
final class ProtocolChoice: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let scope: ConnectionScope
  private var watch: IdleWatch?

  init(_ scope: ConnectionScope) {
    self.scope = scope
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    watch = IdleWatch(scope.office.bounds.handshakeTime, on: context.eventLoop) {
      channel.close(promise: nil)
    }
    if channel.isActive { context.read() }
  }

  func channelActive(context: ChannelHandlerContext) {
    context.read()
    context.fireChannelActive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { watch?.cancel() }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
      do {
        if negotiated == "h2" {
          try HTTP2Server.install(scope, on: context.channel)
        } else {
          let server = HTTP1Server(scope)
          try context.pipeline.syncOperations.addHandler(server, position: .after(self))
        }
      } catch {
        context.close(promise: nil)
      }
      context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    watch?.cancel()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    var observation = scope.observation(.failed, rule: "the TLS handshake")
    observation.kind = .connection
    observation.reason = "the run refused the handshake: \(String(describing: error).prefix(200))"
    scope.office.audit.note(observation)
    context.close(promise: nil)
  }
}
