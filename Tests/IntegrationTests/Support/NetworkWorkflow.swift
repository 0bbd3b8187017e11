import Foundation
import SystemPackage
import Testing

/// What a client does with the servers of ``Upstreams``, tried under a policy that grants it and
/// under one that does not.
struct NetworkWorkflow {
  /// Entries of `network`; `TLS`, `PLAIN` and `WEBSOCKET` stand for the servers' ports.
  var grants: String
  /// A shell script. `$TLS`, `$PLAIN` and `$WEBSOCKET` are the servers' addresses, and `$BIN` is
  /// where the clients of PyPI are.
  let script: String
  /// Files of the workspace, by name.
  var files: [String: String] = [:]
  /// Files of the caller's home, by name; ports stand in them as in `grants`.
  var caller: [String: String] = [:]
  /// Options of `caisson run`.
  var options = ["--quiet"]
  var environment: [String: String?] = [:]
  /// Stored, and bound to the header Authorization at the host.
  var secret: (name: String, value: String)?
  var readsAudit = false
  /// What a shell does first, in mounts of its own.
  var before: String?

  struct Outcome {
    let result: Command.Result
    let rows: [Row]
    /// The audit as a person reads it.
    let audit: String

    var denials: [Row] { rows.filter { $0.verdict == "denied" } }
  }

  /// A row of the audit of kind `network`.
  struct Row: Decodable {
    /// Whose the connection was, under `--trace-programs`.
    struct Program: Decodable {
      let path: String
      let sha256: String?
      let pid, outsidePID: Int32
    }

    let kind, verdict, host, rule: String
    let port, count: Int
    let method, path, remedy, transport, detail, address, reason, unknownProgram: String?
    let received: UInt64?
    let package: Package?

    struct Package: Decodable {
      let name, version, file: String
      let sha256: String?
    }
    let program: Program?
  }

  /// All of the host, inspected.
  static let looking = """
    - host: up.example.com
      ports: [TLS, PLAIN]
      addresses: [127.0.0.1]
      rules: [{ allow: "GET /**" }, { allow: "HEAD /**" }]
    """
  /// All of the host, and nothing is looked into.
  static let passing = """
    - { host: up.example.com, ports: [TLS, PLAIN], addresses: [127.0.0.1] }
    """
  /// The host with another path than any that is asked for.
  static let elsewhere = """
    - host: up.example.com
      ports: [TLS, PLAIN]
      addresses: [127.0.0.1]
      rules: [{ allow: "GET /elsewhere/**" }]
    """
  /// Another host at the same place.
  static let otherHost = """
    - { host: other.example.com, ports: [TLS, PLAIN], addresses: [127.0.0.1] }
    """

  /// The script prints `expected` where it is granted, and not a single row denies anything; under
  /// `denied` it does not, and a row names `rule`.
  func check(
    prints expected: String,
    denied: String = elsewhere,
    by rule: String = "the built-in rule 'default deny'"
  ) async throws {
    let granted = try await run()
    #expect(granted.result.output == expected, "\(granted.result.error)")
    #expect(granted.denials.isEmpty)
    #expect(granted.rows.contains { $0.verdict == "allowed" && $0.host == "up.example.com" })

    let other = try await NetworkWorkflow(grants: denied, script: script, files: files).run()
    #expect(other.result.output != expected)
    #expect(!other.rows.contains { $0.verdict == "failed" })
    let row = try #require(other.denials.first, "\(other.result.output)\(other.result.error)")
    #expect(row.rule.contains(rule))
    #expect(row.remedy != nil)
  }

  func run() async throws -> Outcome {
    let upstreams = try Upstreams.running()
    let ports = [
      "TLS": "\(upstreams.tls)", "PLAIN": "\(upstreams.plain)",
      "WEBSOCKET": "\(upstreams.websocket)",
    ]
    return try await RunTests.withPlace { place in
      func numbered(_ text: String) -> String {
        ports.reduce(text) { $0.replacing($1.key, with: $1.value) }
      }
      try """
      version: 1
      filesystem:
        read: [$SYSTEM, "\(Upstreams.clients)?", "$HOME/.rustup?"]
        programs: [cargo, node, npm]
      environment:
        set:
          TLS: https://up.example.com:\(upstreams.tls)
          PLAIN: http://up.example.com:\(upstreams.plain)
          WEBSOCKET: wss://up.example.com:\(upstreams.websocket)
          BIN: \(Upstreams.clients)/venv/bin
      network:
      \(numbered(grants))
      """
      .write(toFile: "\(place.home).yaml", atomically: false, encoding: .utf8)
      for (name, content) in files { try place.write(name, content) }
      var sealed = Command.caisson(
        "run",
        "--policy",
        "\(place.home).yaml",
        home: place.home,
        environment: environment,
        directory: place.workspace
      )
      sealed.arguments += options + ["--", "sh", "-c", script]
      sealed.environment["SSL_CERT_FILE"] = "\(upstreams.place)/roots.pem"
      if !caller.isEmpty {
        let home = place.workspace.removingLastComponent().appending("caller")
        sealed.environment["HOME"] = home.string
        for (name, content) in caller {
          let file = home.appending(name)
          try FileManager.default.createDirectory(
            atPath: file.removingLastComponent().string,
            withIntermediateDirectories: true
          )
          try Data(numbered(content).utf8).write(to: URL(filePath: file.string))
        }
      }
      if let secret {
        var command = Command.caisson("secret", "set", home: place.home, input: secret.value)
        command.arguments += [secret.name, "--host", "up.example.com"]
        let stored = try await command.run()
        try #require(stored.status == .exited(0), "\(stored.error)")
      }
      let result = try await sealed.within(before.map(numbered)).run()
      let audit = try await Command.caisson("audit", "last", "--json", home: place.home).run()
      let text =
        readsAudit ? try await Command.caisson("audit", "last", home: place.home).run().output : ""
      return Outcome(result: result, rows: try Self.rows(audit.output), audit: text)
    }
  }

  private struct Line: Decodable {
    let kind: String
  }

  private struct NetworkLine: Decodable {
    let event: Row
  }

  static func rows(_ output: String) throws -> [Row] {
    try output.split(separator: "\n").compactMap { line in
      let data = Data(line.utf8)
      guard try JSONDecoder().decode(Line.self, from: data).kind == "network" else { return nil }
      return try JSONDecoder().decode(NetworkLine.self, from: data).event
    }
  }
}
