import AsyncHTTPClient
import Console
import Foundation
import Journal
import NIOCore
import NIOHTTP1
import SystemPackage
import Testing
import WorkWire

@testable import Delegation

/// A console in this process, on a socket or a port of its own, over a journal of its own.
struct TestConsole: Sendable {
  let store: SQLiteWorkStore
  let service: WorkService
  let directory: FilePath
  /// What a path is put after.
  let base: String
  let token: String?

  static func with(
    token: String? = nil,
    _ body: @Sendable (TestConsole) async throws -> Void
  ) async throws {
    let directory = FilePath(NSTemporaryDirectory()).appending("console-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      atPath: directory.string,
      withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o700]
    )
    defer { try? FileManager.default.removeItem(atPath: directory.string) }
    let store = try SQLiteWorkStore(directory: directory)
    let service = WorkService(store: store, ledger: nil)
    let socket = directory.appending("s")
    let place: ConsoleServer.Place =
      token.map { .port(host: "127.0.0.1", port: 0, token: $0) } ?? .socket(socket)
    let (ports, isUp) = AsyncStream<Int?>.makeStream()
    let server = Task {
      try await ConsoleServer(service, at: place).run { isUp.yield($0) }
    }
    let watching = Task { await service.run() }
    var iterator = ports.makeAsyncIterator()
    let port = try #require(await iterator.next())
    let name = socket.string.replacing("/", with: "%2F")
    let console = TestConsole(
      store: store,
      service: service,
      directory: directory,
      base: port.map { "http://127.0.0.1:\($0)" } ?? "http+unix://\(name)",
      token: token
    )
    let result = await Result { try await body(console) }
    watching.cancel()
    server.cancel()
    _ = await server.result
    await watching.value
    await store.close()
    try result.get()
  }

  struct Answer: Sendable {
    let status: Int
    let body: Data

    var object: [String: Any] {
      (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:]
    }
    var kind: String? { (object["error"] as? [String: Any])?["kind"] as? String }
    var message: String? { (object["error"] as? [String: Any])?["message"] as? String }
  }

  func ask(
    _ method: HTTPMethod,
    _ path: String,
    _ body: String? = nil,
    headers: [(String, String)] = []
  ) async throws -> Answer {
    try await ask(method, path, bytes: body.map { Array($0.utf8) }, headers: headers)
  }

  func ask(
    _ method: HTTPMethod,
    _ path: String,
    bytes: [UInt8]?,
    headers: [(String, String)] = []
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: base + path)
    request.method = method
    // The server may close a connection after an answer, just as it is used again.
    request.headers.add(name: "connection", value: "close")
    if let token { request.headers.replaceOrAdd(name: "authorization", value: "Bearer \(token)") }
    for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
    if let bytes { request.body = .bytes(ByteBuffer(bytes: bytes)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    let buffer = try await response.body.collect(upTo: 64 << 20)
    return Answer(status: Int(response.status.code), body: Data(Array(buffer: buffer)))
  }

  /// An order that can be kept.
  func order(_ changes: [String: Any?] = [:]) throws -> String {
    var order: [String: Any] = [
      "text": "do it", "directory": directory.string, "model": "m", "policy": "version: 1\n",
      "policyName": "default",
    ]
    for (key, value) in changes { order[key] = value }
    return String(decoding: try JSONSerialization.data(withJSONObject: order), as: UTF8.self)
  }

  @discardableResult
  func assign(_ changes: [String: Any?] = [:]) async throws -> String {
    let answer = try await ask(.POST, "/v1/assignments", try order(changes))
    return try #require(answer.object["id"] as? String, "\(answer.message ?? "")")
  }
}

extension Result where Failure == any Error, Success: Sendable {
  fileprivate init(_ body: () async throws -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
