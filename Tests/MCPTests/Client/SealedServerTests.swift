import Foundation
import Testing

@testable import MCP

/// Servers inside sealed runs of the built command, each under a policy of its own.
@Suite(
  .serialized,
  .timeLimit(.minutes(10)),
  .enabled(if: Programs.hasPython, "the servers from PyPI are not there; ./test gets them")
)
struct SealedServerTests {
  /// A command that runs another one sealed, with its state in `place`.
  private static func sealed(
    _ command: [String],
    policy: String,
    place: String,
    environment additions: [String: String] = [:]
  ) throws -> ServerCommand {
    let file = "\(place)/policy.yaml"
    try policy.write(toFile: file, atomically: true, encoding: .utf8)
    var environment = ProcessInfo.processInfo.environment
    environment["CAISSON_HOME"] = "\(place)/home"
    environment.merge(additions) { _, new in new }
    return ServerCommand(
      Programs.built("caisson"),
      ["run", "--quiet", "--policy", file, "--"] + command,
      environment: environment
    )
  }

  @Test func `a server runs sealed, and reads only what its policy grants`() async throws {
    try await withTemporaryDirectory { place in
      try "secret".write(toFile: "\(place)/outside.txt", atomically: true, encoding: .utf8)
      let policy = """
        version: 1
        workspace: { mode: none }
        filesystem: { read: [$SYSTEM, \(Programs.root)/.build-clients/mcp, \(Programs.root)/Tests] }
        """
      let time = StdioServer(
        try Self.sealed([Programs.python, "-m", "mcp_server_time"], policy: policy, place: place)
      )
      #expect(try await time.start().name == "mcp-time")
      _ = try await time.listTools()
      let answer = try await time.call(
        "convert_time",
        arguments: #"{"source_timezone":"UTC","time":"12:00","target_timezone":"Asia/Tokyo"}"#
      )
      #expect("\(answer.content)".contains("T21:00:00+09:00"))
      await time.close()
      // The same pipe, and a server that tries what it must not.
      let thief = StdioServer(
        try Self.sealed(
          [Programs.python, Programs.script("thief.py"), "\(place)/outside.txt"],
          policy: policy,
          place: place
        )
      )
      _ = try await thief.start()
      _ = try await thief.listTools()
      let stolen = try await thief.call("steal", arguments: "{}")
      #expect(
        stolen.content == [.text("FileNotFoundError"), .text("gaierror")],
        "\(thief.standardError)"
      )
      await thief.close()
      // The control: unsealed, the same program gets what it wants.
      let free = StdioServer(
        ServerCommand(Programs.python, [Programs.script("thief.py"), "\(place)/outside.txt"])
      )
      _ = try await free.start()
      _ = try await free.listTools()
      #expect(try await free.call("steal", arguments: "{}").content.first == .text("secret"))
      await free.close()
    }
  }

  @Test func `a server over HTTP is reached from a sealed run, and no other host is`() async throws
  {
    let web = try await Loopback.start("events")
    try await withTemporaryDirectory { place in
      let policy = """
        version: 1
        workspace: { mode: none }
        filesystem: { read: [$SYSTEM, \(Programs.built("caisson-mcp"))] }
        network:
          - host: tools.example.com
            ports: [\(web.port)]
            addresses: [127.0.0.1]
            rules: [{ allow: "* /mcp" }]
        """
      func bridge(_ host: String) throws -> StdioServer {
        StdioServer(
          try Self.sealed(
            [Programs.built("caisson-mcp"), "http://\(host):\(web.port)/mcp"],
            policy: policy,
            place: place
          )
        )
      }
      let server = try bridge("tools.example.com")
      let info = try await server.start()
      #expect(info.revision == .july2026)
      _ = try await server.listTools()
      #expect(
        try await server.call("add", arguments: #"{"a":20,"b":22}"#).content == [.text("42")]
      )
      await server.close()
      let other = try bridge("other.example.com")
      await #expect(throws: SessionError.self) { try await other.start() }
      await other.close()
    }
    await web.stop()
  }

  @Test func `a server over TLS gets a credential that the run does not hold`() async throws {
    try await withTemporaryDirectory { place in
      let web = try await Loopback.start("tls", place)
      let policy = """
        version: 1
        workspace: { mode: none }
        filesystem: { read: [$SYSTEM, \(Programs.built("caisson-mcp"))] }
        network:
          - host: tools.example.com
            ports: [\(web.port)]
            addresses: [127.0.0.1]
            rules: [{ allow: "* /mcp" }]
            credential: TOOLS_TOKEN
        """
      var environment = ProcessInfo.processInfo.environment
      environment["CAISSON_HOME"] = "\(place)/home"
      environment["VALUE"] = "the-real-value"
      let words = ["secret", "set", "TOOLS_TOKEN", "--host", "tools.example.com"]
      let stored = ServerCommand(
        Programs.built("caisson"),
        words + ["--from-env", "VALUE"],
        environment: environment
      )
      await #expect(throws: SessionError.self) { try await StdioServer(stored).start() }
      let server = StdioServer(
        try Self.sealed(
          [
            Programs.built("caisson-mcp"), "--bearer", "TOOLS_TOKEN",
            "https://tools.example.com:\(web.port)/mcp",
          ],
          policy: policy,
          place: place,
          environment: ["SSL_CERT_FILE": "\(place)/ca.pem"]
        )
      )
      _ = try await server.start()
      _ = try await server.listTools()
      // The hash of "Bearer the-real-value": the server saw it, and whoever asked never held it.
      let hash = "65f2b119dc09c9899a1b904d0e38ca81ee6aa9accc14354ecf7a69912709b821"
      #expect(try await server.call("seen", arguments: "{}").content == [.text(hash)])
      await server.close()
      await web.stop()
    }
  }
}
