import Dialects
import Journal
import MCP

/// What a person is asked, whole: what is shown is what is hashed.
struct Inquiry: Sendable {
  let action: RawJSON

  var hash: String { Digest.text(Array(action.bytes)) }

  /// The agent's own question.
  static func question(_ text: String) -> Inquiry {
    Inquiry(kind: "question") { $0.string("question", text) }
  }

  /// A command that the policy wants seen.
  static func command(_ command: String, rule: String) -> Inquiry {
    Inquiry(kind: "command") { json in
      json.string("command", command)
      json.string("rule", rule)
    }
  }

  /// A change of a file, with what it is changed to.
  static func write(_ path: String, _ content: String, rule: String) -> Inquiry {
    Inquiry(kind: "write") { json in
      json.string("content", content)
      json.string("path", path)
      json.string("rule", rule)
    }
  }

  static func edit(_ path: String, _ old: String, _ new: String, rule: String) -> Inquiry {
    Inquiry(kind: "edit") { json in
      json.string("new", new)
      json.string("old", old)
      json.string("path", path)
      json.string("rule", rule)
    }
  }

  /// The amount that the rule names is part of the action, not what is spent by now: one answer holds
  /// for all that is above it.
  static func spend(rule: String) -> Inquiry {
    Inquiry(kind: "spend") { $0.string("rule", rule) }
  }

  /// A step whose worker died, and of which nobody but a person can tell.
  static func fate(of step: StepRecord) -> Inquiry {
    Inquiry(kind: "fate") { json in
      json.int("attempt", step.attempts)
      json.string("effect", step.intent.kind)
      json.raw("request", ifAny: try? RawJSON(parsing: step.intent.body))
      json.int("step", step.intent.sequence)
    }
  }

  /// A server with its tools, all that a model would be told of them, and what its run is sealed by.
  static func tools(_ entry: ServerEntry, _ tools: [ToolDefinition]) -> Inquiry {
    Inquiry(kind: "tools") { json in
      json.strings("command", entry.command)
      json.string("policy", entry.policy)
      json.string("server", entry.name)
      json.array("tools") { list in
        for tool in tools { list.object { tool.write(to: &$0, server: entry.name) } }
      }
    }
  }

  /// The server that such a question is about.
  static func server(in action: String) -> String? {
    guard let json = try? JSONDocument.object(Array(action.utf8), bounds: .answer),
      json["kind"]?.string == "tools"
    else { return nil }
    return json["server"]?.string
  }

  /// What was asked, to the letter, so that its hash is the same.
  init(_ approval: Approval) throws {
    action = try RawJSON(parsing: approval.action)
  }

  private init(kind: String, _ write: (inout JSONWriter) -> Void) {
    action = RawJSON { writer in
      writer.object { json in
        json.string("kind", kind)
        write(&json)
      }
    }
  }
}

extension ToolDefinition {
  fileprivate func write(to json: inout JSONWriter, server: String) {
    json.string("description", description)
    // Whoever reads it sees less than the model does.
    if hidesText { json.bool("hides_text", true) }
    json.string("name", name)
    json.string("pin", ToolPin(server: server, self).digest)
    json.string("title", ifAny: title)
    for (key, text) in [
      ("annotations", annotations), ("input_schema", inputSchema), ("output_schema", outputSchema),
    ] as [(StaticString, String?)] {
      guard let text else { continue }
      if let raw = try? RawJSON(parsing: text) {
        json.raw(key, raw)
      } else {
        json.string(key, text)
      }
    }
  }
}
