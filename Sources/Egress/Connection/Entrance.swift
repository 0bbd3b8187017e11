package import NIOCore
import Policy
import Synchronization

/// Where the run's connections come in, by whatever way: what each needs to be led on.
package struct Entrance: Sendable {
  let policy: PolicyBox
  let names: NameService
  let registry: FlowRegistry
  let dialer: any Dialer
  let server: any ConnectionServer
  let audit: any AuditSink
  let witness: ProgramWitness?
  let ledger: Ledger
  let limits: TransportLimits
  /// Where a person is asked about what nothing grants.
  let questions: Questions?
  private let overflow = Overflow()

  init(
    policy: PolicyBox,
    names: NameService,
    registry: FlowRegistry,
    dialer: any Dialer,
    server: any ConnectionServer,
    audit: any AuditSink,
    witness: ProgramWitness?,
    ledger: Ledger,
    limits: TransportLimits,
    questions: Questions? = nil
  ) {
    self.policy = policy
    self.names = names
    self.registry = registry
    self.dialer = dialer
    self.server = server
    self.audit = audit
    self.witness = witness
    self.ledger = ledger
    self.limits = limits
    self.questions = questions
  }

  /// Where an accepted connection wants to go, as far as its own address tells.
  enum Destination: Hashable, Sendable {
    case meaning(NameTable.Meaning)
    /// An address that no name was ever answered with.
    case literal(String)
    /// What the client says to the proxy decides.
    case proxy
  }

  /// Sets up an accepted connection; fails where there is no place for it.
  package func receive(_ channel: any Channel, isProxy: Bool) -> EventLoopFuture<Void> {
    guard let number = registry.accept(channel) else {
      overflow.count { note(refused: $0) }
      return channel.eventLoop.makeFailedFuture(
        Refusal(.limit, rule: "limit: connections", reason: "there are too many connections")
      )
    }
    guard let witness else {
      return channel.eventLoop.makeCompletedFuture { try welcome(channel, number, isProxy) }
    }
    return witness.accepted(channel, flow: number).flatMapThrowing {
      try welcome(channel, number, isProxy)
    }
  }

  private func welcome(_ channel: any Channel, _ number: UInt64, _ isProxy: Bool) throws {
    try channel.pipeline.syncOperations.addHandler(
      Doorkeeper(self, number: number, isProxy: isProxy)
    )
  }

  func destination(of channel: any Channel, isProxy: Bool) -> (Destination, port: UInt16)? {
    guard let local = channel.localAddress, let bytes = local.bytes, let port = local.port,
      let port = UInt16(exactly: port)
    else { return nil }
    if isProxy { return (.proxy, port) }
    if let meaning = names.meaning(of: bytes) { return (.meaning(meaning), port) }
    return (.literal(AddressRange.text(bytes)), port)
  }

  private func note(refused count: Int) {
    var row = Observation(
      .connection,
      .denied,
      host: "",
      port: 0,
      transport: "tcp",
      rule: "limit: connections"
    )
    row.reason = "the run has \(limits.connections) connections open already"
    row.count = count
    audit.note(row)
  }
}

/// Counts what is refused, and says so once a second at most.
private final class Overflow: Sendable {
  private struct State {
    var count = 0
    var quietUntil = NIODeadline.uptimeNanoseconds(0)
  }

  private let state = Mutex(State())

  func count(_ report: (Int) -> Void) {
    let total: Int? = state.withLock { state in
      state.count += 1
      guard NIODeadline.now() >= state.quietUntil else { return nil }
      state.quietUntil = .now() + .seconds(1)
      defer { state.count = 0 }
      return state.count
    }
    if let total { report(total) }
  }
}
