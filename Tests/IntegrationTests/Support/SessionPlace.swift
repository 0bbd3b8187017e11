import ExecWire
import Foundation
import Glibc
import Sandbox
import SystemPackage
import Testing

/// A workspace, a place for Caisson's state, and sessions of the built command over them.
struct SessionPlace: Sendable {
  let home: FilePath
  let workspace: FilePath

  static func with<Value>(_ body: (SessionPlace) async throws -> Value) async throws -> Value {
    try await withTemporaryDirectory { directory in
      let place = SessionPlace(
        home: directory.appending("home"),
        workspace: directory.appending("workspace")
      )
      try FileManager.default.createDirectory(
        atPath: place.workspace.string,
        withIntermediateDirectories: false
      )
      return try await body(place)
    }
  }

  func open(_ run: String? = nil, _ options: String...) async throws -> SealedSession {
    var names = ProcessInfo.processInfo.environment
    names["CAISSON_HOME"] = home.string
    return try await SealedSession.open(
      program: Command.binary("caisson").string,
      arguments: ["--in", workspace.string] + (run.map { ["--run-id", $0] } ?? []) + options,
      environment: names.map { "\($0)=\($1)" }
    )
  }

  /// Opens a session, uses it, and closes it.
  func session<Value>(
    _ run: String? = nil,
    _ body: (SealedSession) async throws -> Value
  ) async throws -> Value {
    let session = try await open(run)
    do {
      let value = try await body(session)
      await session.close()
      return value
    } catch {
      await session.close()
      throw error
    }
  }

  func caisson(_ arguments: String...) async throws -> Command.Result {
    var command = Command.caisson(home: home, directory: workspace)
    command.arguments = arguments
    return try await command.run()
  }

  func text(_ name: String) -> String? {
    FileManager.default.contents(atPath: workspace.appending(name).string)
      .map { String(decoding: $0, as: UTF8.self) }
  }
}

extension SealedSession {
  func sh(_ script: String, seconds: Int = 60) async throws -> CommandResult {
    try await run(script, timeout: .seconds(seconds))
  }

  /// What a script prints, which has to end well.
  func output(_ script: String) async throws -> String {
    let result = try await sh(script)
    try #require(result.end == .exited(0), "\(result.text)")
    return result.text
  }

  func text(_ path: String) async throws -> String {
    guard case .file(_, let bytes) = try await read(path) else { return "a directory" }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension CommandResult {
  var text: String { String(decoding: head + tail, as: UTF8.self) }
}
