import Dialects
import JSONRPC
import Testing

@testable import MCP

struct ServerSessionTests {
  private static let meta =
    #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#
    + #""io.modelcontextprotocol/clientCapabilities":{}}"#
  private static let identity =
    #""_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}"#

  private static func session() -> ServerSession {
    ServerSession(
      ServerSession.Identity(name: "s", version: "1", instructions: "Ask."),
      tools: [ToolDefinition(name: "add", description: "Adds.", inputSchema: #"{"type":"object"}"#)]
    )
  }

  private static func lines(_ actions: [ServerSession.Action]) -> [String] {
    actions.map { action in
      switch action {
      case .send(let frame): text(frame)
      case .call(let call): "call \(call.tool) \(call.arguments?.raw.text ?? "-")"
      case .cancel(.number(let id)): "cancel \(id)"
      case .cancel(.text(let id)): "cancel '\(id)'"
      }
    }
  }

  private static func shaken() -> ServerSession {
    var session = session()
    _ = session.receive(
      frame(
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}"#
      )
    )
    return session
  }

  @Test(arguments: [
    ("2024-11-05", "2024-11-05"), ("2025-11-25", "2025-11-25"), ("2030-01-01", "2025-11-25"),
    ("2026-07-28", "2025-11-25"), ("x", "2025-11-25"),
  ])
  func `a handshake agrees on what both speak`(asked: String, agreed: String) {
    var session = Self.session()
    let said = session.receive(
      frame(
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\#(asked)","#
          + #""capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#
      )
    )
    #expect(
      Self.lines(said) == [
        #"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"\#(agreed)","#
          + #""capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"},"instructions":"Ask."}}"#
      ]
    )
  }

  private static let afterHandshake: [(String, [String])] = [
    (#""id":"p","method":"ping""#, [#"{"jsonrpc":"2.0","id":"p","result":{}}"#]),
    (
      #""id":1,"method":"tools/list""#,
      [
        #"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"add","description":"Adds.","#
          + #""inputSchema":{"type":"object"}}]}}"#
      ]
    ),
    (
      #""id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":1}}"#,
      [#"call add {"a":1}"#]
    ),
    (#""id":1,"method":"tools/call","params":{"name":"add"}"#, ["call add -"]),
    (
      #""id":1,"method":"tools/list","params":{"cursor":"x"}"#,
      [Self.failure(1, -32602, "the list has one page; there is no such cursor")]
    ),
    (
      #""id":1,"method":"tools/call","params":{"name":"sub"}"#,
      [Self.failure(1, -32602, "there is no tool sub here")]
    ),
    (
      #""id":1,"method":"tools/call","params":{}"#,
      [Self.failure(1, -32602, "the call names no tool")]
    ),
    (
      #""id":1,"method":"tools/call","params":{"name":"add","arguments":[1]}"#,
      [Self.failure(1, -32602, "the arguments are not an object")]
    ),
    (
      #""id":1,"method":"resources/list""#,
      [Self.failure(1, -32601, "there is no method resources/list here")]
    ),
    (
      #""id":1,"method":"server/discover""#,
      [Self.failure(1, -32601, "there is no method server/discover here")]
    ),
    (
      #""id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}"#,
      [Self.failure(1, -32600, "the session was initialized before")]
    ),
    (#""method":"notifications/initialized""#, []),
    (#""method":"tools/call","params":{"name":"add"}"#, []),
    (#""id":9,"result":{}"#, []),
    (
      #""id":1,"method":"tools/list","params":{"_meta":{"progressToken":1}}"#,
      [
        #"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"add","description":"Adds.","#
          + #""inputSchema":{"type":"object"}}]}}"#
      ]
    ),
  ]

  private static func failure(_ id: Int, _ code: Int, _ message: String) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"error":{"code":\#(code),"message":"\#(message)"}}"#
  }

  @Test(arguments: afterHandshake)
  func `after a handshake`(asked: String, said: [String]) {
    var session = Self.shaken()
    #expect(Self.lines(session.receive(frame(#"{"jsonrpc":"2.0",\#(asked)}"#))) == said)
  }

  @Test func `without a handshake nothing is told`() {
    var session = Self.session()
    let said = session.receive(frame(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#))
    #expect(Self.lines(said) == [Self.failure(1, -32600, "send initialize first")])
  }

  @Test func `a stateless request needs no handshake`() {
    var session = Self.session()
    func ask(_ id: Int, _ method: String, _ params: String = "") -> [String] {
      Self.lines(
        session.receive(
          frame(
            #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(params)\#(Self.meta)}}"#
          )
        )
      )
    }
    #expect(
      ask(1, "server/discover") == [
        #"{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"],"#
          + #""capabilities":{"tools":{}},"instructions":"Ask.","ttlMs":0,"cacheScope":"private","#
          + #""resultType":"complete",\#(Self.identity)}}"#
      ]
    )
    #expect(ask(2, "tools/list").first?.contains(#""ttlMs":0,"cacheScope":"private""#) == true)
    #expect(ask(3, "tools/call", #""name":"add","#) == ["call add -"])
    #expect(
      Self.lines(session.finish(.number(3), .text("3"))) == [
        #"{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"3"}],"#
          + #""resultType":"complete",\#(Self.identity)}}"#
      ]
    )
    #expect(ask(4, "ping") == [Self.failure(4, -32601, "there is no method ping here")])
    #expect(ask(5, "initialize") == [Self.failure(5, -32601, "there is no method initialize here")])
    #expect(
      ask(6, "subscriptions/listen")
        == [Self.failure(6, -32601, "there is no method subscriptions/listen here")]
    )
  }

  @Test func `a stateless request of another revision, or without its capabilities, is refused`() {
    var session = Self.session()
    let said = session.receive(
      frame(
        #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"#
          + #""io.modelcontextprotocol/protocolVersion":"1900-01-01"}}}"#
      )
    )
    #expect(
      Self.lines(said) == [
        #"{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"Unsupported protocol version","#
          + #""data":{"supported":["2026-07-28"],"requested":"1900-01-01"}}}"#
      ]
    )
    let bare = session.receive(
      frame(
        #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"#
          + #""io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#
      )
    )
    #expect(
      Self.lines(bare)
        == [Self.failure(1, -32602, "the request does not tell the client's capabilities")]
    )
  }

  @Test func `what cannot be read is answered as JSON-RPC says`() {
    var session = Self.shaken()
    #expect(
      Self.lines(session.receive(frame("{"))) == [
        #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"#
          + #""message":"the message ends in the middle of a JSON value (byte 1)"}}"#
      ]
    )
    #expect(Self.lines(session.receive(frame("[]"))).first?.contains("-32600") == true)
    #expect(
      Self.lines(session.receive(frame(#"{"jsonrpc":"2.0","id":1,"id":1,"method":"ping"}"#)))
        .first?.contains("-32700") == true
    )
  }

  @Test func `a call that is cancelled is not answered, and one of an id at a time`() {
    var session = Self.shaken()
    let call = frame(#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add"}}"#)
    #expect(Self.lines(session.receive(call)) == ["call add -"])
    #expect(
      Self.lines(session.receive(call))
        == [Self.failure(1, -32600, "a call with this id is under way")]
    )
    let cancel = frame(
      #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#
    )
    #expect(Self.lines(session.receive(cancel)) == ["cancel 1"])
    #expect(Self.lines(session.receive(cancel)) == [])
    // It goes on, and has its place meanwhile.
    #expect(session.progress(.number(1), done: 1, message: "on").isEmpty)
    #expect(
      Self.lines(session.receive(call))
        == [Self.failure(1, -32600, "a call with this id is under way")]
    )
    #expect(Self.lines(session.finish(.number(1), .text("late"))) == [])
    #expect(Self.lines(session.receive(call)) == ["call add -"])
    #expect(Self.lines(session.receive(cancel)) == ["cancel 1"])
    for id in 2...ServerSession.mostCalls {
      let text = #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"add"}}"#
      _ = session.receive(frame(text))
    }
    #expect(
      Self.lines(
        session.receive(
          frame(#"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"add"}}"#)
        )
      ).first?.contains("32 calls are under way") == true
    )
  }

  @Test func `an answer that is too large becomes a failure of the tool`() {
    var session = Self.shaken()
    _ = session.receive(
      frame(#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add"}}"#)
    )
    let said = Self.lines(
      session.finish(.number(1), .text(String(repeating: "x", count: 5 << 20)))
    )
    #expect(said.first?.hasSuffix(#"at most 4194304 are sent."}],"isError":true}}"#) == true)
  }
}
