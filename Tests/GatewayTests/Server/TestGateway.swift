import AsyncHTTPClient
import Catalogue
import Crypto
import Foundation
import Journal
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import SystemPackage

@testable import Gateway

/// A gateway in this process, on a port of its own, with a ledger and a spool in a directory of its
/// own; clients reach it over the network.
final class TestGateway: Sendable {
  let ledger: Ledger
  let epoch: Epoch
  let spool: Spool
  let directory: FilePath
  let key: String
  let complaints: NIOLockedValueBox<[String]>
  let lines: NIOLockedValueBox<[String]>
  private let server: GatewayServer

  var base: String { "http://127.0.0.1:\(server.port)" }
  var port: Int { server.port }

  /// A model `m` at one dollar for a million tokens in and two out, wherever the upstreams are.
  static func document(_ upstreams: [ScriptedUpstream], more: String = "") -> String {
    var text = "version: 1\nlisten: 127.0.0.1:0\nproviders:\n"
    for (place, upstream) in upstreams.enumerated() {
      text += "  p\(place): { dialect: openai, base: \"\(upstream.base)/v1\", key: none }\n"
    }
    text += "models:\n"
    for place in upstreams.indices {
      text += "  m\(place): { provider: p\(place), model: real-\(place), context: 100k, "
      text += "max_output: 1000, can: [tools, json, streaming], "
      text += "price: { input: 1.00 USD/M, output: 2.00 USD/M } }\n"
    }
    let names = upstreams.indices.map { "m\($0)" }.joined(separator: ", ")
    return text + "tiers:\n  m: { models: [\(names)] }\n" + more
  }

  static func start(
    _ document: String,
    terms: VirtualKey.Terms = VirtualKey.Terms(name: "test", account: "test"),
    limit: Int64? = 10_000_000_000_000,
    directory: FilePath? = nil
  ) async throws -> TestGateway {
    let directory = directory ?? FilePath(NSTemporaryDirectory() + "gateway-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      atPath: directory.string,
      withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700]
    )
    let ledger = try Ledger.open(directory: directory)
    let isKnown = try ledger.keys(includingRevoked: false).contains { $0.name == terms.name }
    var secret: KeySecret?
    if !isKnown {
      let account = terms.account.map { Account(id: $0, limit: limit) }
      secret = try ledger.addKey(terms, account: account)
    }
    let spool = try Spool.open(directory: directory.appending("spool")).spool
    _ = try await Recovery.run(ledger, spool)
    let catalogue = try Snapshot.load { bytes in
      SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
    }
    let epoch = try ledger.begin()
    let complaints = NIOLockedValueBox<[String]>([])
    let lines = NIOLockedValueBox<[String]>([])
    let configuration = try GatewayConfiguration.parse(
      document,
      file: "gateway.yaml",
      catalogue: catalogue
    )
    let parts = Gateway.Parts(
      configuration: configuration,
      catalogue: catalogue,
      ledger: ledger,
      epoch: epoch,
      spool: spool,
      keys: ["p0": "provider-key"],
      log: { line in lines.withLockedValue { $0.append(String(decoding: line, as: UTF8.self)) } },
      complain: { text in complaints.withLockedValue { $0.append(text) } },
      today: { CalendarDate("2026-11-21") ?? .never }
    )
    let server = try await GatewayServer.start(parts, listen: configuration.listen)
    return TestGateway(
      server: server,
      ledger: ledger,
      epoch: epoch,
      spool: spool,
      directory: directory,
      key: secret?.text ?? "",
      complaints: complaints,
      lines: lines
    )
  }

  private init(
    server: GatewayServer,
    ledger: Ledger,
    epoch: Epoch,
    spool: Spool,
    directory: FilePath,
    key: String,
    complaints: NIOLockedValueBox<[String]>,
    lines: NIOLockedValueBox<[String]>
  ) {
    self.server = server
    self.ledger = ledger
    self.epoch = epoch
    self.spool = spool
    self.directory = directory
    self.key = key
    self.complaints = complaints
    self.lines = lines
  }

  func stop() async {
    await server.stop(grace: .seconds(2))
    try? ledger.end(epoch)
    ledger.close()
    try? FileManager.default.removeItem(atPath: directory.string)
  }

  struct Answer {
    let status: Int
    let headers: HTTPHeaders
    let text: String
    /// Whether the connection ended before the answer did.
    var isCut = false
  }

  static let hello = #"{"model":"m","max_tokens":10,"messages":[{"role":"user","content":"hi"}]}"#
  static let helloStream =
    #"{"model":"m","max_tokens":10,"stream":true,"messages":[{"role":"user","content":"hi"}]}"#

  func post(
    _ path: String = "/v1/chat/completions",
    _ body: String = TestGateway.hello,
    headers: [(String, String)] = []
  ) async throws -> Answer {
    try await ask("POST", path, body, headers: headers)
  }

  func ask(
    _ method: String,
    _ path: String,
    _ body: String? = nil,
    headers: [(String, String)] = [],
    key: String? = nil
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: base + path)
    request.method = HTTPMethod(rawValue: method)
    let key = key ?? self.key
    if !key.isEmpty { request.headers.add(name: "authorization", value: "Bearer \(key)") }
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let body { request.body = .bytes(ByteBuffer(string: body)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    var bytes: [UInt8] = []
    var isCut = false
    do {
      for try await buffer in response.body { bytes += Array(buffer: buffer) }
    } catch { isCut = true }
    return Answer(
      status: Int(response.status.code),
      headers: response.headers,
      text: String(decoding: bytes, as: UTF8.self),
      isCut: isCut
    )
  }

  /// The calls in the order of their numbers, once none is held back any more.
  func settledCalls(_ count: Int) async throws -> [CallRecord] {
    for _ in 0..<2000 {
      let calls = try (1...Int64(max(count, 1))).compactMap { try ledger.call(CallID($0)) }
      if calls.count >= count, calls.allSatisfy({ $0.state != .reserved }) { return calls }
      try await Task.sleep(for: .milliseconds(5))
    }
    return try (1...Int64(max(count, 1))).compactMap { try ledger.call(CallID($0)) }
  }

  /// Runs a test against one upstream.
  static func with(
    more: String = "",
    terms: VirtualKey.Terms = VirtualKey.Terms(name: "test", account: "test"),
    limit: Int64? = 10_000_000_000_000,
    _ body: (TestGateway, ScriptedUpstream) async throws -> Void
  ) async throws {
    let upstream = try await ScriptedUpstream.start()
    let gateway = try await TestGateway.start(
      TestGateway.document([upstream], more: more),
      terms: terms,
      limit: limit
    )
    try await body(gateway, upstream)
    await gateway.stop()
    try await upstream.stop()
  }
}
