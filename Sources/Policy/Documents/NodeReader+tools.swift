extension NodeReader {
  mutating func tools(_ node: YAMLNode) -> [ToolRule] {
    var rules: [ToolRule] = []
    for item in list(node, "tools", example: "{ mcp: git, allow: [git_status] }") {
      guard let rule = tool(item.node, item.path) else { continue }
      if rules.contains(where: { $0.server == rule.server }) {
        report(
          item.node,
          "\(item.path).mcp",
          "the server \(quoted(rule.server)) has more than one entry",
          "write all of it into one"
        )
      }
      rules.append(rule)
    }
    return rules
  }

  private mutating func tool(_ node: YAMLNode, _ path: String) -> ToolRule? {
    let keys = map(node, path, keys: Schema.tool)
    guard case .map = node.content else { return nil }
    for key in ["mcp", "allow"] where keys[key] == nil {
      report(
        node,
        "\(path).\(key)",
        "the key is missing",
        "write { mcp: git, allow: [git_status] }"
      )
    }
    let server = value(keys["mcp"], "\(path).mcp", example: "git") {
      text throws(ValueProblem) in try Names.server(text)
    }
    let allow = values(keys["allow"], "\(path).allow", example: "git_status") {
      text,
      _ throws(ValueProblem) in try Names.tool(text)
    }
    let place = place(keys, node, path)
    let policy = value(keys["policy"], "\(path).policy", example: "default") {
      text throws(ValueProblem) in try ToolRule.policy(parsing: text)
    }
    let environment = keys["environment"].map { self.environment($0, "\(path).environment") }
    let classes = keys["class"].map { self.classes($0, "\(path).class") } ?? []
    let arguments = keys["arguments"].map { self.arguments($0, "\(path).arguments") } ?? []
    guard let server, let allow else { return nil }
    return ToolRule(
      server: server,
      allow: allow,
      place: place,
      policy: policy,
      environment: environment,
      classes: classes,
      arguments: arguments,
      line: node.line
    )
  }

  private mutating func place(
    _ keys: [String: YAMLNode],
    _ node: YAMLNode,
    _ path: String
  ) -> ToolRule.Place? {
    if keys["command"] != nil, keys["url"] != nil {
      report(
        node,
        path,
        "a server has both a command and an address",
        "keep one of command and url"
      )
      return nil
    }
    if let url = value(
      keys["url"],
      "\(path).url",
      example: "https://tools.example.com/mcp",
      { text throws(ValueProblem) in try ToolRule.address(parsing: text) }
    ) {
      return .url(url)
    }
    guard let command = keys["command"] else { return nil }
    let words = values(command, "\(path).command", example: "mcp-server-git") {
      text,
      _ throws(ValueProblem) in try ToolRule.word(parsing: text)
    }
    guard let words, !words.isEmpty else {
      if case .list(let items) = command.content, items.isEmpty {
        report(command, "\(path).command", "the command is empty", "write [mcp-server-git]")
      }
      return nil
    }
    return .command(words)
  }

  private struct PatternEntry {
    let tools: String
    let value: YAMLNode
    let path: String
  }

  /// The pairs of a mapping whose keys are patterns of tools.
  private mutating func patterns(
    _ node: YAMLNode,
    _ path: String,
    example: String
  ) -> [PatternEntry] {
    guard case .map(let pairs) = node.content, pairs.count <= Self.mostEntries else {
      report(node, path, "a mapping is expected, of at most 1000 tools", "write \(example)")
      return []
    }
    var seen: Set<String> = []
    var entries: [PatternEntry] = []
    for (key, value) in pairs {
      let tools = self.value(key, path, example: "\"git_*\"") {
        text throws(ValueProblem) in try Names.tool(text)
      }
      guard let tools else { continue }
      let place = join(path, tools)
      guard seen.insert(tools).inserted else {
        report(key, place, "the pattern is written more than once", "keep one of them")
        continue
      }
      entries.append(PatternEntry(tools: tools, value: value, path: place))
    }
    return entries.sorted { $0.tools < $1.tools }
  }

  private mutating func classes(_ node: YAMLNode, _ path: String) -> [ClassRule] {
    var rules: [ClassRule] = []
    for entry in patterns(node, path, example: "{ \"git_*\": pure }") {
      let toolClass = value(entry.value, entry.path, example: "pure") {
        text throws(ValueProblem) -> ToolClass in
        guard let toolClass = ToolClass(rawValue: text) else {
          throw ValueProblem(
            "\(quoted(text)) is not a class",
            remedy: "use one of pure, keyed, probed, opaque"
          )
        }
        return toolClass
      }
      if let toolClass { rules.append(ClassRule(tools: entry.tools, toolClass)) }
    }
    return rules
  }

  private mutating func arguments(_ node: YAMLNode, _ path: String) -> [ArgumentRule] {
    let example = "{ \"git_*\": { repo_path: \"/repo/**\" } }"
    var rules: [ArgumentRule] = []
    for entry in patterns(node, path, example: example) {
      guard case .map(let pairs) = entry.value.content, !pairs.isEmpty,
        pairs.count <= Self.mostEntries
      else {
        report(
          entry.value,
          entry.path,
          "a mapping of arguments and values is expected",
          "write { repo_path: \"/repo/**\" }"
        )
        continue
      }
      var found: [ArgumentRule] = []
      for (key, value) in pairs {
        let name = self.value(key, entry.path, example: "repo_path") {
          text throws(ValueProblem) in try ToolRule.argument(parsing: text)
        }
        guard let name else { continue }
        let place = join(entry.path, name.path)
        guard let values = allowed(value, place) else { continue }
        guard !found.contains(where: { $0.path == name.path }) else {
          report(key, place, "the argument is written more than once", "keep one of them")
          continue
        }
        found.append(
          ArgumentRule(
            tools: entry.tools,
            path: name.path,
            isOptional: name.isOptional,
            values: values
          )
        )
      }
      rules += found.sorted { $0.path < $1.path }
    }
    return rules
  }

  /// One pattern, or a list of them.
  private mutating func allowed(_ node: YAMLNode, _ path: String) -> [ValuePattern]? {
    if case .list(let items) = node.content {
      guard !items.isEmpty else {
        report(node, path, "the list is empty, and nothing would be allowed", "name a value")
        return nil
      }
      let values = values(node, path, example: "\"/repo/**\"") {
        text,
        _ throws(ValueProblem) in ValuePattern(text)
      }
      return values?.count == items.count ? values : nil
    }
    return text(node, path, example: "\"/repo/**\"").map { [ValuePattern($0)] }
  }
}
