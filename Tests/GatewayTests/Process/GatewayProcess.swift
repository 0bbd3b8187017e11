import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import SystemPackage

/// The built command, as a process of its own in a home of its own.
///
/// A test uses it from one task at a time but for requests, which touch nothing but its port: that
/// makes `@unchecked Sendable` true.
final class GatewayProcess: @unchecked Sendable {
  struct Failure: Error {
    let text: String
  }

  /// Where state, configuration and keys of one test lie.
  struct Home {
    let directory: String
    let document: String

    init(_ document: String) throws {
      self.document = document
      directory = NSTemporaryDirectory() + "gateway-home-\(UUID().uuidString)"
      try FileManager.default.createDirectory(
        atPath: directory,
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
      )
      try Data(document.utf8).write(to: URL(filePath: directory + "/gateway.yaml"))
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }

    /// Runs the command to its end, and gives what it printed.
    @discardableResult
    func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
      let (output, errors) = (newFile(), newFile())
      defer { for file in [output, errors] { unlink(file) } }
      let process = try Spawned(
        GatewayProcess.program,
        arguments,
        environment: GatewayProcess.environment(directory),
        output: output,
        errors: errors
      )
      return (process.wait(), GatewayProcess.text(output), GatewayProcess.text(errors))
    }

    func addKey(_ arguments: String...) throws -> String {
      let output = newFile()
      defer { unlink(output) }
      try Spawned(
        GatewayProcess.program,
        ["gateway", "key", "add"] + arguments,
        environment: GatewayProcess.environment(directory),
        output: output
      ).wait()
      return GatewayProcess.text(output).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func newFile() -> String { directory + "/printed-\(UUID().uuidString)" }
  }

  /// Beside the test bundle, which SwiftPM puts where it puts programs.
  static let program = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: ".build/debug/caisson").path(percentEncoded: false)

  static func environment(_ home: String) -> [String: String] {
    var environment = ["CAISSON_HOME": home, "TERM": "dumb"]
    environment["PATH"] = ProcessInfo.processInfo.environment["PATH"]
    return environment
  }

  private let process: Spawned
  let port: Int
  /// What it said until it listened.
  let greeting: String

  init(_ home: Home) throws {
    let errors = home.newFile()
    process = try Spawned(
      Self.program,
      ["gateway", "--config", home.directory + "/gateway.yaml", "--listen", "127.0.0.1:0"],
      environment: Self.environment(home.directory),
      errors: errors
    )
    var text = ""
    while !text.contains("listening on") {
      let hasEnded = process.hasEnded
      text = Self.text(errors)
      if hasEnded, !text.contains("listening on") { throw Failure(text: text) }
      usleep(5000)
    }
    let digits = text.split(separator: ":").last.map { $0.prefix { $0.isNumber } }
    guard let port = digits.flatMap({ Int($0) }) else { throw Failure(text: text) }
    self.port = port
    greeting = text
  }

  static func text(_ file: String) -> String {
    (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
  }

  func kill() {
    process.signal(SIGKILL)
    process.wait()
  }

  /// Asks it to stop, and gives its exit status.
  func stop() -> Int32 {
    process.signal(SIGTERM)
    return end()
  }

  /// Its exit status, once it has ended: a second signal would not let it finish.
  func end() -> Int32 { process.wait() }

  var identifier: Int32 { process.pid }

  func post(
    _ body: String,
    key: String,
    headers: [(String, String)] = []
  ) async throws -> TestGateway.Answer {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/chat/completions")
    request.method = .POST
    request.headers.add(name: "authorization", value: "Bearer \(key)")
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    request.body = .bytes(ByteBuffer(string: body))
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    let bytes = try await response.body.collect(upTo: 1 << 24)
    return TestGateway.Answer(
      status: Int(response.status.code),
      headers: response.headers,
      text: String(buffer: bytes)
    )
  }
}
