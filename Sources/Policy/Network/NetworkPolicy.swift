/// The `network` of a policy, ready to decide: pure, and the same value for everyone who asks.
///
/// The order is destination, then the kind of request, then request rules (a denial wins), and then
/// the credential that goes with what allowed it.
package struct NetworkPolicy: Sendable {
  private let hosts: [CompiledHostRule]
  private let repositories: [GitRule]
  private let exact: [String: [Int]]
  private let patterns: [Int]

  package init(rules: [NetworkRule]) {
    var hosts: [CompiledHostRule] = []
    var repositories: [GitRule] = []
    for rule in rules {
      switch rule {
      case .host(let rule): hosts.append(CompiledHostRule(rule))
      case .git(let rule): repositories.append(rule)
      case .packages: break
      }
    }
    self.hosts = hosts
    self.repositories = repositories
    exact = Dictionary(
      grouping: hosts.indices.filter { !hosts[$0].isPattern },
      by: { hosts[$0].rule.host.text }
    )
    patterns = hosts.indices.filter { hosts[$0].isPattern }
  }

  /// Whether any rule names the host, on whatever port: whether its name may be answered.
  package func knows(host written: String) -> Bool {
    let host = Self.normalised(written)
    return !entries(host).isEmpty || repositories.contains { $0.host.text == host }
  }

  /// Whether a connection may be made, and how closely it is looked at.
  package func admit(host written: String, port: UInt16) -> Admission {
    let host = Self.normalised(written)
    if isAddressLiteral(host) {
      return .denied(rule: BuiltInRule.addresses.name, remedy: nil)
    }
    guard !host.contains("*"), let pattern = try? HostPattern(parsing: host) else {
      return .denied(rule: BuiltInRule.malformed.name, remedy: nil)
    }
    let named = entries(host)
    let entries = named.filter { $0.rule.ports.contains(port) }
    let git = repositories(host, port)
    guard !entries.isEmpty || !git.isEmpty else {
      return .denied(
        rule: BuiltInRule.defaultDeny.name,
        remedy: destinationRemedy(pattern, port, named.first?.rule)
      )
    }
    let rule = Self.joined(entries.map(\.rule) + git.map(\.destination))
    let isOpen = entries.allSatisfy { $0.rule.rules.isEmpty && $0.rule.credential == nil }
    return isOpen && git.isEmpty ? .passed(rule) : .inspected(rule, git: git)
  }

  /// Whether an address that the host of a rule resolved to may be connected to.
  ///
  /// - Parameter rule: as an ``Admission`` holds it.
  package func checkAddress(_ address: [UInt8], for rule: HostRule) -> AddressVerdict {
    rule.verdict(on: address)
  }

  func entries(_ host: String) -> [CompiledHostRule] {
    var entries = (exact[host] ?? []).map { hosts[$0] }
    guard !patterns.isEmpty else { return entries }
    let labels = Array(host.utf8).split(separator: 0x2E, omittingEmptySubsequences: false)
    for index in patterns where hosts[index].matches(labels) { entries.append(hosts[index]) }
    return entries
  }

  func repositories(_ host: String, _ port: UInt16) -> [GitRule] {
    repositories.filter { $0.host.text == host && $0.ports.contains(port) }
  }

  static func normalised(_ host: String) -> String {
    var name = host.lowercased()
    if name.hasSuffix("."), name.utf8.count > 1 { name.removeLast() }
    return name
  }

  /// What several entries say about the same place.
  private static func joined(_ rules: [HostRule]) -> HostRule {
    var joined = rules[0]
    for rule in rules.dropFirst() {
      joined.rules += rule.rules
      joined.credential = joined.credential ?? rule.credential
      joined.networks += rule.networks.filter { !joined.networks.contains($0) }
      joined.addresses += rule.addresses.filter { !joined.addresses.contains($0) }
      joined.websocket = joined.websocket || rule.websocket
      if let budget = rule.sentBudget {
        joined.sentBudget = min(joined.sentBudget ?? budget, budget)
      }
    }
    return joined
  }

  private func destinationRemedy(
    _ host: HostPattern,
    _ port: UInt16,
    _ other: HostRule?
  ) -> String {
    if other == nil, port == 443 { return "network: [{ host: \(YAMLText.scalar(host.text)) }]" }
    var rule = other ?? HostRule(host: host, ports: [])
    rule.ports.append(port)
    return "network: [\(NetworkRule.host(rule).canonicalText)]"
  }
}
