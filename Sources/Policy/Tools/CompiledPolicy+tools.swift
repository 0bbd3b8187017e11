extension CompiledPolicy {
  /// Whether a tool may be called with these arguments, as the document says.
  package func decideTool(server: String, tool: String, arguments: String) -> Decision {
    document.decideTool(server: server, tool: tool, arguments: arguments)
  }

  package func toolClass(server: String, tool: String) -> ToolClass {
    document.toolClass(server: server, tool: tool)
  }
}

extension PolicyDocument {
  /// Whether a tool may be called with these arguments.
  ///
  /// Every rule for arguments whose pattern matches the tool must hold. An argument that a rule names
  /// must be there, unless its path ends in `?`, and must be a text, a number, true or false, or a
  /// list of them, each of which matches. What no rule names is not judged.
  ///
  /// - Parameter arguments: JSON of an object, numbers compared as they are written.
  package func decideTool(server: String, tool: String, arguments: String) -> Decision {
    guard let rule = tools.first(where: { $0.server == server }) else {
      return Decision(
        .deny,
        rule: BuiltInRule.defaultDeny.name,
        remedy: "tools: [{ mcp: \(YAMLText.scalar(server)), allow: \(YAMLText.list([tool])) }]"
      )
    }
    guard let grant = rule.allow.first(where: { ToolRule.matches($0, tool) }) else {
      return Decision(
        .deny,
        rule: BuiltInRule.defaultDeny.name,
        remedy: "add \(YAMLText.scalar(tool)) to allow of \(rule.name)"
      )
    }
    let matching = rule.arguments.filter { ToolRule.matches($0.tools, tool) }
    let allowed = Decision(.allow, rule: "\(rule.name), allow: \(grant)")
    // What is not read need not be well-formed for us; whoever sends it has checked it.
    guard !matching.isEmpty else { return allowed }
    let tree: ToolArgumentTree
    do {
      tree = try ToolArgumentTree(arguments)
    } catch {
      return Decision(.deny, rule: BuiltInRule.unambiguousArguments.name)
    }
    for argument in matching {
      if let denial = Self.denial(argument, tree, rule) { return denial }
    }
    return allowed
  }

  /// What becomes of a call of which nobody knows whether it happened. A name that stands alone
  /// counts before patterns; among patterns, the one that trusts least.
  package func toolClass(server: String, tool: String) -> ToolClass {
    let rules = tools.first { $0.server == server }?.classes ?? []
    if let exact = rules.first(where: { $0.tools == tool }) { return exact.toolClass }
    return rules.filter { ToolRule.matches($0.tools, tool) }.map(\.toolClass).min() ?? .opaque
  }

  private static func denial(
    _ argument: ArgumentRule,
    _ tree: ToolArgumentTree,
    _ rule: ToolRule
  ) -> Decision? {
    let path = "arguments.\(printable(argument.tools, atMost: 128)).\(argument.path)"
    let name = "\(rule.name), \(path)"
    let present = (tree.values[argument.path] ?? []).filter {
      !(argument.isOptional && $0 == .nothing)
    }
    if present.isEmpty {
      if argument.isOptional { return nil }
      return Decision(
        .deny,
        rule: "\(name): it is not given",
        remedy: "name it in the call, or write \"\(argument.path)?\" to let it be left out"
      )
    }
    for value in present {
      guard case .text(let text) = value else {
        return Decision(
          .deny,
          rule: "\(name): it is no text, number, true or false",
          remedy: "remove the rule, or give a rule for what is in it"
        )
      }
      guard argument.values.contains(where: { $0.matches(text) }) else {
        let shown = YAMLText.scalar(String(text.prefix(256)))
        return Decision(
          .deny,
          rule: "\(name): \(YAMLText.list(argument.values.map(\.text)))",
          remedy: text.contains("*")
            ? "allow it by a pattern: a text with '*' cannot be named by itself"
            : "add \(shown) to \(path) of \(rule.name)"
        )
      }
    }
    return nil
  }
}

extension ToolRule {
  /// Whether a pattern of `allow` and the like means a tool.
  package static func matches(_ pattern: String, _ tool: String) -> Bool {
    Glob.matches(Array(pattern.utf8), Array(tool.utf8))
  }
}
