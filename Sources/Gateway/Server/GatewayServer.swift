package import Catalogue
import NIOCore
import NIOHTTP1
import NIOPosix

/// The gateway at an address.
package final class GatewayServer: Sendable {
  private let gateway: Gateway
  private let group: MultiThreadedEventLoopGroup
  private let channel: any Channel
  private let sweep: RepeatedTask
  package let port: Int

  /// Connections beside those that requests use: kept open, or being read.
  private static let idleConnections = 4096
  /// How long one may say nothing.
  private static let patience: TimeAmount = .seconds(120)

  private init(
    gateway: Gateway,
    group: MultiThreadedEventLoopGroup,
    channel: any Channel,
    sweep: RepeatedTask,
    port: Int
  ) {
    self.gateway = gateway
    self.group = group
    self.channel = channel
    self.sweep = sweep
    self.port = port
  }

  /// Listens; port 0 gives any that is free.
  package static func start(
    _ parts: sending Gateway.Parts,
    listen: ListenAddress
  ) async throws -> GatewayServer {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let gateway = Gateway(parts, on: group.next())
    let clients = ClientList(gateway)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      // What a slow client makes the gateway keep.
      .childChannelOption(
        .writeBufferWaterMark,
        value: ChannelOptions.Types.WriteBufferWaterMark(low: 32 << 10, high: 256 << 10)
      )
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try clients.add(channel) }
      }
    do {
      let host =
        listen.host.hasPrefix("[") ? String(listen.host.dropFirst().dropLast()) : listen.host
      let channel = try await bootstrap.bind(host: host, port: listen.port).get()
      guard let port = channel.localAddress?.port else { throw ChannelError.unknownLocalAddress }
      let sweep = group.next().scheduleRepeatedTask(initialDelay: patience, delay: .seconds(15)) {
        _ in clients.closeIdle(before: NIODeadline.now() - patience)
      }
      return GatewayServer(
        gateway: gateway,
        group: group,
        channel: channel,
        sweep: sweep,
        port: port
      )
    } catch {
      _ = try? await gateway.upstreams.shutdown().get()
      try? await group.shutdownGracefully()
      throw error
    }
  }

  /// Stops listening, waits for requests that are under way, at most so long, and ends.
  package func stop(grace: Duration) async {
    try? await channel.close().get()
    sweep.cancel()
    let loop = group.next()
    let emptied = loop.makePromise(of: Void.self)
    let limit = loop.scheduleTask(in: TimeAmount(grace)) { emptied.succeed() }
    let gateway = gateway
    loop.execute { gateway.stop().cascade(to: emptied) }
    try? await emptied.futureResult.get()
    limit.cancel()
    _ = try? await gateway.upstreams.shutdown().get()
    try? await group.shutdownGracefully()
  }

  /// The connections, on the gateway's event loop; that makes `@unchecked Sendable` true.
  private final class ClientList: @unchecked Sendable {
    private let gateway: Gateway
    private var clients: [ObjectIdentifier: ClientConnection] = [:]

    init(_ gateway: Gateway) {
      self.gateway = gateway
    }

    func add(_ channel: any Channel) throws {
      let most = gateway.configuration.limits.concurrency + GatewayServer.idleConnections
      if clients.count >= most { makeRoom() }
      guard clients.count < most else { throw ChannelError.ioOnClosedChannel }
      let client = ClientConnection(gateway)
      try channel.pipeline.syncOperations.configureHTTPServerPipeline(
        withPipeliningAssistance: false,
        withErrorHandling: false
      )
      try channel.pipeline.syncOperations.addHandler(client)
      let name = ObjectIdentifier(channel)
      clients[name] = client
      channel.closeFuture.assumeIsolated().whenComplete { _ in self.clients[name] = nil }
    }

    /// Whoever keeps connections that he does not use does not keep others out.
    private func makeRoom() {
      let unused = clients.filter(\.value.isUnused)
      guard let oldest = unused.min(by: { $0.value.lastActivity < $1.value.lastActivity }) else {
        return
      }
      clients[oldest.key] = nil
      oldest.value.close()
    }

    func closeIdle(before deadline: NIODeadline) {
      for client in clients.values where client.isIdle(before: deadline) { client.close() }
    }
  }
}
