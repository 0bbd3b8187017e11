import Dialects
import Journal

/// A tool call as its intent will stand on record.
struct PreparedTool {
  let effect: EffectClass
  let hash: String
  let body: String
  /// What is written together with the intent, given its number.
  var together: ((Int) -> [WorkChange])?
}

extension AgentRun {
  /// Finds out what the intent has to say, so that what became of it can be told after a crash.
  func prepare(_ request: ToolRequest, _ call: ToolCall) async throws -> PreparedTool {
    switch request {
    case .bash(let command, let timeout):
      let effect: EffectClass = rules.commandEffect == .contained ? .contained : .opaque
      return prepared(call, effect) { json in
        json.string("command", command)
        json.int("timeout", ifAny: timeout.map { Int($0) })
      }
    case .read(let path, let offset, let limit):
      return prepared(call, .pure) { json in
        json.int("limit", limit)
        json.int("offset", offset)
        json.string("path", path)
      }
    case .write(let path, let content):
      let before = try await digest(of: path)
      return change(of: path, from: before, to: Array(content.utf8), call)
    case .edit(let path, let old, let new, let all):
      do {
        let (file, text) = try await edited(path, old, new, all)
        return change(of: path, from: Digest.text(file.bytes), to: text, call)
      } catch Workplace.Failure.refused(let text) {
        throw ToolRequest.Mistake(text: text)
      }
    case .ask(let question):
      var tool = prepared(call, .pure) { $0.string("question", question) }
      tool.together = { sequence in
        ask(Inquiry.question(question), number: sequence, scope: .once)
      }
      return tool
    case .spawn(let tasks):
      let beginning = try await beginning(for: tasks)
      let names = Self.makeChildren(tasks.count)
      let changes = try children(names, for: tasks, at: beginning)
      var tool = prepared(call, .pure) { json in
        json.string("beginning", ifAny: beginning)
        json.strings("children", names)
        json.strings("tasks", tasks)
      }
      tool.together = { _ in changes }
      return tool
    case .done:
      return prepared(call, .pure) { _ in }
    }
  }

  private func prepared(
    _ call: ToolCall,
    _ effect: EffectClass,
    _ write: (inout JSONWriter) -> Void
  ) -> PreparedTool {
    let body = JSONWriter.object { json in
      json.string("call", call.id)
      write(&json)
    }
    return PreparedTool(
      effect: effect,
      hash: Digest.text(body),
      body: String(decoding: body, as: UTF8.self)
    )
  }

  private func change(
    of path: String,
    from before: String?,
    to text: [UInt8],
    _ call: ToolCall
  ) -> PreparedTool {
    prepared(call, .probed) { json in
      json.string("after", Digest.text(text))
      json.string("before", ifAny: before)
      json.string("path", path)
    }
  }

  /// Nil where there is no file.
  func digest(of path: String) async throws -> String? {
    do {
      return try await workplace.file(path).map { Digest.text($0.bytes) }
    } catch Workplace.Failure.refused {
      return nil
    }
  }
}
