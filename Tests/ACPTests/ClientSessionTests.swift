import Dialects
import JSONRPC
import Testing

@testable import ACP

struct ClientSessionTests {
  @Test func `an agent is greeted, given a session and told what to do`() {
    var talk = Talk()
    #expect(talk.note(talk.session.begin()) == [.wait(.opening, .seconds(120))])
    #expect(
      talk.takeSent() == [
        #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1,"clientCapabilities":{"fs":{"readTextFile":false,"writeTextFile":false},"terminal":false},"clientInfo":{"name":"caisson","version":"0"}}}"#
      ]
    )
    #expect(
      talk.hear(
        #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"agentCapabilities":{"loadSession":true,"x":[]},"new":1}}"#
      ) == []
    )
    #expect(
      talk.takeSent() == [
        #"{"jsonrpc":"2.0","id":2,"method":"session/new","params":{"cwd":"/work","mcpServers":[]}}"#
      ]
    )
    #expect(
      talk.hear(#"{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s"}}"#)
        == [.opened(session: "s", isFormer: false)]
    )
    #expect(
      talk.takeSent() == [
        #"{"jsonrpc":"2.0","id":3,"method":"session/prompt","params":{"sessionId":"s","prompt":[{"type":"text","text":"mend it"}]}}"#
      ]
    )
    #expect(
      talk.hear(#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn"}}"#)
        == [.finished(.ended(.endTurn))]
    )
    #expect(talk.hear(#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"refusal"}}"#) == [])
  }

  @Test(arguments: [
    ("max_tokens", TurnEnd.maxTokens), ("max_turn_requests", .maxTurnRequests),
    ("refusal", .refusal), ("cancelled", .cancelled), ("tired", .other("tired")),
  ])
  func `each reason to stop is told apart`(name: String, end: TurnEnd) {
    var talk = Talk()
    _ = talk.work()
    #expect(
      talk.hear(#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"\#(name)"}}"#)
        == [.finished(.ended(end))]
    )
    #expect(end.name == name)
  }

  @Test func `a former session is taken up where the agent can, and its past is not told again`() {
    var talk = Talk(former: ACPClientSession.Former(session: "old", prompt: "go on"))
    _ = talk.note(talk.session.begin())
    _ = talk.hear(
      #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"agentCapabilities":{"loadSession":true}}}"#
    )
    #expect(
      talk.takeSent().last?.contains(#""method":"session/load","params":{"sessionId":"old""#)
        == true
    )
    #expect(
      talk.hear(
        #"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"old","update":{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"past"}}}}"#
      ) == []
    )
    #expect(
      talk.hear(#"{"jsonrpc":"2.0","id":2,"result":null}"#)
        == [.opened(session: "old", isFormer: true)]
    )
    #expect(talk.takeSent().last?.contains(#""text":"go on""#) == true)
  }

  @Test func `an agent that cannot take a session up, or has forgotten it, begins one`() {
    var talk = Talk(former: ACPClientSession.Former(session: "old", prompt: "go on"))
    _ = talk.note(talk.session.begin())
    _ = talk.hear(#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1}}"#)
    #expect(talk.takeSent().last?.contains("session/new") == true)

    talk = Talk(former: ACPClientSession.Former(session: "old", prompt: "go on"))
    _ = talk.note(talk.session.begin())
    _ = talk.hear(
      #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"agentCapabilities":{"loadSession":true}}}"#
    )
    _ = talk.hear(#"{"jsonrpc":"2.0","id":2,"error":{"code":-32002,"message":"what session?"}}"#)
    #expect(talk.takeSent().last?.contains("session/new") == true)
    #expect(
      talk.hear(#"{"jsonrpc":"2.0","id":3,"result":{"sessionId":"s"}}"#)
        == [.opened(session: "s", isFormer: false)]
    )
    #expect(talk.takeSent().last?.contains("mend it") == true)
  }

  @Test func `a question has all that was told of its tool, and takes one answer`() throws {
    var talk = Talk()
    _ = talk.work()
    _ = talk.hear(
      #"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"tool_call","toolCallId":"t","title":"Edit a.py","kind":"edit","status":"pending","rawInput":{"path": "a.py"}}}}"#
    )
    let asked = talk.hear(
      #"{"jsonrpc":"2.0","id":0,"method":"session/request_permission","params":{"sessionId":"s","toolCall":{"toolCallId":"t","content":[{"type":"diff","path":"a.py","oldText":null,"newText":"x"}]},"options":[{"optionId":"y","name":"Yes","kind":"allow_once"},{"optionId":"n","name":"No","kind":"reject_once"},{"optionId":"z","name":"?","kind":"maybe"}]}}"#
    )
    guard case .ask(let ticket, let request)? = asked.first else {
      Issue.record("nothing was asked: \(asked)")
      return
    }
    #expect(request.toolCall.title == "Edit a.py")
    #expect(request.toolCall.kind == "edit")
    #expect(request.toolCall.rawInput?.text == #"{"path": "a.py"}"#)
    #expect(request.toolCall.content == [.diff(path: "a.py", old: nil, new: "x")])
    #expect(request.option(.allowOnce)?.id == "y")
    #expect(request.option(.allowAlways) == nil)
    #expect(request.option(.rejectAlways, .rejectOnce)?.id == "n")
    _ = talk.note(talk.session.answer(ticket, .selected("y")))
    #expect(
      talk.takeSent() == [
        #"{"jsonrpc":"2.0","id":0,"result":{"outcome":{"outcome":"selected","optionId":"y"}}}"#
      ]
    )
    #expect(talk.session.answer(ticket, .selected("y")) == [])
  }

  @Test func `an answer that the agent did not offer is none`() {
    var talk = Talk()
    _ = talk.work()
    let asked = talk.hear(Self.question(id: 7))
    guard case .ask(let ticket, _)? = asked.first else {
      Issue.record("nothing was asked: \(asked)")
      return
    }
    _ = talk.note(talk.session.answer(ticket, .selected("other")))
    #expect(
      talk.takeSent() == [#"{"jsonrpc":"2.0","id":7,"result":{"outcome":{"outcome":"cancelled"}}}"#]
    )
  }

  @Test func `who is to stop is told so, and open questions are closed`() {
    var talk = Talk()
    _ = talk.work()
    _ = talk.hear(Self.question(id: 7))
    #expect(
      talk.note(talk.session.cancel()) == [
        .withdrawn(ACPTicket(1)), .wait(.leaving, .seconds(5)),
      ]
    )
    #expect(
      talk.takeSent() == [
        #"{"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"s"}}"#,
        #"{"jsonrpc":"2.0","id":7,"result":{"outcome":{"outcome":"cancelled"}}}"#,
      ]
    )
    // What it asks from now on is closed at once.
    #expect(talk.hear(Self.question(id: 8)) == [])
    #expect(talk.takeSent().last?.contains("cancelled") == true)
    #expect(
      talk.hear(#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"cancelled"}}"#)
        == [.finished(.ended(.cancelled))]
    )
    #expect(talk.session.expired(.leaving) == [])
  }

  @Test func `who does not stop has stopped when its time is over`() {
    var talk = Talk()
    _ = talk.work()
    _ = talk.session.cancel()
    #expect(talk.session.expired(.leaving) == [.finished(.ended(.cancelled))])
  }

  @Test func `files and terminals are refused, and what is unknown, too`() {
    var talk = Talk()
    _ = talk.work()
    for method in ["fs/read_text_file", "terminal/create", "_x/y", "elicitation/create"] {
      #expect(
        talk.hear(#"{"jsonrpc":"2.0","id":"q","method":"\#(method)","params":{"sessionId":"s"}}"#)
          == []
      )
      #expect(talk.takeSent().last?.contains(#""id":"q","error":{"code":-32601"#) == true)
    }
    #expect(talk.session.counters.refusedRequests == 4)
  }

  private static let broken: [(String, String)] = [
    (#"{"jsonrpc":"2.0","id":3,"id":3,"result":{"stopReason":"end_turn"}}"#, "the same key twice"),
    (#"[{"jsonrpc":"2.0","id":3,"result":{}}]"#, "batch"),
    (#"{"jsonrpc":"1.0","id":3,"result":{}}"#, "jsonrpc"),
    (#"{"jsonrpc":"2.0","id":3,"result":{"a":}}"#, "message"),
    (#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":5}}"#, "no reason"),
  ]

  @Test(arguments: broken)
  func `an agent that breaks the protocol is not heard further`(said: String, reason: String) {
    var talk = Talk()
    _ = talk.work()
    let actions = talk.hear(said)
    guard case .finished(.failed(let failure))? = actions.last else {
      Issue.record("it goes on: \(actions)")
      return
    }
    #expect(failure.description.contains(reason), "\(failure)")
    #expect(talk.hear(#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn"}}"#) == [])
  }

  @Test func `nesting beyond its bound ends it`() {
    var talk = Talk()
    _ = talk.work()
    let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    let actions = talk.hear(
      #"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"x","a":\#(deep)}}}"#
    )
    guard case .finished(.failed(.badFrame(.malformed)))? = actions.last else {
      Issue.record("it goes on: \(actions)")
      return
    }
  }

  @Test func `what means nothing here is passed over`() {
    var talk = Talk()
    _ = talk.work()
    for said in [
      #"{"jsonrpc":"2.0","id":99,"result":{}}"#,
      #"{"jsonrpc":"2.0","id":"3","result":{"stopReason":"end_turn"}}"#,
      #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}"#,
      #"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"usage_update","used":1}}}"#,
      #"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"other","update":{"sessionUpdate":"plan","entries":[]}}}"#,
      #"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":7}}"#,
      #"{"jsonrpc":"2.0","method":"session/update"}"#, "starting up …",
    ] { #expect(talk.hear(said) == []) }
    #expect(talk.takeSent() == [])
    #expect(talk.session.counters.unknownAnswers == 3)
    #expect(talk.session.counters.otherSessions == 1)
    #expect(talk.session.counters.noise == 1)
  }

  @Test func `a question of another session, with wrong types or a known id is refused`() {
    var talk = Talk()
    _ = talk.work()
    for said in [
      Self.question(id: 1, session: "t"),
      #"{"jsonrpc":"2.0","id":2,"method":"session/request_permission","params":{"sessionId":"s","toolCall":7,"options":[]}}"#,
      #"{"jsonrpc":"2.0","id":3,"method":"session/request_permission","params":{"sessionId":"s","toolCall":{"toolCallId":"t"},"options":{}}}"#,
      #"{"jsonrpc":"2.0","id":4,"method":"session/request_permission"}"#,
    ] {
      #expect(talk.hear(said) == [])
      #expect(talk.takeSent().last?.contains("error") == true)
    }
    #expect(talk.hear(Self.question(id: 5)).count == 1)
    #expect(talk.hear(Self.question(id: 5)) == [])
    #expect(talk.takeSent().last?.contains("a question with this id is open") == true)
  }

  @Test func `a flood of questions is held to a bound`() {
    var options = ACPOptions()
    options.questions = 3
    var talk = Talk(options: options)
    _ = talk.work()
    let asked = (10..<20).map { talk.hear(Self.question(id: $0)).count }
    #expect(asked == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test
  func `an agent of another version, one that wants a log-in and one that is silent are told`() {
    var talk = Talk()
    _ = talk.note(talk.session.begin())
    #expect(
      talk.hear(#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":2}}"#)
        == [.finished(.failed(.version(2)))]
    )
    talk = Talk()
    _ = talk.note(talk.session.begin())
    _ = talk.hear(
      #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"authMethods":[{"id":"o","name":"OAuth"}]}}"#
    )
    #expect(
      talk.hear(#"{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"auth"}}"#)
        == [.finished(.failed(.logIn(["OAuth"])))]
    )
    talk = Talk()
    _ = talk.note(talk.session.begin())
    #expect(talk.session.expired(.opening) == [.finished(.failed(.silent(seconds: 120)))])
  }

  static func question(id: Int, session: String = "s") -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"session/request_permission","params":{"sessionId":"\#(session)","toolCall":{"toolCallId":"t"},"options":[{"optionId":"y","name":"Yes","kind":"allow_once"}]}}"#
  }
}
