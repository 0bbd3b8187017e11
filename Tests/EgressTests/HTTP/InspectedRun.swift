import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL
import Policy
import Subprocess

@testable import Egress

/// A run's way out on loopback, without the run: a listener whose connections are inspected, and a
/// server behind it. The client is curl, or raw bytes.
final class InspectedRun: Sendable {
  static let host = "api.test"

  let authority: CertificateAuthority
  let policy: PolicyBox
  let audit = Notebook()
  let upstream: Upstream
  let port: UInt16
  private let listener: any Channel
  private let folder: URL

  /// - Parameters:
  ///   - entry: of the host, from its `rules` on, in YAML; empty for none.
  ///   - git: of a repository there, in YAML.
  ///   - server: the port of another server than ``Upstream``.
  static func with<T>(
    _ entry: String,
    isTLS: Bool = true,
    secrets: [Secret] = [],
    bounds: HTTPBounds = HTTPBounds(),
    git: String = "",
    speaksHTTP2: Bool = false,
    server: UInt16? = nil,
    _ body: (InspectedRun) async throws -> T
  ) async throws -> T {
    let run = try await InspectedRun(entry, isTLS, secrets, bounds, git, speaksHTTP2, server)
    defer { run.close() }
    return try await body(run)
  }

  private init(
    _ entry: String,
    _ isTLS: Bool,
    _ secrets: [Secret],
    _ bounds: HTTPBounds,
    _ git: String,
    _ speaksHTTP2: Bool,
    _ other: UInt16?
  ) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    folder = FileManager.default.temporaryDirectory.appending(path: "caisson-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    authority = try CertificateAuthority(run: "test")
    try authority.certificatePEM.write(
      to: folder.appending(path: "ca.pem"),
      atomically: true,
      encoding: .utf8
    )
    upstream = try await Upstream(isTLS: isTLS, speaksHTTP2: speaksHTTP2, group: group)
    let roots = folder.appending(path: "roots.pem")
    try upstream.rootPEM.write(to: roots, atomically: true, encoding: .utf8)

    let box = NIOLockedValueBox<InspectedServer?>(nil)
    let connections = NIOLockedValueBox<UInt64>(0)
    listener = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 256)
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { channel in
        guard let server = box.withLockedValue({ $0 }) else {
          return channel.eventLoop.makeFailedFuture(ChannelError.eof)
        }
        let port = UInt16(channel.localAddress?.port ?? 0)
        let id = connections.withLockedValue { count -> UInt64 in
          count += 1
          return count
        }
        return server.serve(
          channel,
          flow: Flow(host: Self.host, port: port, way: .direct, id: id),
          firstBytes: ByteBuffer(),
          isTLS: isTLS,
          sni: Self.host
        )
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = UInt16(listener.localAddress?.port ?? 0)
    policy = PolicyBox(try Self.policy(entry, git: git, port: port))
    let server = InspectedServer(
      policy: policy,
      dialer: LoopbackDialer(port: other ?? upstream.port),
      audit: audit,
      authority: authority,
      secrets: SecretTable(secrets),
      trust: try UpstreamTrust(bundle: roots.path),
      bounds: bounds
    )
    box.withLockedValue { $0 = server }
  }

  static func policy(_ entry: String, git: String = "", port: UInt16) throws -> NetworkPolicy {
    let text = """
      version: 1
      network:
      \(entry.isEmpty ? "" : "  - { host: \(host), ports: [\(port)], \(entry) }")
      \(git.isEmpty ? "" : "  - { \(git), ports: [\(port)] }")
      """
    return NetworkPolicy(rules: try PolicyDocument.parse(text, file: "test").network)
  }

  private func close() {
    listener.close(promise: nil)
    upstream.close()
    try? FileManager.default.removeItem(at: folder)
  }

  struct Answer {
    var status: Int
    /// As curl prints them.
    var head: String
    var body: String
    var exit: Int
  }

  var scheme: String { upstream.isTLS ? "https" : "http" }

  func curl(_ path: String, _ arguments: String...) async throws -> Answer {
    try await curl([path], arguments)
  }

  /// Several paths are asked for on one connection; the bodies come one after the other.
  func curl(_ paths: [String], _ arguments: [String]) async throws -> Answer {
    let result = try await Subprocess.run(
      .name("curl"),
      arguments: .init(
        [
          "-sS", "-i", "--path-as-is", "--max-time", "60", "--cacert",
          folder.appending(path: "ca.pem").path, "--resolve",
          "\(Self.host):\(port):127.0.0.1",
        ] + arguments + paths.map { "\(scheme)://\(Self.host):\(port)\($0)" }
      ),
      output: .string(limit: 64 << 20),
      error: .string(limit: 1 << 16)
    )
    let text = result.standardOutput
    let last = text.range(of: "\r\n\r\n", options: .backwards)
    let head = last.map { String(text[..<$0.lowerBound]) } ?? text
    let line = head.range(of: "HTTP/", options: .backwards).map { head[$0.lowerBound...] } ?? ""
    let words = line.split(separator: " ")
    let exit =
      if case .exited(let code) = result.terminationStatus { Int(code) } else { -1 }
    return Answer(
      status: words.count > 1 ? Int(words[1]) ?? 0 : 0,
      head: head,
      body: last.map { String(text[$0.upperBound...]) } ?? result.standardError,
      exit: exit
    )
  }

  /// Sends bytes as they are, and gives back all that is answered until the connection ends or
  /// goes quiet.
  func raw(_ bytes: String, until marker: String? = nil) async throws -> String {
    try await raw([UInt8](bytes.utf8), until: marker)
  }

  func raw(_ bytes: [UInt8], until marker: String? = nil) async throws -> String {
    let promise = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: String.self)
    let isTLS = upstream.isTLS
    let root = try NIOSSLCertificate(bytes: Array(authority.certificatePEM.utf8), format: .pem)
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if isTLS {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates([root])
            configuration.applicationProtocols = ["http/1.1"]
            try channel.pipeline.syncOperations.addHandler(
              NIOSSLClientHandler(
                context: NIOSSLContext(configuration: configuration),
                serverHostname: Self.host
              )
            )
          }
          try channel.pipeline.syncOperations.addHandler(Gatherer(promise, until: marker))
        }
      }
      .connect(host: "127.0.0.1", port: Int(port)).get()
    channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    defer { channel.close(promise: nil) }
    return try await promise.futureResult.get()
  }
}

/// Gathers what a connection says.
private final class Gatherer: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let promise: EventLoopPromise<String>
  private let marker: String?
  private var text = ""

  init(_ promise: EventLoopPromise<String>, until marker: String?) {
    self.promise = promise
    self.marker = marker
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let promise = promise
    context.eventLoop.scheduleTask(in: .seconds(60)) { promise.fail(ChannelError.eof) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    text += String(buffer: unwrapInboundIn(data))
    if let marker, text.contains(marker) { promise.succeed(text) }
  }

  func channelInactive(context: ChannelHandlerContext) { promise.succeed(text) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

/// Connects to one port of loopback, whatever is asked for.
struct LoopbackDialer: Dialer {
  let port: UInt16

  func dial(
    _ flow: Flow,
    rule: HostRule,
    on eventLoop: any EventLoop,
    prepare: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) -> EventLoopFuture<any Channel> {
    ClientBootstrap(group: eventLoop)
      .channelInitializer(prepare)
      .connect(host: "127.0.0.1", port: Int(port))
  }
}

/// Keeps what is noted.
final class Notebook: AuditSink {
  private let rows = NIOLockedValueBox<[Observation]>([])

  func note(_ observation: Observation) { rows.withLockedValue { $0.append(observation) } }

  var all: [Observation] { rows.withLockedValue { $0 } }
}
