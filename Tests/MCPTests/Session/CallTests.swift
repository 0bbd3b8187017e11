import JSONRPC
import Testing

@testable import MCP

struct CallTests {
  @Test(arguments: ProtocolRevision.allCases.filter { !$0.isStateless })
  func `a tool is listed, called and answered`(revision: ProtocolRevision) {
    var session = Transcript.shaken(revision.rawValue)
    #expect(
      session.list(1)
        == [#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}"#, "wait 2 30.0 seconds"]
    )
    #expect(
      session.hear(
        #"{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"a","inputSchema":{}}]}}"#
      ) == [#"listed 1 ["a"]"#]
    )
    #expect(
      session.call(2, "a", #" { "x" : [1.50] } "#) == [
        #"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"a","#
          + #""arguments":{ "x" : [1.50] },"_meta":{"progressToken":3}}}"#, "wait 3 9.0 seconds",
      ]
    )
    #expect(
      session.hear(
        #"{"jsonrpc":"2.0","method":"notifications/progress","#
          + #""params":{"progressToken":3,"progress":0.5}}"#
      ) == ["progress 2 0.5"]
    )
    #expect(
      session.hear(
        #"{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"hi"}],"isError":true}}"#
      ) == [#"called 2 error [MCP.ToolContent.text("hi")]"#]
    )
    #expect(session.expire(.request(3)) == [])
  }

  @Test func `the stateless wire says with each request who asks`() {
    var session = Transcript.stateless()
    session.offer("a")
    let said = session.call(2, "a")
    #expect(
      said.first?.hasSuffix(
        #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#
          + #""io.modelcontextprotocol/clientInfo":{"name":"caisson","version":"0"},"#
          + #""io.modelcontextprotocol/clientCapabilities":{},"progressToken":3}}}"#
      ) == true
    )
    #expect(
      session.hear(
        #"{"jsonrpc":"2.0","id":3,"result":{"resultType":"complete","content":[]}}"#
      ) == ["called 2 []"]
    )
  }

  @Test func `a list comes in pages, and an endless one is given up`() {
    var session = Transcript.shaken()
    _ = session.list(1)
    func page(_ id: Int, _ name: String, _ cursor: String?) -> String {
      let next = cursor.map { #","nextCursor":"\#($0)""# } ?? ""
      return
        #"{"jsonrpc":"2.0","id":\#(id),"result":{"tools":[{"name":"\#(name)","inputSchema":{}}]"#
        + "\(next)}}"
    }
    #expect(
      session.hear(page(2, "a", "p2"))
        == [
          #"{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"cursor":"p2"}}"#,
          "wait 3 30.0 seconds",
        ]
    )
    var endless = session
    #expect(session.hear(page(3, "b", nil)) == [#"listed 1 ["a", "b"]"#])
    #expect(
      endless.hear(page(3, "b", "p2"))
        == ["failed 1 the server's answer is not understood: its list has no end"]
    )
    var many = Transcript.shaken()
    _ = many.list(1)
    var last: [String] = []
    for id in 2...70 { last = last + many.hear(page(id, "t\(id)", "c\(id)")) }
    #expect(last.last == "failed 1 the server's answer is not understood: its list has no end")
  }

  @Test func `tools that cannot be told apart or described are left out`() {
    var session = Transcript.shaken()
    _ = session.list(1)
    let tools = [
      #"{"name":"good","inputSchema":{"type":"object"}}"#, #"{"name":"twin","inputSchema":{}}"#,
      #"{"name":"twin","inputSchema":{"a":1}}"#, #"{"name":"bare"}"#, #"{"inputSchema":{}}"#,
      #"{"name":"a b","inputSchema":{}}"#, #"{"name":"evil\u001b[2J","inputSchema":{}}"#,
      #"{"name":"odd","inputSchema":{},"description":7}"#,
      #"{"name":"large","inputSchema":{"x":"\#(String(repeating: "x", count: 140_000))"}}"#,
    ]
    #expect(
      session.hear(
        #"{"jsonrpc":"2.0","id":2,"result":{"tools":[\#(tools.joined(separator: ","))]}}"#
      ) == [
        #"listed 1 ["good"] without ["bare", "", "a b", "evil\u{1B}[2J", "odd", "large", "twin"]"#
      ]
    )
    #expect(session.call(2, "twin") == ["failed 2 the server offers no tool twin"])
  }

  @Test func `tools that have changed are not called until they are listed again`() {
    var session = Transcript.shaken()
    #expect(
      session.call(1, "a")
        == ["failed 1 the server's tools must be listed and checked before one is called"]
    )
    session.offer("a")
    let changed = #"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#
    #expect(session.hear(changed) == ["tools changed"])
    #expect(session.hear(changed) == [])
    #expect(session.call(2, "a").first?.hasPrefix("failed 2 the server's tools must") == true)
    // And those that change while they are listed must be listed once more.
    _ = session.list(3)
    #expect(session.hear(changed) == ["tools changed"])
    #expect(
      session.hear(#"{"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"a","inputSchema":{}}]}}"#)
        == [#"listed 3 ["a"]"#]
    )
    #expect(session.call(4, "a").first?.hasPrefix("failed 4 the server's tools must") == true)
    _ = session.list(5)
    _ = session.hear(
      #"{"jsonrpc":"2.0","id":4,"result":{"tools":[{"name":"a","inputSchema":{}}]}}"#
    )
    #expect(session.call(6, "a").count == 2)
  }

  @Test func `a call that takes too long is cancelled, and its late answer counted`() {
    var session = Transcript.shaken()
    session.offer("a")
    _ = session.call(1, "a")
    #expect(
      session.expire(.request(3)) == [
        #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3,"#
          + #""reason":"it took too long"}}"#,
        "failed 1 the server did not answer in time; the call was cancelled, and may have happened",
      ]
    )
    #expect(session.hear(#"{"jsonrpc":"2.0","id":3,"result":{"content":[]}}"#) == [])
    #expect(session.session.counters.lateAnswers == 1)
    #expect(session.hear(#"{"jsonrpc":"2.0","id":77,"result":{}}"#) == [])
    #expect(session.hear(#"{"jsonrpc":"2.0","id":"3","result":{}}"#) == [])
    #expect(session.session.counters.unknownAnswers == 2)
    _ = session.call(2, "a")
    #expect(session.cancel(2).last == "failed 2 the call was cancelled, and may have happened")
    #expect(session.cancel(2) == [])
  }

  @Test func `what a server asks is answered for ping alone`() {
    var session = Transcript.shaken()
    #expect(
      session.hear(#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#)
        == [#"{"jsonrpc":"2.0","id":"p","result":{}}"#]
    )
    for method in ["sampling/createMessage", "elicitation/create", "roots/list", "tools/call"] {
      #expect(
        session.hear(#"{"jsonrpc":"2.0","id":5,"method":"\#(method)","params":{}}"#) == [
          #"{"jsonrpc":"2.0","id":5,"error":{"code":-32601,"#
            + #""message":"this client does not offer \#(method)"}}"#
        ]
      )
    }
    #expect(session.session.counters.refusedRequests == 4)
    var stateless = Transcript.stateless()
    #expect(stateless.hear(#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#) == [])
  }

  @Test func `an answer that wants a person first is a failure`() {
    var session = Transcript.stateless()
    session.offer("a")
    _ = session.call(1, "a")
    #expect(
      session.hear(
        #"{"jsonrpc":"2.0","id":3,"result":{"resultType":"input_required","inputRequests":{"#
          + #""k":{"method":"elicitation/create","params":{}}}}}"#
      ) == [
        "failed 1 the server asks for elicitation/create before it answers, which is not offered"
      ]
    )
    _ = session.call(2, "a")
    #expect(
      session.hear(#"{"jsonrpc":"2.0","id":4,"result":{"resultType":"task","content":[]}}"#)
        == ["failed 2 the server's answer is not understood: its resultType is not known here"]
    )
  }

  @Test func `arguments are an object without duplicates, and have a bound`() {
    var session = Transcript.shaken()
    session.offer("a")
    #expect(
      session.call(1, "a", #"{"x":1,"x":2}"#)
        == [
          "failed 1 the arguments are refused: the message has the same key twice in one object "
            + "(byte 8)"
        ]
    )
    #expect(session.call(2, "a", "[]").first?.hasPrefix("failed 2 the arguments are") == true)
    let large = #"{"x":"\#(String(repeating: "x", count: (4 << 20) - 40))"}"#
    #expect(session.call(3, "a", large).first?.hasPrefix("failed 3 the call has 41") == true)
    #expect(session.session.pending.isEmpty)
  }

  @Test func `only so many requests are under way`() {
    var session = Transcript.shaken()
    session.offer("a")
    for ticket in 0..<64 { #expect(session.call(ticket, "a").count == 2) }
    #expect(
      session.call(64, "a")
        == ["failed 64 64 calls wait for this server already; try again later"]
    )
  }

  @Test func `a frame that is refused ends the session, noise does not at once`() {
    var session = Transcript.shaken()
    session.offer("a")
    _ = session.call(1, "a")
    for _ in 0..<64 { #expect(session.hear("Server running on stdio") == []) }
    var noisy = session
    #expect(noisy.hear("once more").last?.hasPrefix("end the server wrote 65 lines") == true)
    let said = session.hear(#"[{"jsonrpc":"2.0","id":3,"result":{}}]"#)
    let why =
      "the server broke the protocol: the message is a batch, which is not accepted; "
      + "the session was ended"
    #expect(said == ["failed 1 \(why)", "end \(why)"])
    #expect(session.hear(#"{"jsonrpc":"2.0","id":3,"result":{"content":[]}}"#) == [])
  }
}
