import Dialects

/// The tools of our own agent as a model is told of them: few, in an order that never changes, so that
/// a provider's cache of a prompt's beginning holds.
enum ToolDefinitions {
  struct Definition: Sendable {
    let name: String
    let description: String
    /// The properties of a JSON schema, and which of them are needed.
    let properties: StaticString
    let required: StaticString
  }

  static let all: [Definition] = [
    Definition(
      name: ToolName.bash,
      description: """
        Runs a command with bash in the workspace and gives what it prints. Each call is a new shell; \
        files stay. It is sealed: what it may not reach it cannot reach.
        """,
      properties: """
        {"command":{"type":"string","description":"The command."},\
        "timeout_seconds":{"type":"integer","description":"Ends it after so long."}}
        """,
      required: #"["command"]"#
    ),
    Definition(
      name: ToolName.read,
      description: "Gives lines of a text file, numbered, or the names in a directory.",
      properties: """
        {"path":{"type":"string","description":"From the workspace, or absolute."},\
        "offset":{"type":"integer","description":"The first line, from 1."},\
        "limit":{"type":"integer","description":"How many lines; 2000 by default."}}
        """,
      required: #"["path"]"#
    ),
    Definition(
      name: ToolName.write,
      description: "Makes a file, or replaces the whole of one.",
      properties: """
        {"path":{"type":"string"},"content":{"type":"string"}}
        """,
      required: #"["path","content"]"#
    ),
    Definition(
      name: ToolName.edit,
      description: """
        Replaces text in a file. `old` must stand in it exactly once, spaces and breaks of lines \
        included, unless `all` is true.
        """,
      properties: """
        {"path":{"type":"string"},"old":{"type":"string"},"new":{"type":"string"},\
        "all":{"type":"boolean"}}
        """,
      required: #"["path","old","new"]"#
    ),
    Definition(
      name: ToolName.spawn,
      description: """
        Gives part of the work to other agents, each in a copy of its own, and waits for them. \
        Tells what each says and which run holds its changes.
        """,
      properties: """
        {"tasks":{"type":"array","items":{"type":"string"},"description":"One sentence for each."}}
        """,
      required: #"["tasks"]"#
    ),
    Definition(
      name: ToolName.ask,
      description: """
        Asks the person who gave the work, when it cannot go on without an answer. It may take hours.
        """,
      properties: #"{"question":{"type":"string"}}"#,
      required: #"["question"]"#
    ),
    Definition(
      name: ToolName.done,
      description: "Ends the work. Say what was done, how it was checked, and what is left.",
      properties: #"{"summary":{"type":"string"}}"#,
      required: #"["summary"]"#
    ),
  ]

  /// As OpenAI's chat dialect has them.
  ///
  /// - Parameter others: those of servers, which come after our own.
  static func json(without left: Set<String> = [], and others: [RawJSON] = []) -> RawJSON {
    RawJSON { writer in
      writer.array { list in
        for tool in all where !left.contains(tool.name) {
          list.object { item in
            item.string("type", "function")
            item.object("function") { function in
              function.string("name", tool.name)
              function.string("description", tool.description)
              function.object("parameters") { schema in
                schema.string("type", "object")
                schema.raw("properties", RawJSON(literal: tool.properties))
                schema.raw("required", RawJSON(literal: tool.required))
                schema.bool("additionalProperties", false)
              }
            }
          }
        }
        for other in others { list.raw(other) }
      }
    }
  }
}

extension RawJSON {
  /// A text of this program; empty where it were not well-formed, which a test rules out.
  fileprivate init(literal text: StaticString) {
    self = (try? RawJSON(parsing: text.description)) ?? RawJSON { $0.object { _ in } }
  }
}
