import Glibc
import NIOCore
import NIOPosix
import Policy

/// The way out of one run: everything behind its sockets.
package final class Service: Sendable {
  private let policy: PolicyBox
  private let server: InspectedServer
  private let plan: NetworkPlan
  private let registry: FlowRegistry
  private let entrance: Entrance
  private let group: MultiThreadedEventLoopGroup
  package let names: NameService
  package let attempts: AttemptLog
  /// Nil where nobody asked whose connections are.
  package let witness: ProgramWitness?
  /// Nil where nobody is asked.
  package let questions: Questions?
  /// The certificate that the run trusts, as PEM.
  package let certificate: [UInt8]

  /// - Parameter ask: puts a question to a person; the answer is a policy, or a refusal.
  package init(
    _ configuration: Configuration,
    audit: any AuditSink,
    ask: @escaping @Sendable (Questions.Place) -> Void = { _ in }
  ) throws(ServiceError) {
    let rules = try Self.rules(configuration.policy)
    let limits = configuration.limits ?? TransportLimits()
    let witness =
      configuration.tracesPrograms == true ? ProgramWitness(audit: audit) : nil
    let audit: any AuditSink = witness ?? audit
    let policy = PolicyBox(NetworkPolicy(rules: rules))
    let plan = NetworkPlan(rules)
    // A connection takes a descriptor on either side; nobody waits for one that never comes.
    let affordable = max((sysconf(Int32(_SC_OPEN_MAX)) - 64) / 3, 1)
    let registry = FlowRegistry(policy: policy, capacity: min(limits.connections, affordable))
    let names = NameService(
      reserved: plan.reserved,
      policy: policy,
      audit: audit,
      // Where a person is asked, the answer makes the row.
      tellsUnknown: configuration.asks != true
    )
    let threads = NIOThreadPool(numberOfThreads: 4)
    threads.start()
    let dialer = NetworkDialer(
      policy: policy,
      registry: registry,
      resolver: Resolver(threads: threads),
      limits: limits
    )
    let (authority, trust) = try Self.identity(configuration)
    let ledger = Ledger()
    let server = InspectedServer(
      policy: policy,
      dialer: dialer,
      audit: audit,
      authority: authority,
      secrets: try configuration.secretTable(),
      trust: trust,
      ledger: ledger
    )
    self.policy = policy
    self.server = server
    self.plan = plan
    self.registry = registry
    self.names = names
    self.witness = witness
    questions = configuration.asks == true ? Questions(ask: ask) : nil
    attempts = AttemptLog(plan: plan, names: names, policy: policy, audit: audit)
    entrance = Entrance(
      policy: policy,
      names: names,
      registry: registry,
      dialer: dialer,
      server: server,
      audit: audit,
      witness: witness,
      ledger: ledger,
      limits: limits,
      questions: questions
    )
    certificate = Array(authority.certificatePEM.utf8)
    group = MultiThreadedEventLoopGroup(numberOfThreads: min(System.coreCount, 2))
  }

  /// How many sockets the plan of the run has.
  package var socketCount: Int { plan.sockets.count }

  /// Begins to answer on the sockets of the plan, in its order.
  ///
  /// - Returns: the sockets of the name service that take datagrams: whoever calls reads them,
  ///   because an answer must come from the address that was asked.
  package func serve(on descriptors: [CInt]) throws(ServiceError) -> [CInt] {
    guard descriptors.count == plan.sockets.count else {
      throw ServiceError("\(descriptors.count) sockets came for a plan of \(plan.sockets.count)")
    }
    var datagrams: [CInt] = []
    for (socket, descriptor) in zip(plan.sockets, descriptors) {
      do {
        switch socket.kind {
        case .nameDatagram: datagrams.append(descriptor)
        case .nameStream: try serveNames(descriptor)
        case .stream: try serveConnections(descriptor, isProxy: false)
        case .proxy: try serveConnections(descriptor, isProxy: true)
        }
      } catch {
        throw ServiceError("the socket for port \(socket.port) cannot be served: \(error)")
      }
    }
    return datagrams
  }

  /// Swaps the rules, and returns once the connections are closed whose grant is gone.
  package func replacePolicy(_ text: String) throws(ServiceError) {
    let rules = try Self.rules(text)
    policy.replace(with: NetworkPolicy(rules: rules))
    let closing = registry.review()
    server.policyChanged()
    questions?.review(policy.current)
    // A close that fails leaves nothing open either.
    try? EventLoopFuture.andAllComplete(closing, on: group.next()).wait()
  }

  /// Closes every connection, and returns once what was said on them has been accounted for.
  package func close() {
    // Whoever is closed may come again at once.
    policy.replace(with: NetworkPolicy(rules: []))
    let closing = EventLoopFuture.andAllComplete(registry.closeAll(), on: group.next())
    let done = group.next().makePromise(of: Void.self)
    // A loop that is stuck keeps nobody.
    group.next().scheduleTask(in: .seconds(1)) { done.succeed() }
    closing.whenComplete { _ in done.succeed() }
    try? done.futureResult.wait()
    witness?.finish()
  }

  private static func identity(
    _ configuration: Configuration
  ) throws(ServiceError) -> (CertificateAuthority, UpstreamTrust) {
    do {
      return (
        try CertificateAuthority(run: configuration.run),
        try UpstreamTrust(bundle: configuration.trust)
      )
    } catch {
      throw ServiceError(
        "the certificates cannot be made ready, with roots from \(configuration.trust): \(error)"
      )
    }
  }

  private static func rules(_ text: String) throws(ServiceError) -> [NetworkRule] {
    do throws(PolicyError) {
      return try PolicyDocument.parse(text, file: "the run's policy").network
    } catch {
      throw ServiceError("the policy cannot be read: \(error)")
    }
  }

  private func serveConnections(_ descriptor: CInt, isProxy: Bool) throws {
    let entrance = entrance
    _ = try ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 512)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { entrance.receive($0, isProxy: isProxy) }
      .withBoundSocket(descriptor)
      .wait()
  }

  private func serveNames(_ descriptor: CInt) throws {
    let (names, registry) = (names, registry)
    _ = try ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 64)
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { channel in
        guard registry.accept(channel) != nil else {
          return channel.eventLoop.makeFailedFuture(ChannelError.connectTimeout(.zero))
        }
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(NameStream(names))
        }
      }
      .withBoundSocket(descriptor)
      .wait()
  }
}

/// Why the way out of a run cannot be served.
package struct ServiceError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
