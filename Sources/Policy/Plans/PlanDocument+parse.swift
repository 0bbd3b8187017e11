extension PlanDocument {
  /// Reads a plan, and reports everything that is wrong with it at once.
  package static func parse(
    _ yaml: String,
    file: String
  ) throws(PolicyError) -> PlanDocument {
    try DocumentReading.read(yaml, file: file, vocabulary: PlanSchema.vocabulary) { reader, root in
      var plan = PlanDocument()
      reader.read(root, into: &plan)
      return plan
    }
  }
}

extension NodeReader {
  fileprivate mutating func read(_ root: YAMLNode, into plan: inout PlanDocument) {
    let keys = map(root, "", keys: PlanSchema.document)
    guard case .map = root.content else { return }
    version(keys["version"], root)
    plan.atOnce =
      number(keys["at-once"], "at-once", 1...PlanDocument.mostAtOnce, example: "4") ?? plan.atOnce
    plan.conflicts =
      value(keys["conflicts"], "conflicts", example: "ask") { text throws(ValueProblem) in
        try Self.conflicts(text)
      } ?? plan.conflicts
    guard let node = keys["tasks"] else {
      return report(
        root,
        "tasks",
        "the key is missing",
        "write tasks: [{ name: parser, task: \"Write the parser.\" }]"
      )
    }
    let items = list(node, "tasks", example: "{ name: parser, task: \"Write the parser.\" }")
    if case .list = node.content, items.isEmpty || items.count > PlanDocument.mostParts {
      report(
        node,
        "tasks",
        "there are \(items.count) tasks",
        "a plan has 1 to \(PlanDocument.mostParts)"
      )
    }
    var places: [String: YAMLNode] = [:]
    for item in items.prefix(PlanDocument.mostParts) {
      guard let part = part(item.node, item.path) else { continue }
      if places[part.name] != nil {
        report(
          item.node,
          "\(item.path).name",
          "two tasks are called \(quoted(part.name))",
          "give one of them another name"
        )
        continue
      }
      places[part.name] = item.node
      plan.parts.append(part)
    }
    if problems.isEmpty { checkOrder(plan, places, node) }
  }

  private mutating func checkOrder(
    _ plan: PlanDocument,
    _ places: [String: YAMLNode],
    _ tasks: YAMLNode
  ) {
    let names = plan.parts.map(\.name)
    for part in plan.parts {
      let node = places[part.name] ?? tasks
      for name in part.after where !names.contains(name) {
        let hint = nearest(to: name, in: names).map { "did you mean '\($0)'?" }
        report(
          node,
          "after",
          "\(quoted(part.name)) waits for \(quoted(name)), and no task is called that",
          hint ?? "name one of \(names.prefix(10).joined(separator: ", "))"
        )
      }
    }
    let cycle = problems.isEmpty ? plan.cycle : []
    if let first = cycle.first {
      report(
        places[first] ?? tasks,
        "after",
        "tasks wait for one another: \(cycle.joined(separator: " after "))",
        "take one of them out of after"
      )
    }
  }

  private mutating func part(_ node: YAMLNode, _ path: String) -> PlanDocument.Part? {
    let keys = map(node, path, keys: PlanSchema.part)
    guard case .map = node.content else { return nil }
    for key in ["name", "task"] where keys[key] == nil {
      report(
        node,
        "\(path).\(key)",
        "the key is missing",
        "write { name: parser, task: \"Write the parser.\" }"
      )
    }
    let name = value(keys["name"], "\(path).name", example: "parser") { text throws(ValueProblem) in
      try Self.partName(text)
    }
    let task = keys["task"].flatMap {
      text($0, "\(path).task", example: "\"Write the parser.\"")
    }
    guard let name, let task else { return nil }
    var part = PlanDocument.Part(name: name)
    part.task = task
    if !task.contains(where: { !$0.isWhitespace }), let place = keys["task"] {
      report(place, "\(path).task", "the task is empty", "say what is to be done")
    }
    part.agent = word(keys["agent"], "\(path).agent", example: "aider")
    part.model = value(keys["model"], "\(path).model", example: "mistral-small-4") {
      text throws(ValueProblem) in try Names.model(text)
    }
    part.policy = word(keys["policy"], "\(path).policy", example: "strict.yaml")
    part.budget = value(keys["budget"], "\(path).budget", example: "0.50 USD") {
      text throws(ValueProblem) in try Money(parsing: text)
    }
    part.turns = number(keys["turns"], "\(path).turns", 1...10_000, example: "50")
    part.after =
      values(keys["after"], "\(path).after", example: "parser") {
        text,
        _ throws(ValueProblem) in try Self.partName(text)
      } ?? []
    part.merges =
      value(keys["merge"], "\(path).merge", example: "false") { text throws(ValueProblem) in
        guard text == "true" || text == "false" else {
          throw ValueProblem("\(quoted(text)) is neither true nor false", remedy: "write false")
        }
        return text == "true"
      } ?? true
    return part
  }

  // MARK: Values

  private mutating func number(
    _ node: YAMLNode?,
    _ path: String,
    _ range: ClosedRange<Int>,
    example: String
  ) -> Int? {
    value(node, path, example: example) { text throws(ValueProblem) in
      guard let number = Int(text), range.contains(number) else {
        throw ValueProblem(
          "\(quoted(text)) is no number that fits",
          remedy: "write \(range.lowerBound) to \(range.upperBound)"
        )
      }
      return number
    }
  }

  private mutating func word(_ node: YAMLNode?, _ path: String, example: String) -> String? {
    value(node, path, example: example) { text throws(ValueProblem) in
      let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
      guard isPlain, (1...512).contains(text.utf8.count) else {
        throw ValueProblem("it is too long or holds control characters", remedy: "shorten it")
      }
      return text
    }
  }

  private static func partName(_ text: String) throws(ValueProblem) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || byte == 0x2D || byte == 0x5F
    }
    guard isPlain, (1...40).contains(text.utf8.count) else {
      throw ValueProblem(
        "\(quoted(text)) is no name of a task",
        remedy: "use letters, digits, '-' and '_', 40 at most"
      )
    }
    return text
  }

  private static func conflicts(_ text: String) throws(ValueProblem) -> PlanDocument.Conflicts {
    if text == "ask" { return .ask }
    let words = text.split(separator: " ")
    if words.first == "agent", words.count <= 2 {
      return .agent(words.count == 2 ? String(words[1]) : PlanDocument.ownAgent)
    }
    throw ValueProblem(
      "\(quoted(text)) does not say who settles conflicts",
      remedy: "write ask, agent, or agent NAME"
    )
  }
}
