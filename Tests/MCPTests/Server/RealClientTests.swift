import CLinux
import Dialects
import Glibc
import JSONRPC
import Synchronization
import Testing

@testable import MCP

/// The `mcp` client from PyPI before our own server.
@Suite(
  .serialized,
  .timeLimit(.minutes(10)),
  .enabled(if: Programs.hasPython, "the client from PyPI is not there; ./test gets it")
)
struct RealClientTests {
  private final class Flag: Sendable {
    let isSet = Mutex(false)
  }

  private static func host(cancelled: Flag) -> StdioHost {
    func tool(
      _ name: String,
      _ answer: @escaping @Sendable (ServedTool.Arguments) async throws -> ToolAnswer
    ) -> ServedTool {
      ServedTool(
        ToolDefinition(
          name: name,
          title: name.uppercased(),
          description: "A tool of the test.",
          inputSchema: #"{"type":"object","properties":{"a":{"type":"integer"}}}"#,
          annotations: #"{"readOnlyHint":true}"#
        ),
        answer: answer
      )
    }
    return StdioHost(
      ServerSession.Identity(name: "caisson", version: "1", instructions: "Ask."),
      tools: [
        tool("add") { arguments in
          guard let a = arguments["a"]?.int, let b = arguments["b"]?.int else {
            return .error("a and b are missing")
          }
          let sum = a.addingReportingOverflow(b).partialValue
          var writer = JSONWriter()
          writer.object { $0.int("sum", sum) }
          let structured = try RawJSON(parsing: String(decoding: writer.bytes, as: UTF8.self))
          return ToolAnswer([.text("\(sum)")], structured: structured)
        },
        tool("fail") { _ in throw WireError.batch },
        tool("wait") { _ in
          do {
            try await Task.sleep(for: .seconds(60))
          } catch {
            cancelled.isSet.withLock { $0 = true }
          }
          return .text("never")
        },
      ]
    )
  }

  @Test(arguments: [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
  func `the client from PyPI finds what we serve`(mode: String, version: String) async throws {
    var toServer: [Int32] = [-1, -1]
    var toClient: [Int32] = [-1, -1]
    var told: [Int32] = [-1, -1]
    try #require(cl_pipe(&toServer) == 0 && cl_pipe(&toClient) == 0 && cl_pipe(&told) == 0)
    let line: [String] = [Programs.python, Programs.script("client.py"), mode]
    var words = line.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    let pid = cl_spawn(Programs.python, &words, environ, [toClient[0], toServer[1], told[1]], 3)
    for end in [toClient[0], toServer[1], told[1]] { close(end) }
    try #require(pid > 0)
    let cancelled = Flag()
    let reader = BlockingReader(told[0])
    async let text = {
      var text = ""
      while let bytes = try await reader.read() { text += String(decoding: bytes, as: UTF8.self) }
      return text
    }()
    try await Self.host(cancelled: cancelled).serve(input: toServer[0], output: toClient[1])
    for end in [toServer[0], toClient[1]] { close(end) }
    let said = try await text.split(separator: "\n").map(String.init)
    close(told[0])
    #expect(await Programs.end(of: pid) == 0)
    #expect(
      said == [
        #"{"instructions": "Ask.", "server": "caisson", "version": "\#(version)"}"#,
        #"{"schema": {"properties": {"a": {"type": "integer"}}, "type": "object"}, "#
          + #""tools": ["add", "fail", "wait"]}"#,
        #"{"failed": false, "structured": {"sum": 5}, "text": "5"}"#,
        #"{"failed": true, "text": "the message is a batch, which is not accepted"}"#,
        #"{"code": -32602}"#, #"{"waited": true}"#, #"{"text": "2"}"#,
      ]
    )
    #expect(cancelled.isSet.withLock { $0 })
  }
}
