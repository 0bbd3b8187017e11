package import NIOCore
import NIOPosix
package import Policy

/// Opens connections to the world, to addresses that have been checked and to no others.
package struct NetworkDialer: Dialer {
  private let policy: PolicyBox
  private let registry: FlowRegistry
  private let resolver: Resolver
  private let limits: TransportLimits

  package init(
    policy: PolicyBox,
    registry: FlowRegistry,
    resolver: Resolver,
    limits: TransportLimits
  ) {
    self.policy = policy
    self.registry = registry
    self.resolver = resolver
    self.limits = limits
  }

  package func dial(
    _ flow: Flow,
    rule: HostRule,
    on eventLoop: any EventLoop,
    prepare: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) -> EventLoopFuture<any Channel> {
    let deadline = NIODeadline.now() + .milliseconds(Int64(limits.connectAll * 1_000))
    let attempt = Attempt(flow: flow, rule: rule, eventLoop: eventLoop, prepare: prepare)
    return addresses(attempt, by: deadline).flatMapThrowing { found in
      try check(found, attempt)
    }.flatMap { checked in
      connect(checked[...], attempt, by: deadline, last: nil)
    }
  }

  private struct Attempt: Sendable {
    let flow: Flow
    let rule: HostRule
    let eventLoop: any EventLoop
    let prepare: @Sendable (any Channel) -> EventLoopFuture<Void>
  }

  private func addresses(
    _ attempt: Attempt,
    by deadline: NIODeadline
  ) -> EventLoopFuture<[[UInt8]]> {
    let pinned = attempt.rule.addresses.compactMap(AddressRange.address)
    if !attempt.rule.addresses.isEmpty { return attempt.eventLoop.makeSucceededFuture(pinned) }
    let promise = attempt.eventLoop.makePromise(of: [[UInt8]].self)
    let timer = attempt.eventLoop.scheduleTask(deadline: deadline) {
      promise.fail(unreachable(attempt.flow, "the name service did not answer in time"))
    }
    resolver.addresses(of: attempt.flow.host, on: attempt.eventLoop).whenComplete { result in
      timer.cancel()
      promise.completeWith(result)
    }
    return promise.futureResult
  }

  /// The addresses that the policy lets a run connect to; none of them is a refusal.
  private func check(_ found: [[UInt8]], _ attempt: Attempt) throws -> [[UInt8]] {
    let policy = policy.current
    var refusal: Refusal?
    let checked = found.filter { address in
      switch policy.checkAddress(address, for: attempt.rule) {
      case .allowed:
        return true
      case .denied(let rule, let reason, let remedy):
        refusal = refusal ?? Refusal(.denied, rule: rule, reason: reason, remedy: remedy)
        return false
      }
    }
    guard checked.isEmpty else { return checked }
    throw refusal ?? unreachable(attempt.flow, "the name \(attempt.flow.host) has no address")
  }

  private func connect(
    _ addresses: ArraySlice<[UInt8]>,
    _ attempt: Attempt,
    by deadline: NIODeadline,
    last: (any Error)?
  ) -> EventLoopFuture<any Channel> {
    // Between the decision and this moment somebody may have waited for a name, or for a place.
    if case .denied = policy.current.admit(host: attempt.flow.host, port: attempt.flow.port) {
      return attempt.eventLoop.makeFailedFuture(Revoked.refusal(attempt.flow))
    }
    let left = deadline - .now()
    guard let bytes = addresses.first, left > .zero,
      let address = SocketAddress(bytes: bytes, port: attempt.flow.port)
    else {
      let reason = last.map { "no connection was made: \($0)" } ?? "no connection was made in time"
      return attempt.eventLoop.makeFailedFuture(unreachable(attempt.flow, reason))
    }
    let patience = min(.milliseconds(Int64(limits.connect * 1_000)), left)
    return ClientBootstrap(group: attempt.eventLoop)
      .connectTimeout(patience)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer(attempt.prepare)
      .connect(to: address)
      .flatMap { channel in
        guard registry.add(channel, on: .outward(attempt.flow, address: bytes)) else {
          return attempt.eventLoop.makeFailedFuture(Revoked.refusal(attempt.flow))
        }
        return attempt.eventLoop.makeSucceededFuture(channel)
      }
      .flatMapError { error in
        if error is Refusal { return attempt.eventLoop.makeFailedFuture(error) }
        return connect(addresses.dropFirst(), attempt, by: deadline, last: error)
      }
  }

  private func unreachable(_ flow: Flow, _ reason: String) -> Refusal {
    Refusal(.unreachable, rule: "upstream", reason: "\(flow.host):\(flow.port): \(reason)")
  }
}

/// What a connection is told whose grant was taken away while it was made.
enum Revoked {
  static func refusal(_ flow: Flow) -> Refusal {
    Refusal(
      .denied,
      rule: "policy: replaced",
      reason: "the grant for \(flow.host):\(flow.port) was taken away"
    )
  }
}
