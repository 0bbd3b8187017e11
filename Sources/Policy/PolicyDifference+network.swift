extension PolicyDifference {
  static func network(_ base: PolicyDocument, _ other: PolicyDocument) -> [String] {
    var sentences: [String] = []
    for rule in other.network where !base.network.contains(rule) {
      switch rule {
      case .host(let rule): sentences += host(rule, hosts(base))
      case .git(let rule): sentences += git(rule, base)
      case .packages(let rule): sentences += packages(rule, base)
      }
    }
    // A denial holds against every entry, so that one that is gone may open what others grant.
    let denials = hosts(other).flatMap { host in
      host.rules.filter { $0.effect == .deny }.map { Denial(host: host.host, rule: $0) }
    }
    for host in hosts(base) {
      for rule in host.rules where rule.effect == .deny {
        guard !denials.contains(Denial(host: host.host, rule: rule)),
          hosts(other).contains(where: { overlaps($0.host, host.host) })
        else { continue }
        sentences.append("\(rule.canonicalText) is not denied to it at \(host.host.text).")
      }
    }
    return sentences
  }

  private struct Denial: Hashable {
    let host: HostPattern
    let rule: RequestRule
  }

  private static func hosts(_ document: PolicyDocument) -> [HostRule] {
    document.network.compactMap { if case .host(let rule) = $0 { rule } else { nil } }
  }

  private static func overlaps(_ left: HostPattern, _ right: HostPattern) -> Bool {
    left.matches(right.text) || right.matches(left.text)
  }

  private static func host(_ rule: HostRule, _ base: [HostRule]) -> [String] {
    var sentences: [String] = []
    let name = rule.host.text
    for port in rule.ports {
      let place = port == 443 ? name : "\(name) port \(port)"
      let former = base.filter { $0.host.matches(name) && $0.ports.contains(port) }
      let allowed = rule.rules.filter { $0.effect == .allow }
      if rule.rules.isEmpty {
        if !former.contains(where: { $0.rules.isEmpty }) {
          sentences.append("It may ask anything of \(place).")
        }
      } else if !former.contains(where: { $0.rules.isEmpty }) {
        let known = former.flatMap(\.rules).filter { $0.effect == .allow }
        for allowance in allowed where !known.contains(where: { covers($0, allowance) }) {
          sentences.append("It may ask \(words(allowance)) of \(place).")
        }
      }
      if rule.websocket, !former.contains(where: { $0.websocket || $0.rules.isEmpty }) {
        sentences.append("It may open WebSockets to \(place).")
      }
      if rule.encodedSlash, !former.contains(where: \.encodedSlash) {
        sentences.append("Paths at \(place) may hold encoded slashes.")
      }
      if let budget = former.compactMap(\.sentBudget).min(), (rule.sentBudget ?? .max) > budget {
        let now = rule.sentBudget.map { Limits.text(bytes: $0) } ?? "any number of bytes"
        sentences.append(
          "It may send \(now) to \(place), instead of \(Limits.text(bytes: budget))."
        )
      }
    }
    let former = base.filter { $0.host.matches(name) }
    for network in rule.networks where !former.contains(where: { $0.networks.contains(network) }) {
      sentences.append("\(name) may be at addresses of \(network.text).")
    }
    for address in rule.addresses where !former.contains(where: { $0.addresses.contains(address) })
    {
      sentences.append("\(name) may be at \(address).")
    }
    if let credential = rule.credential, !former.contains(where: { $0.credential == credential }) {
      sentences.append("The secret \(credential) goes to \(name).")
    }
    return sentences
  }

  /// Whether an allowance is within another, as far as that can be told from their words.
  private static func covers(_ wide: RequestRule, _ narrow: RequestRule) -> Bool {
    guard wide.method == "*" || wide.method == narrow.method,
      wide.query.allSatisfy(narrow.query.contains), wide.header.allSatisfy(narrow.header.contains),
      wide.body == nil || wide.body ?? 0 >= narrow.body ?? .max
    else { return false }
    if wide.path == narrow.path || wide.path == "/**" { return true }
    // A star that is matched as a text stands for less than a star may.
    return !narrow.path.contains("**")
      && PathPattern(wide.path).matches(
        narrow.path.utf8.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false)
          .map(Array.init)
      )
  }

  private static func words(_ rule: RequestRule) -> String {
    var text = "\(rule.method == "*" ? "anything" : rule.method) \(rule.path)"
    let conditions = rule.query + rule.header
    if !conditions.isEmpty {
      text += " with " + conditions.map { "\($0.name) \($0.pattern)" }.joined(separator: ", ")
    }
    if let body = rule.body { text += " up to \(Limits.text(bytes: body))" }
    return text
  }

  private static func packages(_ rule: PackageRule, _ base: PolicyDocument) -> [String] {
    var former: [PackageRule] = []
    for case .packages(let known) in base.network where known.kind == rule.kind {
      former.append(known)
    }
    let name = "configured registries of \(rule.kind.clients)"
    var sentences = former.isEmpty ? ["It may get packages from the \(name)."] : []
    for network in rule.networks where !former.contains(where: { $0.networks.contains(network) }) {
      sentences.append("The \(name) may be at addresses of \(network.text).")
    }
    for address in rule.addresses where !former.contains(where: { $0.addresses.contains(address) })
    {
      sentences.append("The \(name) may be at \(address).")
    }
    return sentences
  }

  private static func git(_ rule: GitRule, _ base: PolicyDocument) -> [String] {
    var former: [GitRule] = []
    for case .git(let known) in base.network
    where known.host == rule.host && known.repository == rule.repository {
      former.append(known)
    }
    let name = "\(rule.host.text)/\(rule.repository)"
    var sentences = former.isEmpty ? ["It may fetch from \(name)."] : []
    for (path, verb) in [
      (\GitRule.push, "push branches"), (\.tags, "make tags"), (\.force, "force branches"),
      (\.delete, "delete branches"),
    ] {
      for pattern in rule[keyPath: path]
      where !former.contains(where: { $0[keyPath: path].contains(pattern) }) {
        sentences.append("It may \(verb) \(pattern) of \(name).")
      }
    }
    for port in rule.ports
    where !former.isEmpty && !former.contains(where: { $0.ports.contains(port) }) {
      sentences.append("It may reach \(name) on port \(port).")
    }
    for network in rule.networks where !former.contains(where: { $0.networks.contains(network) }) {
      sentences.append("\(rule.host.text) may be at addresses of \(network.text).")
    }
    for address in rule.addresses where !former.contains(where: { $0.addresses.contains(address) })
    {
      sentences.append("\(rule.host.text) may be at \(address).")
    }
    if let credential = rule.credential, !former.contains(where: { $0.credential == credential }) {
      sentences.append("The secret \(credential) goes to \(name).")
    }
    return sentences
  }
}
