import Dialects
import JSONRPC
import Testing

@testable import ACP

struct BodyTests {
  private static let updates: [SessionUpdate] = [
    .userMessage(.text("a")), .message(.text("b\n\"")),
    .thought(.link(uri: "file:///x", name: "x")),
    .toolCall(ToolCallReport(id: "t", title: "T", kind: "read", status: "pending")),
    .toolCallUpdate(full), .plan([SessionUpdate.PlanEntry(content: "c", priority: "high")]),
  ]

  private static let full: ToolCallReport = {
    var report = ToolCallReport(id: "t", status: "completed")
    report.content = [
      .content(.resource(uri: "u", text: "r")), .diff(path: "p", old: "o", new: "n"),
      .terminal("1"),
    ]
    report.locations = [
      ToolCallReport.Location(path: "p", line: 4), ToolCallReport.Location(path: "q"),
    ]
    report.rawInput = RawJSON { $0.string("i") }
    report.rawOutput = RawJSON { $0.object { $0.int("a", 1) } }
    return report
  }()

  @Test(arguments: updates)
  func `what one end writes the other reads`(update: SessionUpdate) throws {
    let frame = update.frame(of: "s")
    guard case .notification(ACPMethod.update, let params?) = try RPCMessage.parse(frame) else {
      Issue.record("no notification: \(text(frame))")
      return
    }
    #expect(params["sessionId"]?.string == "s")
    #expect(params["update"].flatMap(SessionUpdate.init) == update)
  }

  private static let odd: [(String, SessionUpdate?)] = [
    (
      #"{"sessionUpdate":"agent_message_chunk","content":{"type":"hologram"}}"#,
      .message(.other("hologram"))
    ),
    (
      #"{"sessionUpdate":"agent_message_chunk","content":{"type":"image","data":"AA","mimeType":"image/png"}}"#,
      .message(.media(kind: "image", type: "image/png"))
    ),
    (#"{"sessionUpdate":"agent_message_chunk","content":{"type":"text"}}"#, nil),
    (#"{"sessionUpdate":"agent_message_chunk"}"#, nil), (#"{"sessionUpdate":7}"#, nil),
    (#"{"sessionUpdate":"tool_call","toolCallId":7}"#, nil),
    (
      #"{"sessionUpdate":"tool_call","toolCallId":"t","title":5,"content":"x","locations":[{}]}"#,
      .toolCall(oddReport)
    ),
    (
      #"{"sessionUpdate":"plan","entries":[{"content":"a"},{},7]}"#,
      .plan([SessionUpdate.PlanEntry(content: "a")])
    ),
    (#"{"sessionUpdate":"from_the_future","a":[]}"#, .other("from_the_future")),
  ]

  private static let oddReport: ToolCallReport = {
    var report = ToolCallReport(id: "t")
    report.locations = []
    return report
  }()

  @Test(arguments: odd)
  func `what is odd is read as far as it can be`(said: String, update: SessionUpdate?) throws {
    #expect(SessionUpdate(try json(said)) == update)
  }

  @Test func `an agent reads what clients ask`() throws {
    #expect(
      try AgentRequest("session/new", json(#"{"cwd":"/w","mcpServers":[]}"#))
        == .newSession(directory: "/w")
    )
    #expect(
      try AgentRequest("session/load", json(#"{"cwd":"/w","sessionId":"s"}"#))
        == .loadSession("s", directory: "/w")
    )
    #expect(
      try AgentRequest(
        "session/prompt",
        json(#"{"sessionId":"s","prompt":[{"type":"text","text":"a"},{"type":"new"}]}"#)
      ) == .prompt(session: "s", [.text("a"), .other("new")])
    )
    #expect(try AgentRequest("authenticate", json(#"{"methodId":"m"}"#)) == .authenticate("m"))
    #expect(AgentNotice("session/cancel", try json(#"{"sessionId":"s"}"#)) == .cancel(session: "s"))
    let greeting = ClientGreeting(identity: ACPIdentity(name: "zed", version: "1"))
    guard
      case .request(_, let method, let params) = try RPCMessage.parse(greeting.frame(.number(0)))
    else {
      Issue.record("no request")
      return
    }
    #expect(try AgentRequest(method, params) == .initialize(greeting))
  }

  private static let refused: [(String, String, Int)] = [
    ("session/new", #"{}"#, RPCError.invalidParams),
    ("session/new", #"{"cwd":"w"}"#, RPCError.invalidParams),
    ("session/new", #"{"cwd":"/w\u0000"}"#, RPCError.invalidParams),
    ("session/prompt", #"{"sessionId":"s","prompt":"x"}"#, RPCError.invalidParams),
    ("session/prompt", #"{"sessionId":"s","prompt":[7]}"#, RPCError.invalidParams),
    ("session/prompt", #"{"prompt":[]}"#, RPCError.invalidParams),
    ("initialize", #"{}"#, RPCError.invalidParams),
    ("session/fork", #"{}"#, RPCError.methodNotFound),
  ]

  @Test(arguments: refused)
  func `an agent refuses what lacks something`(method: String, params: String, code: Int) throws {
    let params = try json(params)
    let error = #expect(throws: RPCError.self) { try AgentRequest(method, params) }
    #expect(error?.code == code)
  }

  @Test func `a client's answer that is not understood allows nothing`() throws {
    #expect(
      PermissionOutcome(try json(#"{"outcome":{"outcome":"selected","optionId":"y"}}"#))
        == .selected("y")
    )
    for said in [
      #"{"outcome":{"outcome":"cancelled"}}"#, #"{"outcome":{"outcome":"selected"}}"#,
      #"{"outcome":"selected"}"#, "{}", "null",
    ] { #expect(PermissionOutcome(try json(said)) == .cancelled) }
  }

  @Test func `what is kept of tools has a bound`() {
    var reports = ToolCallReports()
    let big = String(repeating: "x", count: 1 << 20)
    for number in 0..<40 {
      var report = ToolCallReport(id: "\(number)", title: "t")
      report.content = [.content(.text(big))]
      _ = reports.note(report)
    }
    #expect(reports.note(ToolCallReport(id: "0", status: "failed")).title == nil)
    #expect(reports.note(ToolCallReport(id: "39", status: "failed")).title == "t")
  }
}
