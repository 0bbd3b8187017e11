import Agent
import Foundation
import Glibc
import Journal
import SystemPackage

/// A home of its own with a daemon, its workers and its gateway, all as real processes; and, in the
/// provider's place, a scripted model, which no test here could do without.
final class Household: @unchecked Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let home: String
  let project: String
  let store: SQLiteWorkStore
  private var daemon: Spawned?
  private let model: Spawned

  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let program = root.appending(path: ".build/debug/caisson").path
  static let example = root.appending(path: "Examples/repair")

  static func with(
    _ script: String,
    delay: Double = 0,
    workers: Int = 1,
    _ body: (Household) async throws -> Void
  ) async throws {
    let household = try Household(script, delay: delay)
    do {
      try household.up(workers: workers)
      try await body(household)
    } catch {
      let log = household.log
      await household.end()
      throw Failure(description: "\(error)\n\(log)")
    }
    await household.end()
  }

  /// - Parameter script: as `Examples/repair/model.py` reads it.
  private init(_ script: String, delay: Double) throws {
    let directory = NSTemporaryDirectory() + "household-\(UUID().uuidString)"
    home = directory + "/home"
    project = directory + "/project"
    for path in [home, home + "/config"] {
      try FileManager.default.createDirectory(
        atPath: path,
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
      )
    }
    try FileManager.default.copyItem(
      at: Self.example.appending(path: "project"),
      to: URL(filePath: project)
    )
    let file = directory + "/script.json"
    try Data(script.utf8).write(to: URL(filePath: file))
    model = try Spawned(
      "/usr/bin/env",
      [
        "python3", Self.example.appending(path: "model.py").path, file, "--books",
        directory + "/books", "--delay", "\(delay)",
      ],
      environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""],
      output: directory + "/port"
    )
    var said = ""
    let end = ContinuousClock.now + .seconds(20)
    while !said.hasSuffix("\n"), ContinuousClock.now < end {
      usleep(20_000)
      said = (try? String(contentsOfFile: directory + "/port", encoding: .utf8)) ?? ""
    }
    guard let port = Int(said.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw Failure(description: "the scripted model did not start: \(said)")
    }
    let document = """
      version: 1
      listen: 127.0.0.1:0
      providers: { p: { dialect: openai, base: "http://127.0.0.1:\(port)/v1", key: none } }
      models:
        m: { provider: p, model: scripted, context: 100k, max_output: 10000, can: [tools, json], price: { input: 1.00 USD/M, output: 2.00 USD/M } }
      """
    try Data(document.utf8).write(to: URL(filePath: home + "/config/gateway.yaml"))
    store = try SQLiteWorkStore(directory: FilePath(home))
  }

  var environment: [String: String] {
    var environment = ["CAISSON_HOME": home, "TERM": "dumb"]
    environment["PATH"] = ProcessInfo.processInfo.environment["PATH"]
    return environment
  }

  // MARK: The daemon

  func up(workers: Int = 1) throws {
    daemon = try Spawned(
      Self.program,
      ["up", "--workers", "\(workers)"],
      environment: environment,
      output: home + "/daemon.log",
      errors: home + "/daemon.log"
    )
  }

  func killDaemon() {
    daemon?.signal(SIGKILL)
    daemon?.wait()
    daemon = nil
  }

  /// Asks it to stop, and gives its exit status.
  @discardableResult
  func stopDaemon() -> Int32 {
    daemon?.signal(SIGTERM)
    let status = daemon?.wait() ?? 0
    daemon = nil
    return status
  }

  /// The processes that work on assignments of this home.
  var workers: [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.filter { pid in
      func read(_ name: String) -> Data {
        FileManager.default.contents(atPath: "/proc/\(pid)/\(name)") ?? Data()
      }
      return read("cmdline").split(separator: 0).dropFirst().first == Data("worker".utf8)
        && read("environ").range(of: Data(home.utf8)) != nil
    }
  }

  var log: String {
    FileManager.default.contents(atPath: home + "/daemon.log").map {
      String(decoding: $0, as: UTF8.self)
    } ?? ""
  }

  /// How often the model was asked, as a provider would bill it.
  var answers: Int {
    let books = URL(filePath: home).deletingLastPathComponent().appending(path: "books")
    return (try? String(contentsOf: books, encoding: .utf8))?.split(separator: "\n").count ?? 0
  }

  private func end() async {
    stopDaemon()
    if let gateway = try? Data(contentsOf: URL(filePath: home + "/runtime/gateway.json")),
      let pid = (try? JSONDecoder().decode([String: Int].self, from: gateway))?["pid"]
    {
      kill(Int32(pid), SIGKILL)
    }
    model.signal(SIGKILL)
    model.wait()
    await store.close()
    try? FileManager.default.removeItem(
      at: URL(filePath: home).deletingLastPathComponent()
    )
  }

  // MARK: Work

  func settings(_ policy: String = "version: 1\n") -> AgentSettings {
    AgentSettings(directory: project, model: "m", policy: policy, policyName: "test")
  }

  /// Gives work, and its id.
  func assign(_ id: String, _ settings: AgentSettings? = nil) async throws -> String {
    _ = try await store.assign(
      NewAssignment(
        id: id,
        text: "Repair what the tests say is broken.",
        settings: try (settings ?? self.settings()).json
      )
    )
    return id
  }

  /// Waits until an assignment is in one of these states.
  func wait(
    for id: String,
    _ states: Set<Assignment.State>,
    seconds: Int = 60
  ) async throws -> Assignment {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      if let found = try await store.assignment(id), states.contains(found.state) { return found }
      await store.waitForChange(timeout: .milliseconds(200))
    }
    let found = try await store.assignment(id)
    throw Failure(
      description: "\(id) did not come to \(states), but is \(String(describing: found))"
    )
  }

  @discardableResult
  func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    let name = URL(filePath: home).deletingLastPathComponent().path + "/run-\(UUID().uuidString)"
    let process = try Spawned(
      Self.program,
      arguments,
      environment: environment,
      output: name + ".out",
      errors: name + ".err"
    )
    let status = process.wait()
    return (
      status, try String(contentsOfFile: name + ".out", encoding: .utf8),
      try String(contentsOfFile: name + ".err", encoding: .utf8)
    )
  }
}
