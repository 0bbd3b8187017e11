import JSONRPC
import Testing

@testable import MCP

/// What is mutated must be read without a trap, and nothing that was not asked for may come of it.
struct MutationTests {
  private static let server = [
    #"{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}}}}"#,
    #"{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"m","data":{"supported":["2025-11-25"]}}}"#,
    #"{"jsonrpc":"2.0","id":2,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s"}}}"#,
    #"{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"a","inputSchema":{"type":"object"},"annotations":{}}],"nextCursor":"c"}}"#,
    #"{"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"a","inputSchema":{"type":"object"}}]}}"#,
    #"{"jsonrpc":"2.0","id":4,"result":{"content":[{"type":"text","text":"x"},{"type":"resource","resource":{"uri":"u","blob":"AA=="}},{"type":"image","data":"","mimeType":"m"}],"structuredContent":{"a":[1]},"isError":false}}"#,
    #"{"jsonrpc":"2.0","id":4,"result":{"resultType":"input_required","inputRequests":{"k":{"method":"m"}}}}"#,
    #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":4,"progress":1e308,"total":null}}"#,
    #"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#,
    #"{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{}}"#, "noise",
  ].map(frame)

  private static let client = [
    #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{}}}"#,
    #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":[1,{"b":null}]}}}"#,
    #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#,
    #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
    #"{"jsonrpc":"2.0","id":"p","method":"ping"}"#,
  ].map(frame)

  @Test(.timeLimit(.minutes(5)))
  func `a client hears mutated servers without a trap, and tells everybody once`() {
    var random = SplitMix(state: 1)
    for _ in 0..<3_000 {
      var session = ClientSession()
      var told: [Ticket: Int] = [:]
      var ends = 0
      func note(_ actions: [SessionAction]) {
        for action in actions {
          switch action {
          case .listed(let ticket, _), .called(let ticket, _), .failed(let ticket, _):
            told[ticket, default: 0] += 1
          case .end: ends += 1
          case .send(let frame): #expect(throws: Never.self) { try RPCMessage.parse(frame) }
          case .wait, .opened, .progressed, .toolsChanged: break
          }
        }
      }
      note(session.open())
      var ticket = 0
      for _ in 0..<12 {
        let line =
          Bool.random(using: &random)
          ? random.mutated(Self.server) : Self.server.randomElement(using: &random) ?? []
        note(session.receive(line))
        ticket += 1
        switch Int.random(in: 0..<4, using: &random) {
        case 0: note(session.listTools(Ticket(ticket)))
        case 1: note(session.call(Ticket(ticket), tool: "a", arguments: "{}", timeout: .zero))
        case 2: note(session.expired(.request(Int.random(in: 0...5, using: &random))))
        default: note(session.expired(.probe))
        }
      }
      note(session.end(.closed))
      #expect(ends == 1)
      #expect(told.values.allSatisfy { $0 == 1 })
      #expect(session.pending.isEmpty)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a server hears mutated clients without a trap, and says nothing but messages`() {
    var random = SplitMix(state: 2)
    for _ in 0..<3_000 {
      var session = ServerSession(
        ServerSession.Identity(name: "s", version: "1"),
        tools: [ToolDefinition(name: "add", description: "", inputSchema: "{}")]
      )
      for _ in 0..<8 {
        let line =
          Bool.random(using: &random)
          ? random.mutated(Self.client) : Self.client.randomElement(using: &random) ?? []
        for action in session.receive(line) {
          switch action {
          case .send(let frame): #expect(throws: Never.self) { try RPCMessage.parse(frame) }
          case .call(let call):
            for case .send(let frame) in session.finish(call.id, .text("x")) {
              #expect(throws: Never.self) { try RPCMessage.parse(frame) }
            }
          case .cancel: break
          }
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `the bridge hears both without a trap, and says nothing but messages`() {
    var random = SplitMix(state: 3)
    for _ in 0..<3_000 {
      var bridge = HTTPBridge()
      var post: HTTPBridge.Post?
      for _ in 0..<8 {
        let isWhole = Bool.random(using: &random)
        let asked =
          isWhole ? Self.client.randomElement(using: &random) ?? [] : random.mutated(Self.client)
        if case .post(let planned)? = try? bridge.plan(asked) { post = planned }
        let events = Array("id: 1\r\ndata: ".utf8) + random.mutated(Self.server) + [0x0A, 0x0A]
        var stream = EventStream()
        for event in (try? stream.receive(events)) ?? [] {
          guard let line = try? bridge.heard(event.data, for: post).line else { continue }
          #expect(!line.contains(0x0A))
          #expect(throws: Never.self) { try RPCMessage.parse(line) }
        }
        if let post, let line = bridge.failed(post, status: 500, body: random.mutated(Self.server))
        {
          #expect(throws: Never.self) { try RPCMessage.parse(line) }
        }
      }
    }
  }
}
