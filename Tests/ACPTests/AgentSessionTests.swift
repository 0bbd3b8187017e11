import ACP
import JSONRPC
import Testing

/// What an agent is asked, what it answers, and what is refused before anything is done.
@Suite struct AgentSessionTests {
  private static let hello =
    #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":1}}"#

  /// What an agent does about what it hears.
  private final class Agent {
    private var session: ACPAgentSession

    init() {
      var greeting = AgentGreeting(identity: ACPIdentity(name: "a", version: "1"))
      greeting.loadsSessions = true
      session = ACPAgentSession(greeting)
    }

    func receive(_ line: [UInt8]) -> [ACPAgentSession.Action] { session.receive(line) }
    func began(_ id: RequestID, _ name: String) -> [ACPAgentSession.Action] {
      session.began(id, name)
    }
    func loaded(_ id: RequestID, _ name: String) -> [ACPAgentSession.Action] {
      session.loaded(id, name)
    }
    func ended(_ id: RequestID, _ end: TurnEnd) -> [ACPAgentSession.Action] {
      session.ended(id, end)
    }
    func ask(_ request: PermissionRequest) -> (ACPTicket, [ACPAgentSession.Action])? {
      session.ask(request)
    }
    func forget(_ ticket: ACPTicket) { session.forget(ticket) }
  }

  /// One that has a session "s".
  private func begun() -> Agent {
    let session = Agent()
    _ = session.receive(line(Self.hello))
    _ = session.receive(line(request(1, "session/new", #"{"cwd":"/w","mcpServers":[]}"#)))
    _ = session.began(.number(1), "s")
    return session
  }

  private func request(_ id: Int, _ method: String, _ params: String) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#
  }

  private func prompt(_ id: Int, _ session: String = "s") -> String {
    let blocks = #"[{"type":"text","text":"mend it"}]"#
    return request(id, "session/prompt", #"{"sessionId":"\#(session)","prompt":\#(blocks)}"#)
  }

  private func words(_ actions: [ACPAgentSession.Action]) -> [String] {
    actions.map { action in
      switch action {
      case .send(let frame): text(frame)
      case .begin(let id, let directory, let tools): "begin \(id) \(directory) \(tools)"
      case .load(let id, let session, let directory): "load \(id) \(session) \(directory)"
      case .work(let id, let session, let blocks):
        "work \(id) \(session) \(blocks.map(\.words).joined())"
      case .cancel(let session): "cancel \(session)"
      case .answered(let ticket, let outcome): "answered \(ticket.number) \(outcome)"
      }
    }
  }

  @Test func `a greeting is answered, whichever version the client speaks`() {
    let session = Agent()
    let newer = Self.hello.replacing(#""protocolVersion":1"#, with: #""protocolVersion":7"#)
    for hello in [Self.hello, newer] {
      let said = words(session.receive(line(hello)))
      #expect(said.count == 1 && said[0].contains(#""protocolVersion":1"#), "\(said)")
      #expect(said[0].contains(#""loadSession":true"#))
    }
  }

  @Test func `nothing is done before the greeting`() {
    let session = Agent()
    for asked in [request(1, "session/new", #"{"cwd":"/w"}"#), prompt(2)] {
      let said = words(session.receive(line(asked)))
      #expect(said.count == 1 && said[0].contains("send initialize first"), "\(said)")
    }
  }

  @Test func `a session begins, works, and is answered once`() {
    let session = begun()
    #expect(words(session.receive(line(prompt(2)))) == ["work number(2) s mend it"])
    let second = words(session.receive(line(prompt(3))))
    #expect(second.count == 1 && second[0].contains("is under way"), "\(second)")
    let load = request(4, "session/load", #"{"sessionId":"s","cwd":"/w","mcpServers":[]}"#)
    #expect(words(session.receive(line(load)))[0].contains("is under way"))
    let cancel = #"{"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"s"}}"#
    #expect(words(session.receive(line(cancel))) == ["cancel s"])
    #expect(words(session.ended(.number(2), .cancelled))[0].contains(#""stopReason":"cancelled""#))
    #expect(session.ended(.number(2), .endTurn).isEmpty)
    #expect(words(session.receive(line(prompt(5)))) == ["work number(5) s mend it"])
  }

  @Test func `a session that is being loaded is busy, and one that is open is told anew`() {
    let session = Agent()
    _ = session.receive(line(Self.hello))
    func load(_ id: Int) -> [String] {
      words(session.receive(line(request(id, "session/load", #"{"sessionId":"s","cwd":"/w"}"#))))
    }
    #expect(load(1) == ["load number(1) s /w"])
    #expect(load(2)[0].contains("is under way"))
    #expect(words(session.receive(line(prompt(3))))[0].contains("is under way"))
    #expect(session.loaded(.number(1), "s").count == 1)
    #expect(load(4) == ["load number(4) s /w"])
    #expect(session.loaded(.number(4), "s").count == 1)
    #expect(words(session.receive(line(prompt(5)))) == ["work number(5) s mend it"])
  }

  @Test(
    arguments: [
      #"{"cwd":"relative"}"#, #"{"cwd":7}"#, "{}", #"{"cwd":"/a\u0000b"}"#,
    ]
  )
  func `a session needs a directory`(params: String) {
    let session = begun()
    let said = words(session.receive(line(request(9, "session/new", params))))
    #expect(said.count == 1 && said[0].contains(#""code":-32602"#), "\(said)")
  }

  @Test func `a session that is not there is none, and cannot be cancelled`() {
    let session = begun()
    #expect(words(session.receive(line(prompt(2, "other"))))[0].contains("-32002"))
    let cancel = #"{"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"other"}}"#
    #expect(session.receive(line(cancel)).isEmpty)
  }

  @Test func `an answer counts for its question, once, and only a choice is one`() throws {
    let session = begun()
    let request = PermissionRequest(
      session: "s",
      toolCall: ToolCallReport(id: "t", title: "Run it"),
      options: [PermissionOption(id: "once", name: "Once", kind: .allowOnce)]
    )
    func answer(_ id: Int, _ result: String) -> [UInt8] {
      line(#"{"jsonrpc":"2.0","id":\#(id),\#(result)}"#)
    }
    let chosen = #""result":{"outcome":{"outcome":"selected","optionId":"once"}}"#
    let (first, sent) = try #require(session.ask(request))
    #expect(words(sent)[0].contains(#""method":"session/request_permission""#))
    #expect(session.receive(answer(first.number + 7, chosen)).isEmpty)
    #expect(
      words(session.receive(answer(first.number, chosen)))
        == [#"answered \#(first.number) selected("once")"#]
    )
    #expect(session.receive(answer(first.number, chosen)).isEmpty)
    let others = [
      #""result":{}"#, #""result":{"outcome":{"outcome":"selected"}}"#,
      #""result":{"outcome":"selected"}"#, #""error":{"code":-32601,"message":"no"}"#,
    ]
    for other in others {
      let (ticket, _) = try #require(session.ask(request))
      let said = words(session.receive(answer(ticket.number, other)))
      #expect(said == ["answered \(ticket.number) cancelled"], "\(other)")
    }
    let (forgotten, _) = try #require(session.ask(request))
    session.forget(forgotten)
    #expect(session.receive(answer(forgotten.number, chosen)).isEmpty)
  }

  @Test func `requests and questions under way are bounded`() {
    let session = begun()
    for id in 100..<(100 + ACPAgentSession.most) {
      _ = session.receive(line(request(id, "session/new", #"{"cwd":"/w"}"#)))
    }
    let more = words(session.receive(line(request(99, "session/new", #"{"cwd":"/w"}"#))))
    #expect(more[0].contains("try again later"))
    let question = PermissionRequest(session: "s", toolCall: ToolCallReport(id: "t"), options: [])
    for _ in 0..<ACPAgentSession.most { #expect(session.ask(question) != nil) }
    #expect(session.ask(question) == nil)
  }

  @Test func `whatever is changed in what is heard, nothing is done without a session`() {
    var random = SplitMix(state: 7)
    let lines = [Self.hello, request(1, "session/new", #"{"cwd":"/w"}"#), prompt(2)]
    for _ in 0..<3_000 {
      let session = Agent()
      for text in lines {
        for action in session.receive(random.mutated([line(text)])) {
          if case .work = action { Issue.record("work without a session") }
        }
      }
    }
  }
}
