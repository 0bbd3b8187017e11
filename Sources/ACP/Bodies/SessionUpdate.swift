package import Dialects
import JSONRPC

/// What an agent tells while it works.
package enum SessionUpdate: Hashable, Sendable {
  case userMessage(ContentBlock)
  case message(ContentBlock)
  case thought(ContentBlock)
  case toolCall(ToolCallReport)
  case toolCallUpdate(ToolCallReport)
  case plan([PlanEntry])
  /// A kind that means nothing here, by its name.
  case other(String)

  package struct PlanEntry: Hashable, Sendable {
    package var content: String
    /// `high`, `medium`, `low`.
    package var priority: String
    /// `pending`, `in_progress`, `completed`.
    package var status: String

    package init(content: String, priority: String = "medium", status: String = "pending") {
      self.content = content
      self.priority = priority
      self.status = status
    }
  }

  static let mostEntries = 1024

  /// Reads the member `update`; nil where it is of a known kind and lacks what that needs.
  package init?(_ json: JSON) {
    guard let kind = json["sessionUpdate"]?.string else { return nil }
    switch kind {
    case "user_message_chunk", "agent_message_chunk", "agent_thought_chunk":
      guard let block = json["content"].flatMap(ContentBlock.init) else { return nil }
      switch kind {
      case "user_message_chunk": self = .userMessage(block)
      case "agent_message_chunk": self = .message(block)
      default: self = .thought(block)
      }
    case "tool_call", "tool_call_update":
      guard let report = ToolCallReport(json) else { return nil }
      self = kind == "tool_call" ? .toolCall(report) : .toolCallUpdate(report)
    case "plan":
      guard let entries = json["entries"], entries.isArray else { return nil }
      self = .plan(
        entries.elements.prefix(Self.mostEntries).compactMap { entry in
          entry["content"]?.string.map {
            PlanEntry(
              content: $0,
              priority: entry["priority"]?.string ?? "medium",
              status: entry["status"]?.string ?? "pending"
            )
          }
        }
      )
    default: self = .other(String(kind.prefix(64)))
    }
  }

  /// The notification that tells it.
  package func frame(of session: String) -> [UInt8] {
    Frame.notification(ACPMethod.update) { params in
      params.string("sessionId", session)
      params.object("update", write)
    }
  }

  private func write(_ object: inout JSONWriter) {
    func chunk(_ kind: String, _ block: ContentBlock) {
      object.string("sessionUpdate", kind)
      object.key("content")
      block.write(to: &object)
    }
    switch self {
    case .userMessage(let block): chunk("user_message_chunk", block)
    case .message(let block): chunk("agent_message_chunk", block)
    case .thought(let block): chunk("agent_thought_chunk", block)
    case .toolCall(let report):
      object.string("sessionUpdate", "tool_call")
      report.write(to: &object)
    case .toolCallUpdate(let report):
      object.string("sessionUpdate", "tool_call_update")
      report.write(to: &object)
    case .plan(let entries):
      object.string("sessionUpdate", "plan")
      object.array("entries") { list in
        for entry in entries {
          list.object { object in
            object.string("content", entry.content)
            object.string("priority", entry.priority)
            object.string("status", entry.status)
          }
        }
      }
    case .other(let kind):
      object.string("sessionUpdate", kind)
    }
  }
}
