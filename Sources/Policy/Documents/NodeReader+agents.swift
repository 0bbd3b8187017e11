extension NodeReader {
  mutating func models(_ node: YAMLNode) -> ModelRules {
    let keys = map(node, "models", keys: Schema.models)
    let allow =
      values(keys["allow"], "models.allow", example: "mistral-small-4") {
        text,
        _ throws(ValueProblem) in try Names.model(text)
      } ?? []
    if keys["allow"] == nil, case .map = node.content {
      report(node, "models.allow", "the key is missing", "name the models: allow: [cheap]")
    }
    let budget = value(keys["budget"], "models.budget", example: "2.00 USD") {
      text throws(ValueProblem) in try Money(parsing: text)
    }
    return ModelRules(allow: allow, budget: budget)
  }

  mutating func approvals(_ node: YAMLNode) -> [ApprovalRule] {
    var rules: [ApprovalRule] = []
    let frequencies = ApprovalRule.Frequency.allCases.map(\.rawValue)
    for item in list(node, "approvals", example: "{ when: push, ask: once }") {
      let keys = map(item.node, item.path, keys: Schema.approval)
      guard case .map = item.node.content else { continue }
      if keys["when"] == nil {
        report(
          item.node,
          "\(item.path).when",
          "the key is missing",
          "write { when: push, ask: once }"
        )
      }
      let condition = value(keys["when"], "\(item.path).when", example: "push") {
        text throws(ValueProblem) in try ApprovalRule.Condition(parsing: text)
      }
      let ask = value(keys["ask"], "\(item.path).ask", example: "once") {
        text throws(ValueProblem) -> ApprovalRule.Frequency in
        guard let frequency = ApprovalRule.Frequency(rawValue: text) else {
          throw ValueProblem(
            "\(quoted(text)) is not known here",
            remedy: "use one of \(frequencies.joined(separator: ", "))"
          )
        }
        return frequency
      }
      if let condition { rules.append(ApprovalRule(condition, ask: ask ?? .always)) }
    }
    return rules
  }
}
