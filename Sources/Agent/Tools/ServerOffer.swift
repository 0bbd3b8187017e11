import Dialects
import MCP

/// What a server offers now, of what the policy allows.
struct ServerOffer: Sendable {
  /// Bytes of what a person is shown.
  private static let largest = 256 << 10

  let server: String
  /// By their names.
  let tools: [ToolDefinition]
  /// What a person is asked about it: its hash is what they pin.
  let inquiry: Inquiry

  init(_ entry: ServerEntry, _ tools: [ToolDefinition]) throws(ServerEntry.Problem) {
    server = entry.name
    self.tools = tools.sorted { $0.name < $1.name }
    inquiry = .tools(entry, self.tools)
    guard inquiry.action.bytes.count <= Self.largest else {
      throw ServerEntry.Problem(
        "the tools of \(server) are described in more than \(Self.largest >> 10) KiB, which nobody "
          + "reads; allow fewer of them"
      )
    }
    guard !tools.isEmpty else {
      throw ServerEntry.Problem("\(server) offers none of the tools that the policy allows")
    }
  }
}
