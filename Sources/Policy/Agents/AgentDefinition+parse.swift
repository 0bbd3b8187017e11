extension AgentDefinition {
  /// Reads a document, and reports everything that is wrong with it at once.
  ///
  /// - Parameter name: What the agent is asked for by; the document says the same.
  package static func parse(
    _ yaml: String,
    file: String,
    name: String
  ) throws(PolicyError) -> AgentDefinition {
    try DocumentReading.read(yaml, file: file, vocabulary: AgentSchema.vocabulary) { reader, root in
      var agent = AgentDefinition(name: name)
      reader.read(root, into: &agent)
      return agent
    }
  }
}

extension NodeReader {
  fileprivate mutating func read(_ root: YAMLNode, into agent: inout AgentDefinition) {
    let parts = map(root, "", keys: AgentSchema.document)
    guard case .map = root.content else { return }
    version(parts["version"], root)
    name(parts["name"], root, agent.name)
    agent.manner = choice(parts["protocol"], "protocol") ?? agent.manner
    agent.permissions = choice(parts["permissions"], "permissions") ?? agent.permissions
    checkManner(agent.manner, parts)
    agent.task = choice(parts["task"], "task") ?? agent.task
    let task = agent.manner == .acp ? nil : agent.task
    agent.command = command(parts["command"], root, task)
    agent.model =
      value(parts["model"], "model", example: "openai/$MODEL", Self.modelName) ?? agent.model
    if let node = parts["environment"] {
      agent.environment = variables(node, "environment")
      check(agent.environment, node)
    }
    if let node = parts["policy"] {
      let keys = map(node, "policy", keys: AgentSchema.policy)
      agent.read =
        values(keys["read"], "policy.read", example: "/opt/agent") {
          text,
          item throws(ValueProblem) in try PathRule(parsing: text, in: .read, line: item.line)
        } ?? []
      agent.programs =
        values(keys["programs"], "policy.programs", example: "aider") {
          text,
          _ throws(ValueProblem) in try Names.program(text)
        } ?? []
    }
    if let node = parts["end"] {
      let keys = map(node, "end", keys: AgentSchema.end)
      agent.done = statuses(keys["status"]) ?? agent.done
      agent.summary =
        value(keys["summary"], "end.summary", example: "last-lines 20", Self.summaryPlace)
        ?? agent.summary
    }
    agent.restart = choice(parts["restart"], "restart") ?? agent.restart
  }

  private mutating func name(_ node: YAMLNode?, _ root: YAMLNode, _ expected: String) {
    guard let node else {
      return report(root, "name", "the key is missing", "write name: \(expected)")
    }
    guard let name = text(node, "name", example: "name: aider"), name != expected else { return }
    report(
      node,
      "name",
      "\(quoted(name)) is not what the agent is asked for by",
      "write \(expected), or name the file \(name).yaml"
    )
  }

  /// What an agent tells by a protocol is not told in another way besides.
  private mutating func checkManner(
    _ manner: AgentDefinition.Manner,
    _ parts: [String: YAMLNode]
  ) {
    switch manner {
    case .acp:
      for key in ["task", "end"] {
        guard let node = parts[key] else { continue }
        report(
          node,
          key,
          "an agent that speaks ACP is told its task, and tells its end, by that protocol",
          "take the key out"
        )
      }
    case .command:
      guard let node = parts["permissions"] else { return }
      report(
        node,
        "permissions",
        "an agent that speaks no protocol asks nobody",
        "write protocol: acp, or take the key out"
      )
    }
  }

  // MARK: Command

  private mutating func command(
    _ node: YAMLNode?,
    _ root: YAMLNode,
    _ task: AgentDefinition.TaskWay?
  ) -> [String] {
    guard let node else {
      report(root, "command", "the key is missing", "write command: [aider, --message, $TASK]")
      return []
    }
    let words = values(node, "command", example: "aider, --message, $TASK") {
      text,
      _ throws(ValueProblem) in try Self.word(text)
    }
    guard let words, problems.isEmpty else { return words ?? [] }
    if words.isEmpty {
      report(node, "command", "the command is empty", "write [aider, --message, $TASK]")
    }
    let needed: [AgentDefinition.TaskWay: AgentDefinition.Variable] = [
      .argument: .task, .file: .taskFile,
    ]
    for (way, variable) in needed {
      let isThere = words.contains(variable.rawValue)
      if task == way, !isThere {
        report(
          node,
          "command",
          "no word is \(variable.rawValue), so the agent would not learn its task",
          "add the word \(variable.rawValue), or write task: stdin"
        )
      } else if task != way, isThere {
        report(
          node,
          "command",
          "\(variable.rawValue) stands there, and the task is told by "
            + (task?.rawValue ?? "the protocol"),
          task == nil ? "take it out" : "take it out, or write task: \(way.rawValue)"
        )
      }
    }
    return words
  }

  private static func word(_ text: String) throws(ValueProblem) -> String {
    let known = AgentDefinition.Variable.allCases.map(\.rawValue)
    if known.contains(text) { return text }
    let inside = known.first { text.contains($0) }
    if let inside {
      throw ValueProblem(
        "\(quoted(text)) holds \(inside), and a variable is a whole word",
        remedy: "write \(inside) as a word of its own"
      )
    }
    let isName = text.utf8.dropFirst().allSatisfy { $0 == 0x5F || (0x41...0x5A).contains($0) }
    if text.hasPrefix("$"), text.utf8.count > 1, isName {
      throw ValueProblem(
        "\(quoted(text)) is not a variable here",
        remedy: nearest(to: text, in: known).map { "did you mean \($0)?" }
          ?? "use \(known.joined(separator: ", "))"
      )
    }
    return text
  }

  private mutating func check(_ environment: [String: String], _ node: YAMLNode) {
    for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
      do {
        guard try Self.word(value) == AgentDefinition.Variable.task.rawValue else { continue }
        report(
          node,
          join("environment", name),
          "a task in the environment would be told to every program below",
          "write task: argument, file or stdin"
        )
      } catch {
        report(node, join("environment", name), error.what, error.remedy)
      }
    }
  }

  // MARK: Values

  private static func modelName(_ text: String) throws(ValueProblem) -> String {
    let variable = AgentDefinition.Variable.model.rawValue
    let pieces = text.split(separator: variable, omittingEmptySubsequences: false)
    guard pieces.count == 2 else {
      throw ValueProblem(
        "\(quoted(text)) does not hold \(variable) once",
        remedy: "write it as the agent names models, as in openai/\(variable)"
      )
    }
    return text
  }

  private static func summaryPlace(_ text: String) throws(ValueProblem) -> AgentDefinition.Summary {
    let parts = text.split(separator: " ", maxSplits: 1)
    if parts.count == 2, parts[0] == "last-lines", let lines = Int(parts[1]),
      (1...1000).contains(lines)
    {
      return .lastLines(lines)
    }
    if parts.count == 2, parts[0] == "file" { return .file(String(parts[1])) }
    throw ValueProblem(
      "\(quoted(text)) says nothing about where the summary is",
      remedy: "write last-lines 20 (1 to 1000), or file /tmp/summary.md"
    )
  }

  private mutating func statuses(_ node: YAMLNode?) -> [Int32]? {
    values(node, "end.status", example: "0") { text, _ throws(ValueProblem) in
      guard let status = Int32(text), (0...255).contains(status) else {
        throw ValueProblem("\(quoted(text)) is not an exit status", remedy: "name 0 to 255")
      }
      return status
    }
  }

  private mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ node: YAMLNode?,
    _ key: String
  ) -> Choice? where Choice.RawValue == String {
    let names = Choice.allCases.map(\.rawValue)
    return value(node, key, example: names.first ?? "") { text throws(ValueProblem) in
      guard let choice = Choice(rawValue: text) else {
        throw ValueProblem(
          "\(quoted(text)) is not known here",
          remedy: "use one of \(names.joined(separator: ", "))"
        )
      }
      return choice
    }
  }
}
