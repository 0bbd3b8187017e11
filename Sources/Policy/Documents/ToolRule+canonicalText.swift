extension ToolRule {
  /// The entry on one line, the same for every entry that says the same.
  var canonicalText: String {
    var parts = ["mcp: \(YAMLText.scalar(server))", "allow: \(YAMLText.list(allow))"]
    switch place {
    case .command(let words): parts.append("command: \(YAMLText.list(words))")
    case .url(let address): parts.append("url: \(YAMLText.scalar(address))")
    case nil: break
    }
    if let policy { parts.append("policy: \(YAMLText.scalar(policy))") }
    if let environment { parts.append("environment: \(Self.text(environment))") }
    if !classes.isEmpty {
      let entries = classes.map { "\(YAMLText.scalar($0.tools)): \($0.toolClass.rawValue)" }
      parts.append("class: { \(entries.joined(separator: ", ")) }")
    }
    if !arguments.isEmpty { parts.append("arguments: \(argumentsText)") }
    return "{ \(parts.joined(separator: ", ")) }"
  }

  private static func text(_ environment: EnvironmentRules) -> String {
    var parts: [String] = []
    if let pass = environment.pass { parts.append("pass: \(YAMLText.list(pass))") }
    if !environment.set.isEmpty {
      let values = environment.set.sorted { $0.key < $1.key }
        .map { "\(YAMLText.scalar($0.key)): \(YAMLText.scalar($0.value))" }
      parts.append("set: { \(values.joined(separator: ", ")) }")
    }
    return parts.isEmpty ? "{}" : "{ \(parts.joined(separator: ", ")) }"
  }

  private var argumentsText: String {
    var groups: [(tools: String, rules: [ArgumentRule])] = []
    for rule in arguments {
      if groups.last?.tools == rule.tools {
        groups[groups.count - 1].rules.append(rule)
      } else {
        groups.append((rule.tools, [rule]))
      }
    }
    let texts = groups.map { group in
      let rules = group.rules.map { rule in
        let key = YAMLText.scalar(rule.path + (rule.isOptional ? "?" : ""))
        return "\(key): \(YAMLText.list(rule.values.map(\.text)))"
      }
      return "\(YAMLText.scalar(group.tools)): { \(rules.joined(separator: ", ")) }"
    }
    return "{ \(texts.joined(separator: ", ")) }"
  }
}
