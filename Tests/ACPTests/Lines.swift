import ACP
import Dialects
import JSONRPC

/// A text as a line, and back.
func line(_ text: String) -> [UInt8] { Array(text.utf8) }

func text(_ line: [UInt8]) -> String { String(decoding: line, as: UTF8.self) }

func json(_ text: String) throws -> JSON { try JSONDocument(line(text)).root }

/// A session, and what an agent that knows the protocol says to it.
struct Talk {
  var session: ACPClientSession
  private(set) var sent: [String] = []

  init(former: ACPClientSession.Former? = nil, options: ACPOptions = ACPOptions()) {
    session = ACPClientSession(
      directory: "/work",
      prompt: "mend it",
      former: former,
      options: options
    )
  }

  /// What comes of a line, but for what is sent, which is kept.
  mutating func hear(_ text: String) -> [ACPClientAction] {
    note(session.receive(line(text)))
  }

  mutating func note(_ actions: [ACPClientAction]) -> [ACPClientAction] {
    actions.filter { action in
      guard case .send(let frame) = action else { return true }
      sent.append(String(decoding: frame, as: UTF8.self))
      return false
    }
  }

  mutating func takeSent() -> [String] {
    defer { sent = [] }
    return sent
  }

  /// Goes as far as that the agent works in the session `s`.
  mutating func work() -> [ACPClientAction] {
    _ = note(session.begin())
    _ = hear(#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1}}"#)
    let actions = hear(#"{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s"}}"#)
    _ = takeSent()
    return actions
  }
}
