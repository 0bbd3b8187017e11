extension NodeReader {
  mutating func network(_ node: YAMLNode) -> [NetworkRule] {
    var rules: [NetworkRule] = []
    for item in list(node, "network", example: "{ host: api.example.com }") {
      guard case .map(let pairs) = item.node.content else {
        let remedy =
          if case .scalar(let text, _) = item.node.content, !item.node.isNothing {
            "write { host: \(printable(text, atMost: 60)) }"
          } else { "write { host: api.example.com }" }
        report(item.node, item.path, "a mapping is expected, not \(item.node.kind)", remedy)
        continue
      }
      let isGit = pairs.contains { pair in
        if case .scalar("git", _) = pair.key.content { true } else { false }
      }
      if isGit {
        if let rule = git(item.node, item.path) { rules.append(.git(rule)) }
      } else if let rule = host(item.node, item.path) {
        rules.append(.host(rule))
      }
    }
    return rules
  }

  private mutating func host(_ node: YAMLNode, _ path: String) -> HostRule? {
    let keys = map(node, path, keys: Schema.host)
    guard let name = keys["host"] else {
      report(
        node,
        path,
        "an entry names neither a host nor a repository",
        "add host: api.example.com, or git: github.com/acme/app"
      )
      return nil
    }
    let host = value(name, "\(path).host", example: "api.example.com") {
      text throws(ValueProblem) in try HostPattern(parsing: text)
    }
    let ports = values(keys["ports"], "\(path).ports", example: "443") {
      text,
      _ throws(ValueProblem) in
      guard let port = digits(text, atMost: 5), let port = UInt16(exactly: port), port > 0 else {
        throw ValueProblem("\(quoted(text)) is not a port", remedy: "name 1 to 65535")
      }
      return port
    }
    if let node = keys["ports"], case .list(let items) = node.content, items.isEmpty {
      report(node, "\(path).ports", "the list of ports is empty", "remove the key: 443 is meant")
    }
    let rules = keys["rules"].map { requests($0, "\(path).rules") } ?? []
    let credential = value(keys["credential"], "\(path).credential", example: "EXAMPLE_TOKEN") {
      text throws(ValueProblem) in try Names.secret(text)
    }
    if let node = keys["credential"], let host, host.text.contains("*") {
      report(
        node,
        "\(path).credential",
        "a credential is bound to a pattern of hosts",
        "name the one host that it is for"
      )
    }
    let networks =
      values(keys["networks"], "\(path).networks", example: "10.0.0.0/8") {
        text,
        _ throws(ValueProblem) in try AddressRange(parsing: text)
      } ?? []
    return host.map {
      HostRule(
        host: $0,
        ports: ports ?? [443],
        rules: rules,
        credential: credential,
        networks: networks,
        line: node.line
      )
    }
  }

  private mutating func requests(_ node: YAMLNode, _ path: String) -> [RequestRule] {
    var rules: [RequestRule] = []
    for item in list(node, path, example: "{ allow: \"GET /v1/**\" }") {
      let keys = map(item.node, item.path, keys: Schema.request)
      guard case .map = item.node.content else { continue }
      guard keys.count == 1, let (name, value) = keys.first else {
        if keys.isEmpty == false || isEmptyMap(item.node) {
          report(
            item.node,
            item.path,
            "a rule needs exactly one of allow and deny",
            "write { allow: \"GET /v1/**\" }"
          )
        }
        continue
      }
      let effect: RequestRule.Effect = name == "allow" ? .allow : .deny
      let rule = self.value(value, "\(item.path).\(name)", example: "\"GET /v1/**\"") {
        text throws(ValueProblem) in try RequestRule(effect, parsing: text)
      }
      if let rule { rules.append(rule) }
    }
    return rules
  }

  private mutating func git(_ node: YAMLNode, _ path: String) -> GitRule? {
    let keys = map(node, path, keys: Schema.git)
    let location = value(keys["git"], "\(path).git", example: "github.com/acme/app") {
      text throws(ValueProblem) in try GitRule.location(parsing: text)
    }
    let push =
      values(keys["push"], "\(path).push", example: "\"caisson/*\"") {
        text,
        _ throws(ValueProblem) in try GitRule.branch(parsing: text)
      } ?? []
    return location.map {
      GitRule(host: $0.host, repository: $0.repository, push: push, line: node.line)
    }
  }

  func isEmptyMap(_ node: YAMLNode) -> Bool {
    if case .map(let pairs) = node.content { pairs.isEmpty } else { false }
  }
}
