extension ImportReader {
  mutating func policies(_ node: YAMLNode) {
    guard case .map(let pairs) = node.content else {
      nodes.report(node, "network_policies", "a mapping is expected, not \(node.kind)", "name each")
      return
    }
    for (key, value) in pairs {
      guard case .scalar(let name, _) = key.content else { continue }
      entry(value, "network_policies.\(printable(name, atMost: 60))")
    }
    closeOpenTwins()
    if !document.network.isEmpty {
      differ(
        "Names that resolve to private addresses are refused unless 'networks' or 'addresses' "
          + "holds them."
      )
    }
  }

  private mutating func entry(_ node: YAMLNode, _ path: String) {
    let keys = nodes.map(node, path, keys: ["name", "endpoints", "binaries"])
    guard case .map = node.content else { return }
    var programs: [String] = []
    if let list = keys["binaries"], !list.isNothing {
      for item in nodes.list(list, "\(path).binaries", example: "{ path: /usr/bin/curl }") {
        let binary = nodes.map(item.node, item.path, keys: ["path", "harness"])
        if let text = text(binary["path"], "\(item.path).path") { programs.append(text) }
      }
    }
    var rules: [NetworkRule] = []
    if let list = keys["endpoints"], !list.isNothing {
      for item in nodes.list(list, "\(path).endpoints", example: "{ host: h, port: 443 }") {
        rules += endpoint(item.node, item.path).map(NetworkRule.host)
      }
    }
    let isForAll = programs.contains("/**") || programs.contains("**")
    let whom = programs.isEmpty ? "no program" : "\(programs.joined(separator: ", ")) alone"
    if !isForAll {
      differ(
        grantsAnyProgram
          ? "\(path) is granted to every program of the run; there it is for \(whom)."
          : "\(path) is left out: it is for \(whom), which Caisson cannot hold it to; "
            + "--any-program grants it to every program of the run."
      )
    }
    if isForAll || grantsAnyProgram { document.network += rules }
  }

  /// Where one endpoint judges requests to a place and another does not, the judging one holds.
  private mutating func closeOpenTwins() {
    let hosts = document.network.compactMap { rule in
      if case .host(let rule) = rule { rule } else { nil }
    }
    let judging = hosts.filter { !$0.rules.isEmpty }
    var kept: [NetworkRule] = []
    for entry in document.network {
      guard case .host(let rule) = entry, rule.rules.isEmpty else {
        kept.append(entry)
        continue
      }
      let isTwin = judging.contains { other in
        !Set(other.ports).isDisjoint(with: rule.ports)
          && (other.host.matches(rule.host.text) || rule.host.matches(other.host.text))
      }
      if isTwin {
        differ("\(rule.host.text) is granted by the rules of one entry alone, not as a whole.")
      } else {
        kept.append(entry)
      }
    }
    document.network = kept
  }

  private static let endpointKeys = [
    "host", "path", "port", "ports", "protocol", "tls", "enforcement", "access", "rules",
    "deny_rules", "allowed_ips", "allow_encoded_slash", "websocket_credential_rewrite",
    "request_body_credential_rewrite", "allow_uninspected_credentials", "persisted_queries",
    "graphql_persisted_queries", "graphql_max_body_bytes", "credential_signing",
    "signing_service", "signing_region", "credential_binding", "json_rpc", "mcp",
  ]
  private static let credentialKeys = [
    "websocket_credential_rewrite", "request_body_credential_rewrite",
    "allow_uninspected_credentials", "credential_signing", "signing_service", "signing_region",
    "credential_binding",
  ]

  private mutating func endpoint(_ node: YAMLNode, _ path: String) -> [HostRule] {
    let keys = nodes.map(node, path, keys: Self.endpointKeys)
    guard case .map = node.content else { return [] }
    for name in Self.credentialKeys where keys[name] != nil {
      differ("\(path).\(name) is not imported: bind credentials with 'caisson secret set'.")
    }
    let kind = text(keys["protocol"], "\(path).protocol") ?? ""
    guard ["", "tcp", "rest", "websocket"].contains(kind) else {
      return leave(path, "it judges the bodies of requests (\(printable(kind, atMost: 20)))")
    }
    guard let name = host(keys["host"], path), let numbers = ports(keys, path) else { return [] }
    var rule = HostRule(host: name, ports: numbers)
    guard addresses(keys["allowed_ips"], path, &rule) else { return [] }
    rule.encodedSlash = flag(keys["allow_encoded_slash"], "\(path).allow_encoded_slash")
    let enforcement = text(keys["enforcement"], "\(path).enforcement")
    if enforcement == "audit" || enforcement == nil && !kind.isEmpty && kind != "tcp" {
      differ("\(path) is only watched there (enforcement: audit); here it is enforced.")
    }
    if text(keys["tls"], "\(path).tls") == "skip", kind == "rest" || kind == "websocket" {
      return leave(path, "its rules cannot be kept where TLS is not looked into")
    }
    guard let rules = OpenShellRules.read(keys, kind, path, &self) else { return [] }
    if kind == "rest" { differ("A WebSocket is refused where the protocol is 'rest'.") }
    rule.rules = rules.rules
    rule.websocket = rules.websocket
    return [rule]
  }

  @discardableResult
  mutating func leave(_ path: String, _ reason: String) -> [HostRule] {
    differ("\(path) is left out: \(reason).")
    return []
  }

  private mutating func host(_ node: YAMLNode?, _ path: String) -> HostPattern? {
    guard var text = text(node, "\(path).host"), !text.isEmpty else {
      leave(path, "it names no host")
      return nil
    }
    if text.hasPrefix("**.") {
      differ("\(path): '\(printable(text, atMost: 80))' means one label here, not several.")
      text.removeFirst()
    }
    do {
      return try HostPattern(parsing: text)
    } catch {
      leave(path, error.what)
      return nil
    }
  }

  private mutating func ports(_ keys: [String: YAMLNode], _ path: String) -> [UInt16]? {
    var written = texts(keys["ports"], "\(path).ports")
    if written.isEmpty, let one = text(keys["port"], "\(path).port") { written = [one] }
    var ports: [UInt16] = []
    for text in written {
      guard let number = digits(text, atMost: 5), let port = UInt16(exactly: number), port > 0
      else {
        leave(path, "\(quoted(text)) is not a port")
        return nil
      }
      if !ports.contains(port) { ports.append(port) }
    }
    if ports.isEmpty { leave(path, "it names no port") }
    return ports.isEmpty ? nil : ports
  }

  /// There, a name may resolve to nothing else; here, ranges only add to the public addresses.
  private mutating func addresses(
    _ node: YAMLNode?,
    _ path: String,
    _ rule: inout HostRule
  ) -> Bool {
    for text in texts(node, "\(path).allowed_ips") {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard let first = parts.first, let bytes = AddressRange.address(first),
        parts.count == 1 || parts.count == 2 && parts[1] == "\(bytes.count * 8)"
      else {
        leave(path, "a name cannot be held to a range of addresses (\(quoted(text)))")
        return false
      }
      rule.addresses.append(AddressRange.text(bytes))
    }
    if !rule.addresses.isEmpty {
      differ("\(path) is connected to at its allowed_ips, without asking the name service.")
    }
    return true
  }
}
