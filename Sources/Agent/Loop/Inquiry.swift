import ACP
import Dialects
import JSONRPC
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
  ///
  /// - Parameter times: how many times that amount is spent already, where each is asked about.
  static func spend(rule: String, times: Int64?) -> Inquiry {
    Inquiry(kind: "spend") { json in
      json.string("rule", rule)
      if let times { json.int("times", Int(clamping: times)) }
    }
  }

  /// Two branches of a plan that changed the same lines.
  static func conflict(_ task: String, _ conflict: PlanThread.Conflict) -> Inquiry {
    Inquiry(kind: "conflict") { json in
      json.int("attempts", conflict.attempts)
      json.string("complaint", ifAny: conflict.complaint)
      json.string("conflicts", ifAny: conflict.report.text)
      json.strings("paths", conflict.report.paths)
      json.string("run", conflict.child)
      json.string("task", task)
    }
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

  /// What another agent asks by ACP, with all that it told of it. Names that it gave for the sake of the
  /// wire, which are others each time, are left out.
  static func toolCall(of agent: String, _ request: PermissionRequest) -> Inquiry {
    let call = request.toolCall
    return Inquiry(kind: "tool-call") { json in
      json.string("agent", agent)
      json.string("title", ifAny: call.title)
      json.string("tool", ifAny: call.kind)
      if let input = call.rawInput?.json { json.string("input", CanonicalJSON.text(input)) }
      json.array("content") { list in
        for part in call.content ?? [] { list.object { part.show(in: &$0) } }
      }
      json.strings(
        "places",
        (call.locations ?? []).map { place in place.path + (place.line.map { ":\($0)" } ?? "") }
      )
      // A wider yes is told to the agent in its own words, so that they belong to what is answered.
      json.strings("choices", request.options.compactMap { $0.kind == nil ? nil : $0.name })
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

extension ToolCallReport.Part {
  fileprivate func show(in json: inout JSONWriter) {
    switch self {
    case .content(let block): json.string("text", block.words)
    case .diff(let path, let old, let new):
      json.string("path", path)
      json.string("old", orNull: old)
      json.string("new", new)
    case .terminal(let id): json.string("text", "[terminal \(id)]")
    case .other(let kind): json.string("text", "[\(kind)]")
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
