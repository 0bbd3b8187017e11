import JSONRPC
import Testing

@testable import MCP

struct OpeningTests {
  private static let discover =
    #"{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"#
    + #""io.modelcontextprotocol/protocolVersion":"2026-07-28","#
    + #""io.modelcontextprotocol/clientInfo":{"name":"caisson","version":"0"},"#
    + #""io.modelcontextprotocol/clientCapabilities":{}}}}"#

  private static func initialize(_ id: Int) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"initialize","params":{"protocolVersion":"2025-11-25","#
      + #""capabilities":{},"clientInfo":{"name":"caisson","version":"0"}}}"#
  }

  private static func greeting(_ id: Int, _ revision: String) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"result":{"protocolVersion":"\#(revision)","capabilities":{},"#
      + #""serverInfo":{"name":"s","version":"1"},"instructions":"Be kind."}}"#
  }

  private static let initialized = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#

  @Test(arguments: ProtocolRevision.allCases.filter { !$0.isStateless })
  func `a handshake settles on what the server speaks`(revision: ProtocolRevision) {
    var options = SessionOptions()
    options.wire = .handshake
    var session = Transcript(options)
    #expect(session.open() == [Self.initialize(1), "wait opening 60.0 seconds"])
    #expect(
      session.hear(Self.greeting(1, revision.rawValue))
        == [Self.initialized, "opened s 1 \(revision.rawValue)"]
    )
    #expect(session.session.server?.instructions == "Be kind.")
    #expect(session.expire(.opening) == [])
  }

  @Test func `a server of the stateless revision is asked for nothing more`() {
    var session = Transcript()
    #expect(
      session.open() == [Self.discover, "wait probe 5.0 seconds", "wait opening 60.0 seconds"]
    )
    #expect(
      session.hear(
        #"{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28","2025-11-25"],"#
          + #""capabilities":{},"serverInfo":{"name":"s","version":"2"}}}"#
      ) == ["opened s 2 2026-07-28"]
    )
    #expect(session.expire(.probe) == [])
  }

  @Test(arguments: [
    #""error":{"code":-32601,"message":"no such method"}"#,
    #""error":{"code":-32602,"message":"Invalid request parameters","data":""}"#,
    #""error":{"code":0,"message":"initialize first"}"#,
    #""error":{"code":-32022,"message":"x","data":{"supported":["2025-06-18"],"requested":"y"}}"#,
    #""result":{}"#,
    #""result":{"supportedVersions":["2025-11-25"]}"#,
  ])
  func `whatever else an older server says to the first question, hands are shaken`(answer: String)
  {
    var session = Transcript()
    _ = session.open()
    #expect(session.hear(#"{"jsonrpc":"2.0","id":1,\#(answer)}"#) == [Self.initialize(2)])
    #expect(
      session.hear(Self.greeting(2, "2024-11-05")) == [Self.initialized, "opened s 1 2024-11-05"]
    )
  }

  @Test func `a server that is silent at first gets a handshake, and may still answer either`() {
    var session = Transcript()
    _ = session.open()
    #expect(session.expire(.probe) == [Self.initialize(2)])
    #expect(session.expire(.probe) == [])
    var other = session
    #expect(other.hear(Self.greeting(2, "2025-06-18")).last == "opened s 1 2025-06-18")
    #expect(session.hear(#"{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no"}}"#) == [])
    #expect(
      session.hear(#"{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"]}}"#)
        == ["opened   2026-07-28"]
    )
  }

  @Test func `a handshake that a stateless server refuses is followed by the question once more`() {
    var session = Transcript()
    _ = session.open()
    #expect(session.hear(#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"?"}}"#).count == 1)
    let refusal = #"{"code":-32022,"message":"m","data":{"supported":["2026-07-28"]}}"#
    #expect(
      session.hear(#"{"jsonrpc":"2.0","id":2,"error":\#(refusal)}"#).first?
        .contains(#""method":"server/discover""#) == true
    )
    #expect(
      session.hear(#"{"jsonrpc":"2.0","id":3,"error":{"code":-32022,"message":"no","data":{}}}"#)
        .count == 1
    )
    #expect(
      session.hear(#"{"jsonrpc":"2.0","id":4,"error":\#(refusal)}"#)
        == ["end the server refused to begin: m (-32022)"]
    )
  }

  @Test func `a server of the future is told apart from one that is broken`() {
    var session = Transcript()
    _ = session.open()
    #expect(
      session.hear(
        #"{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"m","#
          + #""data":{"supported":["2030-01-01"]}}}"#
      ) == [
        "end the server speaks only revisions of the protocol that are not known here: 2030-01-01"
      ]
    )
    var options = SessionOptions()
    options.wire = .handshake
    var other = Transcript(options)
    _ = other.open()
    #expect(
      other.hear(Self.greeting(1, "2030-01-01"))
        == [
          "end the server speaks only revisions of the protocol that are not known here: 2030-01-01"
        ]
    )
  }

  @Test func `a client that speaks one wire alone does not try the other`() {
    var options = SessionOptions()
    options.wire = .stateless
    var session = Transcript(options)
    _ = session.open()
    #expect(session.expire(.probe) == [])
    #expect(
      session.hear(#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#)
        == ["end the server refused to begin: no (-32601)"]
    )
  }

  @Test func `a server that never answers is given up`() {
    var session = Transcript()
    _ = session.open()
    #expect(session.list(1) == ["failed 1 the session has not begun"])
    #expect(
      session.expire(.opening) == ["end the server did not answer within 60 s of its start"]
    )
    #expect(session.hear(Self.greeting(1, "2025-11-25")) == [])
    #expect(
      session.list(2) == ["failed 2 the server did not answer within 60 s of its start"]
    )
  }

  @Test func `changes of tools are subscribed to where the server tells of them`() {
    var session = Transcript()
    _ = session.open()
    let said = session.hear(
      #"{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"],"#
        + #""capabilities":{"tools":{"listChanged":true}}}}"#
    )
    #expect(said.count == 2)
    #expect(
      said.last?.hasPrefix(#"{"jsonrpc":"2.0","id":2,"method":"subscriptions/listen","#) == true
    )
    #expect(said.last?.contains(#""notifications":{"toolsListChanged":true}"#) == true)
    #expect(
      session.hear(#"{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no"}}"#) == []
    )
    #expect(session.session.server != nil)
  }
}
