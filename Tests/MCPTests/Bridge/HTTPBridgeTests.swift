import Dialects
import JSONRPC
import Testing

@testable import MCP

struct HTTPBridgeTests {
  private static let meta =
    #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#
    + #""io.modelcontextprotocol/clientCapabilities":{}}"#

  private static func request(_ id: Int, _ method: String, _ params: String) -> [UInt8] {
    frame(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(params)}}"#)
  }

  private static func post(_ step: HTTPBridge.Step) throws -> HTTPBridge.Post {
    guard case .post(let post) = step else { throw WireError.batch }
    return post
  }

  private static func own(_ post: HTTPBridge.Post) -> [String] {
    post.headers.map { "\($0.name): \($0.value)" }.filter {
      !$0.hasPrefix("Content-Type") && !$0.hasPrefix("Accept")
    }
  }

  @Test func `a stateless request says in its head what it is`() throws {
    var bridge = HTTPBridge()
    let post = try Self.post(
      bridge.plan(Self.request(1, "tools/call", #""name":"größe","arguments":{},\#(Self.meta)"#))
    )
    #expect(
      Self.own(post) == [
        "MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call",
        "Mcp-Name: =?base64?Z3LDtsOfZQ==?=",
      ]
    )
    #expect(bridge.reading(post, status: 200, type: "application/json", session: "s") == .message)
    #expect(bridge.sessionID == nil)
    guard
      case .abandon(.number(1)) = try bridge.plan(
        frame(
          #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#
        )
      )
    else {
      Issue.record("it is not abandoned")
      return
    }
  }

  @Test func `a session is kept from its handshake on`() throws {
    var bridge = HTTPBridge()
    let hello = try Self.post(
      bridge.plan(Self.request(0, "initialize", #""protocolVersion":"2025-11-25""#))
    )
    #expect(Self.own(hello) == [])
    #expect(
      bridge.reading(hello, status: 200, type: "text/event-stream", session: "abc") == .events
    )
    let heard = try bridge.heard(
      frame("{\"jsonrpc\":\"2.0\",\"id\":0,\n \"result\":{\"protocolVersion\":\"2025-06-18\"}}"),
      for: hello
    )
    #expect(heard.isAnswer)
    #expect(
      heard.line.map(text)
        == #"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18"}}"#
    )
    let ready = try Self.post(
      bridge.plan(frame(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#))
    )
    #expect(ready.opensStream)
    #expect(ready.id == nil)
    #expect(Self.own(ready) == ["MCP-Protocol-Version: 2025-06-18", "Mcp-Session-Id: abc"])
    #expect(bridge.streamHeaders(after: "9").last?.value == "9")
    let list = try Self.post(bridge.plan(Self.request(1, "tools/list", "")))
    #expect(bridge.reading(list, status: 404, type: nil, session: nil) == .sessionLost)
    #expect(bridge.reading(list, status: 503, type: nil, session: nil) == .failure)
    #expect(bridge.reading(list, status: 200, type: "text/html", session: nil) == .failure)
    #expect(bridge.reading(ready, status: 202, type: nil, session: nil) == .nothing)
  }

  @Test func `a stream answers its own request and no other`() throws {
    var bridge = HTTPBridge()
    let post = try Self.post(bridge.plan(Self.request(5, "tools/list", "")))
    let other = try bridge.heard(frame(#"{"jsonrpc":"2.0","id":6,"result":{}}"#), for: post)
    #expect(other.line == nil && !other.isAnswer)
    let notice = try bridge.heard(frame(#"{"jsonrpc":"2.0","method":"n"}"#), for: post)
    #expect(notice.line != nil && !notice.isAnswer)
    let stray = try bridge.heard(frame(#"{"jsonrpc":"2.0","id":5,"result":{}}"#), for: nil)
    #expect(stray.line == nil)
    #expect(throws: WireError.batch) { try bridge.heard(frame("[]"), for: post) }
    #expect(
      bridge.failed(
        post,
        status: 400,
        body: frame(
          #"{"jsonrpc":"2.0","id":null,"error":{"code":-32022,"message":"m","data":{"supported":[]}}}"#
        )
      ).map(text)
        == #"{"jsonrpc":"2.0","id":5,"error":{"code":-32022,"message":"m","data":{"supported":[]}}}"#
    )
    #expect(
      bridge.failed(post, status: 401, body: []).map(text)?.contains("bind one to its host") == true
    )
  }

  @Test func `arguments go into headers where the server wants them there`() throws {
    var bridge = HTTPBridge()
    let list = try Self.post(bridge.plan(Self.request(1, "tools/list", Self.meta)))
    func tool(_ name: String, _ properties: String) -> String {
      #"{"name":"\#(name)","inputSchema":{"type":"object","properties":{\#(properties)}}}"#
    }
    let tools = [
      tool(
        "good",
        #""r":{"type":"string","x-mcp-header":"Region"},"o":{"type":"object","properties":{"#
          + #""n":{"type":"integer","x-mcp-header":"N"},"b":{"type":"boolean","x-mcp-header":"B"}}}"#
      ),
      tool("plain", #""x-mcp-header":{"type":"string"}"#),
      tool("number", #""r":{"type":"number","x-mcp-header":"R"}"#),
      tool(
        "twice",
        #""a":{"type":"string","x-mcp-header":"R"},"b":{"type":"string","x-mcp-header":"r"}"#
      ),
      tool("item", #""a":{"type":"array","items":{"type":"string","x-mcp-header":"R"}}"#),
      tool("break", #""a":{"type":"string","x-mcp-header":"R\r\nHost: x"}"#),
    ]
    let heard = try bridge.heard(
      frame(
        #"{"jsonrpc":"2.0","id":1,"result":{"tools":[\#(tools.joined(separator: ","))],"ttlMs":0}}"#
      ),
      for: list
    )
    let names = try RPCMessage.parse(heard.line ?? []).names
    #expect(names == ["good", "plain"])
    let call = try Self.post(
      bridge.plan(
        Self.request(
          2,
          "tools/call",
          #""name":"good","arguments":{"r":" a","o":{"n":-7,"b":true}},\#(Self.meta)"#
        )
      )
    )
    #expect(
      Self.own(call).dropFirst(3) == [
        "Mcp-Param-Region: =?base64?IGE=?=", "Mcp-Param-N: -7", "Mcp-Param-B: true",
      ]
    )
    let bare = try Self.post(
      bridge.plan(
        Self.request(3, "tools/call", #""name":"good","arguments":{"r":null},\#(Self.meta)"#)
      )
    )
    #expect(Self.own(bare).count == 3)
  }

  @Test(arguments: [
    ("us-west1", "us-west1"), ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
    (" padded ", "=?base64?IHBhZGRlZCA=?="), ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
    ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
  ])
  func `values are encoded as the revision's own examples are`(value: String, encoded: String) {
    #expect(HeaderParameters.encoded(value) == encoded)
  }
}

extension RPCMessage {
  fileprivate var names: [String] {
    guard case .result(_, let result) = self else { return [] }
    return result["tools"]?.elements.compactMap { $0["name"]?.string } ?? []
  }
}
