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
      func names(_ key: String) -> Bool {
        pairs.contains { pair in
          if case .scalar(key, _) = pair.key.content { true } else { false }
        }
      }
      if names("git") {
        if let rule = git(item.node, item.path) { rules.append(.git(rule)) }
      } else if names("packages"), !names("host") {
        if let rule = packages(item.node, item.path) { rules.append(.packages(rule)) }
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
        "an entry names neither a host, nor a repository, nor packages",
        "add host: api.example.com, git: github.com/acme/app, or packages: python"
      )
      return nil
    }
    let host = value(name, "\(path).host", example: "api.example.com") {
      text throws(ValueProblem) in try HostPattern(parsing: text)
    }
    let rules = keys["rules"].map { requests($0, "\(path).rules") } ?? []
    if let node = keys["credential"], let host, host.text.contains("*") {
      report(
        node,
        "\(path).credential",
        "a credential is bound to a pattern of hosts",
        "name the one host that it is for"
      )
    }
    let destination = destination(keys, path)
    let websocket = flag(keys["websocket"], "\(path).websocket") ?? false
    let encodedSlash = flag(keys["encoded_slash"], "\(path).encoded_slash") ?? false
    let budget = keys["budget"].flatMap { sentBudget($0, "\(path).budget") }
    return host.map {
      HostRule(
        host: $0,
        ports: destination.ports,
        rules: rules,
        credential: destination.credential,
        networks: destination.networks,
        addresses: destination.addresses,
        websocket: websocket,
        encodedSlash: encodedSlash,
        sentBudget: budget,
        line: node.line
      )
    }
  }

  private mutating func git(_ node: YAMLNode, _ path: String) -> GitRule? {
    let keys = map(node, path, keys: Schema.git)
    let location = value(keys["git"], "\(path).git", example: "github.com/acme/app") {
      text throws(ValueProblem) in try GitRule.location(parsing: text)
    }
    let push = branches(keys["push"], "\(path).push")
    let tags = branches(keys["tags"], "\(path).tags")
    let force = branches(keys["force"], "\(path).force")
    let delete = branches(keys["delete"], "\(path).delete")
    let destination = destination(keys, path)
    return location.map {
      GitRule(
        host: $0.host,
        repository: $0.repository,
        ports: destination.ports,
        push: push,
        tags: tags,
        force: force,
        delete: delete,
        credential: destination.credential,
        networks: destination.networks,
        addresses: destination.addresses,
        line: node.line
      )
    }
  }

  private mutating func packages(_ node: YAMLNode, _ path: String) -> PackageRule? {
    let keys = map(node, path, keys: Schema.packages)
    let kind = value(keys["packages"], "\(path).packages", example: "python") {
      text throws(ValueProblem) in try PackageRule.Kind(parsing: text)
    }
    let destination = destination(keys, path)
    return kind.map {
      PackageRule(
        $0,
        networks: destination.networks,
        addresses: destination.addresses,
        line: node.line
      )
    }
  }

  private struct Destination {
    var ports: [UInt16]
    var credential: String?
    var networks: [AddressRange]
    var addresses: [String]
  }

  /// What hosts and repositories have in common.
  private mutating func destination(_ keys: [String: YAMLNode], _ path: String) -> Destination {
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
    let credential = value(keys["credential"], "\(path).credential", example: "EXAMPLE_TOKEN") {
      text throws(ValueProblem) in try Names.secret(text)
    }
    let networks = values(keys["networks"], "\(path).networks", example: "10.0.0.0/8") {
      text,
      _ throws(ValueProblem) in try AddressRange(parsing: text)
    }
    let addresses = values(keys["addresses"], "\(path).addresses", example: "10.1.2.3") {
      text,
      _ throws(ValueProblem) in
      guard let bytes = AddressRange.address(text) else {
        throw ValueProblem(
          "\(quoted(text)) is not an address",
          remedy: "write it as in 10.1.2.3 or fd00::1"
        )
      }
      return AddressRange.text(bytes)
    }
    return Destination(
      ports: ports ?? [443],
      credential: credential,
      networks: networks ?? [],
      addresses: addresses ?? []
    )
  }

  private mutating func branches(_ node: YAMLNode?, _ path: String) -> [String] {
    values(node, path, example: "\"caisson/*\"") {
      text,
      _ throws(ValueProblem) in try GitRule.branch(parsing: text)
    } ?? []
  }

  private mutating func flag(_ node: YAMLNode?, _ path: String) -> Bool? {
    guard let node else { return nil }
    switch node.content {
    case .scalar("true", isPlain: true): return true
    case .scalar("false", isPlain: true): return false
    default:
      report(node, path, "this is neither true nor false", "write true, or remove the key")
      return nil
    }
  }

  private mutating func sentBudget(_ node: YAMLNode, _ path: String) -> UInt64? {
    let keys = map(node, path, keys: Schema.byteBudget)
    guard case .map = node.content else { return nil }
    guard let sent = keys["sent"] else {
      report(node, path, "the budget is empty", "write { sent: 10MiB }, or remove the key")
      return nil
    }
    return value(sent, "\(path).sent", example: "10MiB") {
      text throws(ValueProblem) in try Limits.bytes(parsing: text)
    }
  }

  func isEmptyMap(_ node: YAMLNode) -> Bool {
    if case .map(let pairs) = node.content { pairs.isEmpty } else { false }
  }
}
