extension NodeReader {
  mutating func requests(_ node: YAMLNode, _ path: String) -> [RequestRule] {
    var rules: [RequestRule] = []
    for item in list(node, path, example: "{ allow: \"GET /v1/**\" }") {
      let keys = map(item.node, item.path, keys: Schema.request)
      guard case .map = item.node.content else { continue }
      let effects = [RequestRule.Effect.allow, .deny].filter { keys[$0.rawValue] != nil }
      guard effects.count == 1, let effect = effects.first, let value = keys[effect.rawValue] else {
        if !keys.isEmpty || isEmptyMap(item.node) {
          report(
            item.node,
            item.path,
            "a rule needs exactly one of allow and deny",
            "write { allow: \"GET /v1/**\" }"
          )
        }
        continue
      }
      let parsed = self.value(
        value,
        "\(item.path).\(effect.rawValue)",
        example: "\"GET /v1/**\""
      ) { text throws(ValueProblem) in try RequestRule(effect, parsing: text) }
      let query = conditions(keys["query"], "\(item.path).query", isHeader: false)
      let header = conditions(keys["header"], "\(item.path).header", isHeader: true)
      let body = self.value(keys["body"], "\(item.path).body", example: "1MiB") {
        text throws(ValueProblem) in try Limits.bytes(parsing: text)
      }
      if let node = keys["body"], effect == .deny {
        report(
          node,
          "\(item.path).body",
          "a denial is not limited by the size of a body",
          "write the size with what is allowed: { allow: \"POST /v1/**\", body: 1MiB }"
        )
      }
      guard var rule = parsed else { continue }
      rule.query = query
      rule.header = header
      rule.body = body
      rules.append(rule)
    }
    return rules
  }

  /// `{ name: pattern }`, in the order of their names.
  private mutating func conditions(
    _ node: YAMLNode?,
    _ path: String,
    isHeader: Bool
  ) -> [RequestRule.Condition] {
    guard let node else { return [] }
    guard case .map(let pairs) = node.content, !pairs.isEmpty, pairs.count <= 32 else {
      report(
        node,
        path,
        "a mapping of names and patterns is expected, at most 32",
        "write { name: \"pattern*\" }"
      )
      return []
    }
    var conditions: [String: String] = [:]
    for (key, value) in pairs {
      let name = self.value(key, path, example: "name: \"pattern*\"") {
        text throws(ValueProblem) in try RequestRule.Condition.name(text, isHeader: isHeader)
      }
      guard let name else { continue }
      guard let pattern = text(value, join(path, name), example: "\"pattern*\"") else { continue }
      if conditions.updateValue(pattern, forKey: name) != nil {
        report(key, join(path, name), "the name is written more than once", "keep one of them")
      }
    }
    return conditions.sorted { $0.key < $1.key }
      .map { RequestRule.Condition(name: $0.key, pattern: $0.value) }
  }
}

extension RequestRule.Condition {
  /// The name of a field of a query as it reads decoded, or of a header in lower case.
  static func name(_ text: String, isHeader: Bool) throws(ValueProblem) -> String {
    let isToken = text.utf8.allSatisfy {
      (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F
        || !isHeader && [0x24, 0x2E, 0x3A, 0x5B, 0x5D].contains($0)
    }
    guard isToken, !text.isEmpty, text.utf8.count <= 128 else {
      throw ValueProblem(
        "\(quoted(text)) is not the name of a \(isHeader ? "header" : "field of a query")",
        remedy: "write it as in \(isHeader ? "content-type" : "page")"
      )
    }
    return isHeader ? text.lowercased() : text
  }
}
