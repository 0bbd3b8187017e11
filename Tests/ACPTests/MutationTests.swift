import JSONRPC
import Testing

@testable import ACP

/// What is mutated must be read without a trap, and nothing that was not asked for may come of it.
struct MutationTests {
  private static let agent = [
    #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"agentCapabilities":{"loadSession":true},"authMethods":[{"id":"a"}]}}"#,
    #"{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s"}}"#,
    #"{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"m"}}"#,
    #"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn"}}"#,
    #"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"tool_call","toolCallId":"t","content":[{"type":"diff","path":"p","newText":"n"}],"locations":[{"path":"p","line":1e9}],"rawInput":{"a":[1]}}}}"#,
    #"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"plan","entries":[{"content":"c"}]}}}"#,
    #"{"jsonrpc":"2.0","id":0,"method":"session/request_permission","params":{"sessionId":"s","toolCall":{"toolCallId":"t"},"options":[{"optionId":"y","name":"n","kind":"allow_once"}]}}"#,
    #"{"jsonrpc":"2.0","id":"q","method":"fs/read_text_file","params":{}}"#, "noise",
  ].map(line)

  @Test(.timeLimit(.minutes(5)))
  func `a client hears mutated agents without a trap, and tells everybody once`() {
    var random = SplitMix(state: 1)
    for _ in 0..<3_000 {
      var session = ACPClientSession(
        directory: "/w",
        prompt: "p",
        former: Bool.random(using: &random)
          ? ACPClientSession.Former(session: "s", prompt: "q") : nil
      )
      var open: Set<ACPTicket> = []
      var ends = 0
      func note(_ actions: [ACPClientAction]) {
        for action in actions {
          switch action {
          case .send(let frame): #expect(throws: Never.self) { try RPCMessage.parse(frame) }
          case .ask(let ticket, _): #expect(open.insert(ticket).inserted)
          case .withdrawn(let ticket): #expect(open.remove(ticket) != nil)
          case .finished: ends += 1
          case .wait, .opened, .news: break
          }
        }
      }
      note(session.begin())
      for _ in 0..<16 {
        note(
          session.receive(
            Bool.random(using: &random)
              ? random.mutated(Self.agent) : Self.agent.randomElement(using: &random) ?? []
          )
        )
        if Int.random(in: 0..<8, using: &random) == 0, let ticket = open.popFirst() {
          note(session.answer(ticket, .selected("y")))
        }
        if Int.random(in: 0..<32, using: &random) == 0 { note(session.cancel()) }
      }
      note(session.ended())
      #expect(ends == 1)
      #expect(open.isEmpty)
    }
  }
}
