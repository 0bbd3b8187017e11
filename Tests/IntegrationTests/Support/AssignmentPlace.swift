import Foundation
import Glibc
import Subprocess
import SystemPackage
import Testing

/// A user's place with a scripted model behind the real gateway, and a project to work on. The daemon is
/// started by the first command that needs one, and ended at the end.
struct AssignmentPlace: Sendable {
  let home: FilePath
  let workspace: FilePath

  /// - Parameter script: What the model answers, as Examples/repair/model.py reads it.
  static func with(
    script: String,
    delay: Double = 0,
    _ body: @Sendable (AssignmentPlace) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      let place = AssignmentPlace(
        home: directory.appending("caisson"),
        workspace: directory.appending("project")
      )
      let example = Command.packageRoot.appending("Examples/repair")
      try FileManager.default.copyItem(
        atPath: example.appending("project").string,
        toPath: place.workspace.string
      )
      let file = directory.appending("script.json")
      try Data(script.utf8).write(to: URL(filePath: file.string))
      var model = Command.named("python3", "-u", example.appending("model.py").string)
      model.arguments += [file.string, "--delay", "\(delay)"]
      try await model.run { _, lines in
        var iterator = lines.makeAsyncIterator()
        let line = try #require(try await iterator.next())
        try place.configure(port: try #require(Int(line.trimmingCharacters(in: .newlines))))
        do {
          try await body(place)
        } catch {
          await place.end()
          throw error
        }
        await place.end()
      }
    }
  }

  private func configure(port: Int) throws {
    let config = home.appending("config")
    try FileManager.default.createDirectory(
      atPath: config.string,
      withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700]
    )
    chmod(home.string, 0o700)
    let document = """
      version: 1
      listen: 127.0.0.1:0
      providers:
        p: { dialect: openai, base: "http://127.0.0.1:\(port)/v1", key: none }
      models:
        m:
          { provider: p, model: scripted, context: 100k, max_output: 10000,
            can: [tools, json, streaming], price: { input: 1.00 USD/M, output: 2.00 USD/M } }

      """
    try Data(document.utf8).write(to: URL(filePath: config.appending("gateway.yaml").string))
  }

  private func end() async {
    _ = try? await caisson("up", "--stop")
    // One that outlived a daemon that was killed.
    if let gateway = pid(in: "runtime/gateway.json") { kill(gateway, SIGTERM) }
  }

  // MARK: Commands

  func caisson(_ arguments: String..., input: String = "") async throws -> Command.Result {
    var command = Command.caisson(home: home, directory: workspace, input: input)
    command.arguments = arguments
    return try await command.run()
  }

  /// What a command prints as JSON.
  func json(_ arguments: String...) async throws -> [String: Any] {
    var command = Command.caisson(home: home, directory: workspace)
    command.arguments = arguments + ["--json"]
    let result = try await command.run()
    let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
    return try #require(object as? [String: Any], "\(result.error)")
  }

  /// The newest assignment, once `isSo` holds for it; nil where it never does.
  func task(
    _ name: String = "last",
    where isSo: (_ state: String) -> Bool
  ) async throws -> [String: Any]? {
    for _ in 0..<600 {
      let shown = try await json("show", name)
      let task = try #require(shown["assignment"] as? [String: Any])
      if isSo(task["state"] as? String ?? "") { return shown }
      try await Task.sleep(for: .milliseconds(50))
    }
    return nil
  }

  /// A process that a file of ours names.
  func pid(in name: String) -> pid_t? {
    guard let data = FileManager.default.contents(atPath: home.appending(name).string),
      let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
      let pid = object["pid"] as? Int
    else { return nil }
    return pid_t(pid)
  }

  /// The daemon's process, as it says itself.
  func daemon() async throws -> pid_t {
    let socket = home.appending("runtime/daemon.sock").string
    let result = try await Command.named(
      "curl",
      "-s",
      "--unix-socket",
      socket,
      "http://daemon/v1/health"
    ).run()
    let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
    return pid_t(try #require((object as? [String: Any])?["pid"] as? Int))
  }

  /// Waits for a daemon that was started.
  func isUp() async throws {
    for _ in 0..<400 {
      if try await caisson("tasks").status == .exited(0) { return }
      try await Task.sleep(for: .milliseconds(25))
    }
    Issue.record("no daemon came up")
  }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(filePath: workspace.appending(name).string))
  }

  func text(_ name: String) -> String? {
    try? String(contentsOfFile: workspace.appending(name).string, encoding: .utf8)
  }
}
