import JSONRPC
import Testing

@testable import MCP

/// `caisson-mcp` before a server over HTTP that misbehaves.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct BridgeAdversityTests {
  private static func call(_ path: String) async throws -> Result<ToolAnswer, CallError> {
    let web = try await Loopback.start("", script: "odd_http.py", python: "/usr/bin/python3")
    var options = SessionOptions()
    options.wire = .handshake
    let server = StdioServer(
      ServerCommand(Programs.built("caisson-mcp"), ["http://127.0.0.1:\(web.port)\(path)"]),
      options: options
    )
    #expect(try await server.start().revision == .june2025)
    _ = try await server.listTools()
    let result: Result<ToolAnswer, CallError>
    do throws(CallError) {
      result = .success(try await server.call("a", arguments: "{}"))
    } catch {
      result = .failure(error)
    }
    await server.close()
    await web.stop()
    return result
  }

  @Test func `a stream that broke off is resumed where it was`() async throws {
    let answer = try await Self.call("/resume").get()
    #expect(answer.content == [.text("resumed after 2")])
  }

  @Test(arguments: [
    ("/broken", "the connection was lost before the answer"),
    ("/redirect", "the server answered with HTTP status 307; its address has moved"),
    ("/status", "the server cannot be reached, or broke off"),
    ("/large", "the answer is longer than 4 MiB"),
    ("/html", "the server answered with HTTP status 200"),
    ("/lost", "the server has ended the session; start it again"),
    ("/batch", "the message is a batch, which is not accepted"),
    ("/double", "the message has the same key twice in one object"),
    ("/other", "the server answered something else"),
    ("/accepted", "the server answered with HTTP status 202"),
    ("/login", "it wants a credential: bind one to its host in the policy"),
  ])
  func `what is no answer is told to whoever asked`(path: String, why: String) async throws {
    guard case .failure(.refused(let error)) = try await Self.call(path) else {
      Issue.record("\(path) was an answer")
      return
    }
    #expect(error.message.contains(why), "\(error)")
  }
}
