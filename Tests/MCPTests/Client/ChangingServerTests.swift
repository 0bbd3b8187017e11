import Synchronization
import Testing

@testable import MCP

/// A server of the package `mcp` whose tools change while it is used.
@Suite(
  .serialized,
  .timeLimit(.minutes(10)),
  .enabled(if: Programs.hasPython, "the servers from PyPI are not there; ./test gets them")
)
struct ChangingServerTests {
  private final class Count: Sendable {
    let changes = Mutex(0)
  }

  private static func check(_ command: ServerCommand, wire: SessionOptions.Wire) async throws {
    var options = SessionOptions()
    options.wire = wire
    let count = Count()
    let server = StdioServer(command, options: options) {
      count.changes.withLock { $0 += 1 }
    }
    _ = try await server.start()
    let first = try await server.listTools().tools
    let pins = first.map { ToolPin(server: "s", $0) }
    // Over HTTP the subscription may come to the server after the first calls.
    while count.changes.withLock({ $0 }) == 0 {
      do throws(CallError) {
        _ = try await server.call("grow", arguments: "{}")
      } catch {
        #expect(error == .toolsNotListed)
      }
    }
    await #expect(throws: CallError.toolsNotListed) {
      try await server.call("add", arguments: #"{"a":1,"b":2}"#)
    }
    let second = try await server.listTools().tools
    let review = PinReview(server: "s", tools: second, pins: pins)
    #expect(review.approved.map(\.name) == first.map(\.name))
    #expect(
      review.entries.filter { $0.verdict == .new }.map(\.tool.name).first?.hasPrefix("grown")
        == true
    )
    // Several changes may have been told of one after the other.
    var answer: ToolAnswer?
    while answer == nil {
      do throws(CallError) {
        answer = try await server.call("add", arguments: #"{"a":1,"b":2}"#)
      } catch {
        #expect(error == .toolsNotListed)
        _ = try await server.listTools()
      }
    }
    #expect(answer?.content == [.text("3")])
    await server.close()
  }

  @Test(arguments: [SessionOptions.Wire.automatic, .handshake])
  func `a change is noticed behind a pipe`(wire: SessionOptions.Wire) async throws {
    try await Self.check(
      ServerCommand(Programs.python, [Programs.script("loopback.py"), "pipe"]),
      wire: wire
    )
  }

  @Test(arguments: [SessionOptions.Wire.automatic, .handshake])
  func `a change is noticed over HTTP`(wire: SessionOptions.Wire) async throws {
    let web = try await Loopback.start("events")
    let bridge = ServerCommand(
      Programs.built("caisson-mcp"),
      ["http://127.0.0.1:\(web.port)/mcp"]
    )
    try await Self.check(bridge, wire: wire)
    await web.stop()
  }
}
