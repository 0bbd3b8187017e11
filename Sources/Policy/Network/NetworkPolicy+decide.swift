extension NetworkPolicy {
  /// Whether a request may be made over a connection to a host and a port.
  ///
  /// Where no rule of any entry for the place allows it, it is denied: a list of denials alone
  /// allows nothing.
  package func decide(
    _ request: CanonicalRequest,
    host written: String,
    port: UInt16
  ) -> RequestDecision {
    let host = Self.normalised(written)
    guard request.host == host, request.port == port else {
      return .denied(
        rule: BuiltInRule.unambiguous.name,
        reason: "the request is for \(request.host):\(request.port), and the connection leads to "
          + "\(printable(host, atMost: 253)):\(port)",
        remedy: nil
      )
    }
    let entries = entries(host).filter { $0.rule.ports.contains(port) }
    let git = repositories(host, port)
    guard !entries.isEmpty || !git.isEmpty else {
      return .denied(
        rule: BuiltInRule.defaultDeny.name,
        reason: "nothing grants \(host) port \(port)",
        remedy: remedy(admit(host: host, port: port))
      )
    }
    if let denial = denial(request, entries) { return denial }
    if !git.isEmpty, let question = GitRequest(request) {
      return question.decision(by: git)
    }
    return grant(request, entries).map(RequestDecision.allowed) ?? refusal(request, entries)
  }

  private func denial(
    _ request: CanonicalRequest,
    _ entries: [CompiledHostRule]
  ) -> RequestDecision? {
    guard entries.contains(where: { !$0.rule.rules.isEmpty }) else { return nil }
    if let field = request.overridingField {
      return .denied(
        rule: BuiltInRule.unambiguous.name,
        reason: "the field \(quoted(field)) of the query asks the server for another method",
        remedy: nil
      )
    }
    let readings = CompiledHostRule.readings(of: request)
    for entry in entries {
      for rule in entry.denied where rule.denies(request, readings) {
        return .denied(
          rule: "\(entry.name) \(rule.source.canonicalText)",
          reason: "\(request.method) \(request.path) is denied by a rule of the policy",
          remedy: "remove \(rule.source.canonicalText) from the rules of \(entry.rule.host.text)"
        )
      }
    }
    return nil
  }

  private func grant(
    _ request: CanonicalRequest,
    _ entries: [CompiledHostRule]
  ) -> RequestGrant? {
    var grants: [RequestGrant] = []
    for entry in entries where !request.hasEncodedSlash || entry.rule.encodedSlash {
      if entry.rule.rules.isEmpty {
        grants.append(
          RequestGrant(rule: entry.name, credential: entry.rule.credential, websocket: true)
        )
        continue
      }
      for rule in entry.allowed where rule.allows(request) {
        grants.append(
          RequestGrant(
            rule: "\(entry.name) \(rule.source.canonicalText)",
            credential: entry.rule.credential,
            bodyLimit: rule.source.body,
            websocket: entry.rule.websocket
          )
        )
      }
    }
    guard var grant = grants.first else { return nil }
    // Grants add up: what one of several allows, together they allow.
    for other in grants.dropFirst() {
      grant.credential = grant.credential ?? other.credential
      grant.websocket = grant.websocket || other.websocket
      if let limit = grant.bodyLimit { grant.bodyLimit = other.bodyLimit.map { max($0, limit) } }
    }
    return grant
  }

  private func refusal(
    _ request: CanonicalRequest,
    _ entries: [CompiledHostRule]
  ) -> RequestDecision {
    if request.hasEncodedSlash, var host = entries.first(where: { !$0.rule.encodedSlash })?.rule {
      host.encodedSlash = true
      return .denied(
        rule: BuiltInRule.unambiguous.name,
        reason: "the path \(request.path) holds an encoded slash",
        remedy: host.rules.count <= 6
          ? "network: [\(NetworkRule.host(host).canonicalText)]"
          : "add encoded_slash: true to the entry for \(host.host.text)"
      )
    }
    let what = "\(request.method) \(request.path)"
    var remedy: String?
    let path =
      "/"
      + request.segments.map { String(decoding: $0, as: UTF8.self) }
      .joined(separator: "/")
    if let rule = try? RequestRule(.allow, parsing: "\(request.method) \(path)"),
      !path.utf8.contains(0x2A)
    {
      if var host = entries.first?.rule {
        host.rules.append(rule)
        remedy =
          host.rules.count <= 6
          ? "network: [\(NetworkRule.host(host).canonicalText)]"
          : "add \(rule.canonicalText) to the rules of \(host.host.text)"
      } else {
        let host = try? HostPattern(parsing: request.host)
        remedy = host.map {
          let entry = HostRule(host: $0, ports: [request.port], rules: [rule])
          return "add \(NetworkRule.host(entry).canonicalText) to network"
        }
      }
    }
    return .denied(
      rule: BuiltInRule.defaultDeny.name,
      reason: "no rule for \(request.host) allows \(what)",
      remedy: remedy
    )
  }

  private func remedy(_ admission: Admission) -> String? {
    if case .denied(_, let remedy) = admission { remedy } else { nil }
  }
}

extension CanonicalRequest {
  /// The field of the query by which a framework would take the method for another one. Some part
  /// fields at semicolons, too.
  fileprivate var overridingField: String? {
    query.flatMap { "\($0.name)=\($0.value)".split(separator: ";") }
      .map { $0.prefix { $0 != "=" }.lowercased() }
      .first { RequestHeaders.overridingFields.contains($0) }
  }
}
