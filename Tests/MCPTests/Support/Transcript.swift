@testable import MCP

/// A session and what it did, said in short lines.
struct Transcript {
  var session: ClientSession
  private(set) var said: [String] = []

  init(_ options: SessionOptions = SessionOptions()) {
    session = ClientSession(options)
  }

  mutating func open() -> [String] { note(session.open()) }

  mutating func hear(_ text: String) -> [String] { note(session.receive(frame(text))) }

  mutating func expire(_ deadline: Deadline) -> [String] { note(session.expired(deadline)) }

  mutating func list(_ ticket: Int) -> [String] { note(session.listTools(Ticket(ticket))) }

  mutating func call(_ ticket: Int, _ tool: String, _ arguments: String = "{}") -> [String] {
    note(
      session.call(Ticket(ticket), tool: tool, arguments: arguments, timeout: .seconds(9))
    )
  }

  mutating func cancel(_ ticket: Int) -> [String] { note(session.cancel(Ticket(ticket))) }

  mutating func end(_ error: SessionError) -> [String] { note(session.end(error)) }

  private mutating func note(_ actions: [SessionAction]) -> [String] { actions.map(Self.line) }

  static func line(_ action: SessionAction) -> String {
    switch action {
    case .send(let frame): text(frame)
    case .wait(.probe, let time): "wait probe \(time)"
    case .wait(.opening, let time): "wait opening \(time)"
    case .wait(.request(let id), let time): "wait \(id) \(time)"
    case .opened(let info): "opened \(info.name) \(info.version) \(info.revision.rawValue)"
    case .listed(let ticket, let listing):
      "listed \(ticket.number) \(listing.tools.map(\.name))"
        + (listing.refused.isEmpty ? "" : " without \(listing.refused.map(\.name))")
    case .called(let ticket, let result):
      "called \(ticket.number) \(result.isError ? "error " : "")\(result.content)"
    case .failed(let ticket, let error): "failed \(ticket.number) \(error)"
    case .progressed(let ticket, let report): "progress \(ticket.number) \(report.progress)"
    case .toolsChanged: "tools changed"
    case .end(let error): "end \(error)"
    }
  }

  /// A session that shook hands with a server, at the newest revision or another.
  static func shaken(_ revision: String = "2025-11-25") -> Transcript {
    var options = SessionOptions()
    options.wire = .handshake
    var transcript = Transcript(options)
    _ = transcript.open()
    _ = transcript.hear(
      #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"\#(revision)","#
        + #""capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"s","version":"1"}}}"#
    )
    return transcript
  }

  /// A session with a server of the stateless revision.
  static func stateless(listChanged: Bool = false) -> Transcript {
    var transcript = Transcript()
    _ = transcript.open()
    _ = transcript.hear(
      #"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","supportedVersions":["2026-07-28"],"#
        + #""capabilities":{"tools":{"listChanged":\#(listChanged)}},"ttlMs":0,"cacheScope":"private","#
        + #""_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}}}"#
    )
    return transcript
  }

  /// Lists these tools, with id 2.
  mutating func offer(_ names: String...) {
    _ = list(100)
    let tools = names.map { #"{"name":"\#($0)","inputSchema":{"type":"object"}}"# }
    _ = hear(
      #"{"jsonrpc":"2.0","id":2,"result":{"tools":[\#(tools.joined(separator: ","))]}}"#
    )
  }
}
