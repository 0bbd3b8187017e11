import Dialects
import Foundation
import MCP
import Policy

/// The tool servers of an agent's stretch of work, each a sealed run of its own, begun when it is first
/// needed.
package actor ToolServers {
  private struct Running {
    let server: StdioServer
    let entry: ServerEntry
  }

  private let program: String
  private let environment: [String: String]
  private let policies: String
  private let assignment: String
  private var running: [String: Running] = [:]

  /// - Parameters:
  ///   - program: The path of `caisson`.
  ///   - environment: What runs are started with, as `NAME=value`.
  ///   - policies: A directory of ours alone, for the policies that the servers run under.
  package init(program: String, environment: [String], policies: String, assignment: String) {
    self.program = program
    self.policies = policies
    self.assignment = assignment
    self.environment = Dictionary(
      environment.compactMap { entry in
        guard let sign = entry.firstIndex(of: "=") else { return nil }
        return (String(entry[..<sign]), String(entry[entry.index(after: sign)...]))
      },
      uniquingKeysWith: { _, last in last }
    )
  }

  /// Ends the servers, and with each its run.
  package func close() async {
    let ending = running.values.map(\.server)
    running = [:]
    for server in ending { await server.close() }
  }

  /// Asks what a server offers now; one that has ended since is started once more.
  func offer(_ rule: ToolRule) async throws(ServerEntry.Problem) -> ServerOffer {
    if let known = running[rule.server] {
      if let tools = try? await Self.tools(known) { return try ServerOffer(known.entry, tools) }
      await drop(rule.server)
    }
    let started = try await start(rule)
    running[rule.server] = started
    do {
      return try ServerOffer(started.entry, try await Self.tools(started))
    } catch let problem as ServerEntry.Problem {
      throw problem
    } catch {
      await drop(rule.server)
      throw ServerEntry.Problem("\(rule.server): \(error)\(Self.complaint(started.server))")
    }
  }

  /// - Parameters:
  ///   - arguments: JSON of an object.
  ///   - key: What a server that knows it does once.
  func call(
    _ tool: String,
    of server: String,
    arguments: String,
    key: String?,
    seconds: Int64
  ) async throws(CallError) -> ToolAnswer {
    guard let known = running[server] else { throw .notStarted }
    return try await known.server.call(
      tool,
      arguments: arguments,
      key: key,
      timeout: .seconds(seconds)
    )
  }

  /// Ends a server of which nobody knows what it still does.
  func drop(_ server: String) async {
    await running.removeValue(forKey: server)?.server.close()
  }

  private func start(_ rule: ToolRule) async throws(ServerEntry.Problem) -> Running {
    let entry = try ServerEntry(rule)
    let file = "\(policies)/\(assignment).\(entry.name).yaml"
    do {
      try Data(entry.policy.utf8).write(to: URL(filePath: file), options: .atomic)
    } catch {
      throw ServerEntry.Problem("\(entry.name): its policy cannot be written to \(file): \(error)")
    }
    let words =
      ["run", "--quiet", "--ends-with-input", "--policy", file, "--workspace", "none", "--"]
      + entry.command
    let server = StdioServer(ServerCommand(program, words, environment: environment))
    do {
      _ = try await server.start()
    } catch {
      let complaint = Self.complaint(server)
      await server.close()
      throw ServerEntry.Problem("\(entry.name): \(error)\(complaint)")
    }
    return Running(server: server, entry: entry)
  }

  private static func tools(_ known: Running) async throws(CallError) -> [ToolDefinition] {
    try await known.server.listTools().tools.filter { tool in
      known.entry.allow.contains { ToolRule.matches($0, tool.name) }
    }
  }

  /// The end of what it wrote besides, in one line.
  private static func complaint(_ server: StdioServer) -> String {
    let words = server.standardError.unicodeScalars.suffix(1_000).split {
      $0.properties.generalCategory == .control || $0.properties.generalCategory == .format
        || $0 == " "
    }
    return words.isEmpty ? "" : ": " + words.map { String($0) }.joined(separator: " ")
  }
}
