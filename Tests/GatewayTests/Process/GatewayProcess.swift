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

    /// What the command prints on standard output.
    @discardableResult
    func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
      let process = Process()
      process.executableURL = GatewayProcess.program
      process.arguments = arguments
      process.environment = GatewayProcess.environment(directory)
      let (output, errors) = (Pipe(), Pipe())
      process.standardOutput = output
      process.standardError = errors
      try process.run()
      let text = output.fileHandleForReading.readDataToEndOfFile()
      let complaints = errors.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return (
        process.terminationStatus, String(decoding: text, as: UTF8.self),
        String(decoding: complaints, as: UTF8.self)
      )
    }

    func addKey(_ arguments: String...) throws -> String {
      let process = Process()
      process.executableURL = GatewayProcess.program
      process.arguments = ["gateway", "key", "add"] + arguments
      process.environment = GatewayProcess.environment(directory)
      let output = Pipe()
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let text = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  /// Beside the test bundle, which SwiftPM puts where it puts programs.
  static let program = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: ".build/debug/caisson")

  static func environment(_ home: String) -> [String: String] {
    var environment = ["CAISSON_HOME": home, "TERM": "dumb"]
    environment["PATH"] = ProcessInfo.processInfo.environment["PATH"]
    return environment
  }

  private let process = Process()
  private let errors = Pipe()
  let port: Int
  /// What it said until it listened.
  let greeting: String

  init(_ home: Home) throws {
    process.executableURL = Self.program
    process.arguments = [
      "gateway", "--config", home.directory + "/gateway.yaml", "--listen", "127.0.0.1:0",
    ]
    process.environment = Self.environment(home.directory)
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    var text = ""
    while !text.contains("listening on") {
      let data = errors.fileHandleForReading.availableData
      guard !data.isEmpty else { throw Failure(text: text) }
      text += String(decoding: data, as: UTF8.self)
    }
    let digits = text.split(separator: ":").last.map { $0.prefix { $0.isNumber } }
    guard let port = digits.flatMap({ Int($0) }) else { throw Failure(text: text) }
    self.port = port
    greeting = text
  }

  /// What it has said since, up to its end.
  func rest() -> String {
    String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  func kill() {
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Asks it to stop, and gives its exit status.
  func stop() -> Int32 {
    process.terminate()
    return end()
  }

  /// Its exit status, once it has ended: a second signal would not let it finish.
  func end() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }

  var identifier: Int32 { process.processIdentifier }

  deinit {
    if process.isRunning { kill() }
  }

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
