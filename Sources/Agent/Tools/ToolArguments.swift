import Dialects

/// What a model wants of one of our tools, checked.
package enum ToolRequest: Sendable, Equatable {
  case bash(command: String, timeout: Int64?)
  case read(path: String, offset: Int, limit: Int)
  case write(path: String, content: String)
  case edit(path: String, old: String, new: String, all: Bool)
  case spawn(tasks: [String])
  case ask(question: String)
  case done(summary: String)

  /// What is wrong with a call, in words for the model.
  package struct Mistake: Error, Sendable, Equatable {
    package let text: String
  }

  /// Tasks that one call may give.
  static let mostTasks = 16

  package init(_ call: ToolCall) throws(Mistake) {
    let arguments: JSON
    do {
      arguments = try JSONDocument.object(Array(call.arguments.utf8), bounds: .answer)
    } catch {
      throw Mistake(text: "The arguments of \(call.name) cannot be read: \(error). Call it again.")
    }
    let reader = ArgumentReader(tool: call.name, json: arguments)
    switch call.name {
    case ToolName.bash:
      let timeout = try reader.integer("timeout_seconds")
      try reader.allow(["command", "timeout_seconds"])
      self = .bash(command: try reader.text("command"), timeout: timeout.map { Int64($0) })
    case ToolName.read:
      try reader.allow(["path", "offset", "limit"])
      self = .read(
        path: try reader.text("path"),
        offset: max(1, try reader.integer("offset") ?? 1),
        limit: min(max(1, try reader.integer("limit") ?? 2_000), 10_000)
      )
    case ToolName.write:
      try reader.allow(["path", "content"])
      self = .write(path: try reader.text("path"), content: try reader.text("content"))
    case ToolName.edit:
      try reader.allow(["path", "old", "new", "all"])
      let old = try reader.text("old")
      guard !old.isEmpty else {
        throw Mistake(text: "`old` of edit is empty; use write to make a file.")
      }
      self = .edit(
        path: try reader.text("path"),
        old: old,
        new: try reader.text("new"),
        all: arguments["all"]?.bool ?? false
      )
    case ToolName.spawn:
      try reader.allow(["tasks"])
      let tasks = (arguments["tasks"] ?? arguments).elements.compactMap(\.string)
      guard !tasks.isEmpty, tasks.count <= Self.mostTasks,
        tasks.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 100_000 })
      else {
        throw Mistake(text: "`tasks` of spawn is a list of 1 to \(Self.mostTasks) sentences.")
      }
      self = .spawn(tasks: tasks)
    case ToolName.ask:
      try reader.allow(["question"])
      self = .ask(question: try reader.text("question"))
    case ToolName.done:
      try reader.allow(["summary"])
      self = .done(summary: try reader.text("summary"))
    default:
      let names = ToolDefinitions.all.map(\.name).joined(separator: ", ")
      throw Mistake(text: "There is no tool `\(call.name)`. The tools are: \(names).")
    }
  }
}

/// Reads the arguments of one call.
private struct ArgumentReader {
  let tool: String
  let json: JSON

  func allow(_ names: Set<String>) throws(ToolRequest.Mistake) {
    for member in json.members where !names.contains(member.key.string ?? "") {
      throw ToolRequest.Mistake(
        text: "\(tool) has no argument `\(member.key.string ?? "")`; it takes "
          + names.sorted().joined(separator: ", ") + "."
      )
    }
  }

  func text(_ name: StaticString) throws(ToolRequest.Mistake) -> String {
    guard let text = json[name]?.string else {
      throw ToolRequest.Mistake(text: "\(tool) needs `\(name)`, a text.")
    }
    return text
  }

  func integer(_ name: StaticString) throws(ToolRequest.Mistake) -> Int? {
    guard let value = json.present(name) else { return nil }
    guard let int = value.int else {
      throw ToolRequest.Mistake(text: "`\(name)` of \(tool) is a whole number.")
    }
    return int
  }
}
