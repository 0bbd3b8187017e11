import NIOConcurrencyHelpers
import NIOCore
import Policy

/// What all inspected connections of a run share.
final class Office: Sendable {
  let policy: PolicyBox
  let audit: any AuditSink
  let secrets: SecretTable
  let bounds: HTTPBounds
  let ledger: Ledger
  let tips = NIOLockedValueBox<[String: PushedTips]>([:])
  private let streams = NIOLockedValueBox(0)
  let heldPushes = NIOLockedValueBox(0)
  private let dialer: any Dialer
  private let trust: UpstreamTrust
  private let pools = NIOLockedValueBox<[ObjectIdentifier: NIOLoopBound<UpstreamPool>]>([:])

  init(
    policy: PolicyBox,
    dialer: any Dialer,
    audit: any AuditSink,
    secrets: SecretTable,
    trust: UpstreamTrust,
    bounds: HTTPBounds,
    ledger: Ledger
  ) {
    self.policy = policy
    self.dialer = dialer
    self.audit = audit
    self.secrets = secrets
    self.trust = trust
    self.bounds = bounds
    self.ledger = ledger
  }

  /// Ends the connections to servers that serve nobody: their addresses were granted by a policy
  /// that no longer holds.
  func dropIdle() {
    for pool in pools.withLockedValue({ Array($0.values) }) {
      pool.eventLoop.execute { pool.value.retireAll() }
    }
  }

  /// Takes a place for a request of HTTP/2; false where there is none left.
  func takeStream() -> Bool {
    streams.withLockedValue { count in
      guard count < bounds.allStreams else { return false }
      count += 1
      return true
    }
  }

  func giveStream() { streams.withLockedValue { $0 -= 1 } }

  /// The connections to servers that live on a loop; called on it.
  func pool(on loop: any EventLoop) -> UpstreamPool {
    pools.withLockedValue { pools in
      if let known = pools[ObjectIdentifier(loop)] { return known.value }
      let pool = UpstreamPool(on: loop, dialer: dialer, trust: trust, bounds: bounds)
      pools[ObjectIdentifier(loop)] = NIOLoopBound(pool, eventLoop: loop)
      return pool
    }
  }
}

/// What all requests of one connection share.
final class ConnectionScope {
  let office: Office
  let flow: Flow
  let isTLS: Bool
  let loop: any EventLoop
  let pool: UpstreamPool
  /// Set where every request is refused, for a reason that was seen before the first.
  let refusal: Refusal?
  private var policy: NetworkPolicy
  private var generation: UInt64
  private var admission: Admission

  init(office: Office, flow: Flow, isTLS: Bool, loop: any EventLoop, refusal: Refusal?) {
    self.office = office
    self.flow = flow
    self.isTLS = isTLS
    self.loop = loop
    self.refusal = refusal
    pool = office.pool(on: loop)
    generation = office.policy.generation
    policy = office.policy.current
    admission = policy.admit(host: flow.host, port: flow.port)
  }

  /// The policy of this moment, and what it says about this connection's destination.
  func current() -> (policy: NetworkPolicy, admission: Admission, generation: UInt64) {
    let now = office.policy.generation
    if now != generation {
      generation = now
      policy = office.policy.current
      admission = policy.admit(host: flow.host, port: flow.port)
    }
    return (policy, admission, generation)
  }

  var scheme: String { isTLS ? "https" : "http" }

  /// An observation about a request of this connection, with what every such one holds.
  func observation(_ verdict: Observation.Verdict, rule: String) -> Observation {
    var observation = Observation(
      .request,
      verdict,
      host: flow.host,
      port: flow.port,
      transport: scheme,
      rule: rule
    )
    observation.flow = flow.id
    observation.way = flow.way.rawValue
    return observation
  }

  /// Notes bytes that are no request.
  func noteMalformed(_ refusal: Refusal, status: Int) {
    var observation = observation(.denied, rule: refusal.rule)
    observation.reason = refusal.reason
    observation.status = status
    office.audit.note(observation)
  }
}
