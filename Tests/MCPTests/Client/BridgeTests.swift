import JSONRPC
import Synchronization
import Testing

@testable import MCP

/// `caisson-mcp` before servers over HTTP that others wrote.
@Suite(
  .serialized,
  .timeLimit(.minutes(10)),
  .enabled(if: Programs.hasPython, "the servers from PyPI are not there; ./test gets them")
)
struct BridgeTests {
  private static func bridge(_ port: Int, wire: SessionOptions.Wire) -> StdioServer {
    var options = SessionOptions()
    options.wire = wire
    return StdioServer(
      ServerCommand(Programs.built("caisson-mcp"), ["http://127.0.0.1:\(port)/mcp"]),
      options: options
    )
  }

  static let cases: [(String, SessionOptions.Wire, ProtocolRevision)] = [
    ("events", .automatic, .july2026), ("events", .handshake, .november2025),
    ("json", .automatic, .july2026), ("json", .handshake, .november2025),
    ("stateless", .automatic, .july2026), ("stateless", .handshake, .november2025),
  ]

  @Test(arguments: cases)
  func `a server over HTTP is used like one behind a pipe`(
    mode: String,
    wire: SessionOptions.Wire,
    revision: ProtocolRevision
  ) async throws {
    let web = try await Loopback.start(mode)
    let server = Self.bridge(web.port, wire: wire)
    #expect(try await server.start().revision == revision)
    #expect(try await server.listTools().tools.map(\.name) == ["add", "count", "forever", "grow"])
    let sum = try await server.call("add", arguments: #"{"a":2,"b":3}"#)
    #expect(sum.content == [.text("5")])
    let reports = Mutex<[Double]>([])
    let counted = try await server.call("count", arguments: #"{"to":5}"#) { report in
      reports.withLock { $0.append(report.progress) }
    }
    #expect(counted.content == [.text("counted to 5")])
    // Without a stream there is no place for what comes before the answer.
    if mode != "json" { #expect(reports.withLock { $0 } == [1, 2, 3, 4, 5]) }
    await #expect(throws: CallError.timedOut) {
      try await server.call("forever", arguments: "{}", timeout: .milliseconds(200))
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<20 {
        group.addTask {
          let sum = try await server.call("add", arguments: #"{"a":\#(number),"b":1}"#)
          #expect(sum.content == [.text("\(number + 1)")])
        }
      }
      try await group.waitForAll()
    }
    await server.close()
    await web.stop()
  }

  @Test func `a server that is not there is told of`() async throws {
    let web = try await Loopback.start("page")
    await web.stop()
    let server = Self.bridge(web.port, wire: .handshake)
    do {
      _ = try await server.start()
      Issue.record("it was reached")
    } catch {
      #expect("\(error)".contains("the server cannot be reached"))
    }
    await server.close()
  }

  @Test func `what is no such server is told of by its status`() async throws {
    let web = try await Loopback.start("page")
    let server = Self.bridge(web.port, wire: .handshake)
    await #expect(
      throws: SessionError.refused(
        RPCError(RPCError.internalError, "the server answered with HTTP status 501")
      )
    ) { try await server.start() }
    await server.close()
    await web.stop()
  }

  @Test func `a server that dies in the midst of an answer is told of`() async throws {
    let web = try await Loopback.start("events")
    let server = Self.bridge(web.port, wire: .handshake)
    _ = try await server.start()
    _ = try await server.listTools()
    let call = Task { try await server.call("count", arguments: #"{"to":100000}"#) }
    _ = try await server.call("add", arguments: #"{"a":2,"b":3}"#)
    await web.stop()
    await #expect(throws: CallError.self) { try await call.value }
    await server.close()
  }

  @Test(arguments: [
    [], ["ftp://x"], ["--header", "x", "http://x"], ["--header", "Host: y", "http://x"],
    ["--bearer", "NO_SUCH_VARIABLE", "http://x"], ["--wrong", "http://x"],
    ["http://x", "http://y"],
  ])
  func `a wrong command line is refused`(arguments: [String]) async {
    let server = StdioServer(ServerCommand(Programs.built("caisson-mcp"), arguments))
    await #expect(throws: SessionError.ended(.exited(2))) { try await server.start() }
    #expect(server.standardError.hasPrefix("caisson-mcp: "))
  }
}
