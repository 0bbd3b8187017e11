import Dialects
import Foundation
import Testing

@testable import MCP

/// Servers that others wrote, on both wires.
@Suite(
  .serialized,
  .timeLimit(.minutes(10)),
  .enabled(if: Programs.hasPython, "the servers from PyPI are not there; ./test gets them")
)
struct RealServerTests {
  static let wires: [(SessionOptions.Wire, ProtocolRevision)] = [
    (.automatic, .july2026), (.stateless, .july2026), (.handshake, .november2025),
  ]

  private static func server(_ module: String, _ arguments: String..., wire: SessionOptions.Wire)
    -> StdioServer
  {
    var options = SessionOptions()
    options.wire = wire
    return StdioServer(
      ServerCommand(Programs.python, ["-m", module] + arguments),
      options: options
    )
  }

  @Test(arguments: wires)
  func `mcp-server-time tells the time`(
    wire: SessionOptions.Wire,
    revision: ProtocolRevision
  ) async throws {
    let server = Self.server("mcp_server_time", "--local-timezone", "UTC", wire: wire)
    let info = try await server.start()
    #expect(info.revision == revision)
    let tools = try await server.listTools()
    #expect(tools.tools.map(\.name).sorted() == ["convert_time", "get_current_time"])
    #expect(tools.refused.isEmpty)
    let result = try await server.call(
      "convert_time",
      arguments: #"{"source_timezone":"UTC","time":"12:00","target_timezone":"Asia/Tokyo"}"#
    )
    guard case .text(let text) = result.content.first else {
      Issue.record("\(result)")
      return
    }
    #expect(text.contains("T21:00:00+09:00"))
    #expect(!result.isError)
    let failure = try await server.call("get_current_time", arguments: #"{"timezone":"Nowhere"}"#)
    #expect(failure.isError)
    // Tools that were approved once are the same when they are listed again.
    let pins = tools.tools.map { ToolPin(server: "time", $0) }
    let again = try await server.listTools()
    #expect(PinReview(server: "time", tools: again.tools, pins: pins).approved == again.tools)
    await server.close()
  }

  @Test(arguments: wires)
  func `mcp-server-git tells of a repository`(
    wire: SessionOptions.Wire,
    revision: ProtocolRevision
  ) async throws {
    try await withTemporaryDirectory { place in
      let server = Self.server("mcp_server_git", wire: wire)
      #expect(try await server.start().revision == revision)
      let names = try await server.listTools().tools.map(\.name)
      #expect(names.contains("git_status"))
      let made = ServerCommand("git", ["init", "-q", place])
      await #expect(throws: SessionError.ended(.exited(0))) {
        try await StdioServer(made).start()
      }
      try Data("x".utf8).write(to: URL(filePath: "\(place)/new.txt"))
      let result = try await server.call("git_status", arguments: #"{"repo_path":"\#(place)"}"#)
      #expect("\(result.content)".contains("new.txt"))
      await server.close()
    }
  }

  @Test(arguments: wires)
  func `mcp-server-fetch brings a page`(
    wire: SessionOptions.Wire,
    revision: ProtocolRevision
  ) async throws {
    let page = try await Loopback.start("page")
    let server = Self.server(
      "mcp_server_fetch",
      "--ignore-robots-txt",
      "--allow-private-ips",
      wire: wire
    )
    #expect(try await server.start().revision == revision)
    _ = try await server.listTools()
    let result = try await server.call(
      "fetch",
      arguments: #"{"url":"http://127.0.0.1:\#(page.port)/","raw":true}"#
    )
    #expect("\(result.content)".contains("a page of the test"), "\(result)")
    await server.close()
    await page.stop()
  }
}
