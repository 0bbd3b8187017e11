extension NetworkRule {
  /// The entry as a document has it, on one line.
  package var canonicalText: String {
    let parts =
      switch self {
      case .host(let rule): rule.parts
      case .git(let rule): rule.parts
      case .packages(let rule): rule.parts
      }
    return "{ \(parts.joined(separator: ", ")) }"
  }
}

extension HostRule {
  fileprivate var parts: [String] {
    var parts = ["host: \(YAMLText.scalar(host.text))"]
    parts.append("ports: [\(ports.map(String.init).joined(separator: ", "))]")
    if !rules.isEmpty {
      parts.append("rules: [\(rules.map(\.canonicalText).joined(separator: ", "))]")
    }
    if let credential { parts.append("credential: \(YAMLText.scalar(credential))") }
    if !networks.isEmpty { parts.append("networks: \(YAMLText.list(networks.map(\.text)))") }
    if !addresses.isEmpty { parts.append("addresses: \(YAMLText.list(addresses))") }
    if websocket { parts.append("websocket: true") }
    if encodedSlash { parts.append("encoded_slash: true") }
    if let sentBudget { parts.append("budget: { sent: \(Limits.text(bytes: sentBudget)) }") }
    return parts
  }
}

extension GitRule {
  fileprivate var parts: [String] {
    var parts = ["git: \(YAMLText.scalar("\(host.text)/\(repository)"))"]
    if ports != [443] { parts.append("ports: [\(ports.map(String.init).joined(separator: ", "))]") }
    for (key, patterns) in [("push", push), ("tags", tags), ("force", force), ("delete", delete)]
    where !patterns.isEmpty {
      parts.append("\(key): \(YAMLText.list(patterns))")
    }
    if let credential { parts.append("credential: \(YAMLText.scalar(credential))") }
    if !networks.isEmpty { parts.append("networks: \(YAMLText.list(networks.map(\.text)))") }
    if !addresses.isEmpty { parts.append("addresses: \(YAMLText.list(addresses))") }
    return parts
  }
}

extension PackageRule {
  fileprivate var parts: [String] {
    var parts = ["packages: \(kind.rawValue)"]
    if !networks.isEmpty { parts.append("networks: \(YAMLText.list(networks.map(\.text)))") }
    if !addresses.isEmpty { parts.append("addresses: \(YAMLText.list(addresses))") }
    return parts
  }
}

extension RequestRule {
  /// The rule as a document has it, on one line.
  package var canonicalText: String {
    var parts = ["\(effect.rawValue): \(YAMLText.scalar("\(method) \(path)"))"]
    for (key, conditions) in [("query", query), ("header", header)] where !conditions.isEmpty {
      let pairs = conditions.map { "\(YAMLText.scalar($0.name)): \(YAMLText.scalar($0.pattern))" }
      parts.append("\(key): { \(pairs.joined(separator: ", ")) }")
    }
    if let body { parts.append("body: \(Limits.text(bytes: body))") }
    return "{ \(parts.joined(separator: ", ")) }"
  }
}
