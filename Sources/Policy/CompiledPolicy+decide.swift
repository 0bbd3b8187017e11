extension CompiledPolicy {
  /// Whether the run may do this. Names that are links are judged as they are written.
  package func decide(_ request: Request) -> Decision {
    switch request {
    case .read(let path): decidePath(path, .read)
    case .write(let path): decidePath(path, .write)
    case .execute(let path): decidePath(path, .read)
    case .connect(let host, let port): decideConnection(host, port)
    case .ask(let method, let address): decideRequest(method, address)
    }
  }

  private func decidePath(_ written: String, _ list: PathRule.List) -> Decision {
    guard let path = PathText.normalised(written) else {
      return Decision(.deny, rule: BuiltInRule.malformed.name)
    }
    if let decision = decideOwnPlace(path, list) { return decision }
    if let grant = deny.first(where: { $0.covers(path) }) {
      return Decision(.deny, rule: grant.description, remedy: remedy(against: grant, list: list))
    }
    if let grant = write.first(where: { $0.covers(path) }) {
      return list == .write ? decideWrite(path, grant) : Decision(.allow, rule: grant.description)
    }
    if list == .read, let grant = read.first(where: { $0.covers(path) }) {
      return Decision(.allow, rule: grant.description)
    }
    return Decision(
      .deny,
      rule: BuiltInRule.defaultDeny.name,
      remedy: defaultRemedy(path, list)
    )
  }

  /// A grant for writing covers the path: what remains are start-up files.
  private func decideWrite(_ path: String, _ grant: PathGrant) -> Decision {
    guard let workspace, let below = PathText.below(workspace, path), !below.isEmpty else {
      return Decision(.allow, rule: grant.description)
    }
    switch decideApply(relativePath: Array(below.utf8), kind: .file) {
    case .allow:
      return Decision(.allow, rule: grant.description)
    case .hold(let rule, let remedy):
      // Without a layer there is no later: what would be held at apply is refused at once.
      return Decision(
        workspaceMode == .direct ? .deny : .heldAtApply,
        rule: rule,
        remedy: remedy
      )
    case .deny(let rule, let remedy):
      return Decision(.deny, rule: rule, remedy: remedy)
    }
  }

  private func defaultRemedy(_ path: String, _ list: PathRule.List) -> String? {
    guard list == .write, let workspace, PathText.covers(workspace, path),
      !write.contains(where: { PathText.covers(workspace, $0.path) })
    else { return listRemedy(list, adding: path) }
    // Nothing of the workspace may be written: a person means the whole of it.
    return listRemedy(.write, adding: workspace)
  }

  /// Places that every run has for itself, and places of the machine that none has.
  private func decideOwnPlace(_ path: String, _ list: PathRule.List) -> Decision? {
    for place in Self.hostPlaces where PathText.covers(place, path) {
      return Decision(.deny, rule: BuiltInRule.hostRuntime.name)
    }
    if PathText.covers("/proc", path) || PathText.covers("/dev", path) {
      return Decision(.allow, rule: BuiltInRule.runOwn.name)
    }
    if Self.madeFiles.contains(path) {
      return Decision(list == .write ? .deny : .allow, rule: BuiltInRule.runOwn.name)
    }
    return nil
  }

  private static let hostPlaces = ["/sys", "/run", "/var/run"]
  /// Written anew for each run, never the machine's.
  private static let madeFiles: Set = [
    "/etc/passwd", "/etc/group", "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf",
    "/etc/hostname",
  ]

  private func decideConnection(_ written: String, _ port: UInt16) -> Decision {
    var host = written.lowercased()
    if host.hasSuffix("."), host.count > 1 { host.removeLast() }
    if isLoopback(host) { return Decision(.allow, rule: BuiltInRule.loopback.name) }
    switch NetworkPolicy(rules: network).admit(host: host, port: port) {
    case .passed(let rule), .inspected(let rule, git: []):
      return Decision(.allow, rule: named("network: host \(rule.host.text)", rule.mark))
    case .inspected(let rule, let git):
      let isGit = git.contains { $0.destination == rule }
      return Decision(
        .allow,
        rule: isGit ? git[0].name : named("network: host \(rule.host.text)", rule.mark)
      )
    case .denied(let rule, let remedy):
      return Decision(.deny, rule: rule, remedy: remedy)
    }
  }

  private func decideRequest(_ method: String, _ address: String) -> Decision {
    guard let end = address.firstRange(ofASCII: "://") else {
      return Decision(.deny, rule: BuiltInRule.malformed.name)
    }
    let scheme = address[..<end.lowerBound].lowercased()
    let authority = address[end.upperBound...].prefix { $0 != "/" && $0 != "?" }
    do throws(RequestProblem) {
      let request = try CanonicalRequest(
        method: method,
        target: address,
        scheme: scheme,
        authority: String(authority)
      )
      let policy = NetworkPolicy(rules: network)
      switch policy.decide(request, host: request.host, port: request.port) {
      case .allowed(let grant): return Decision(.allow, rule: grant.rule)
      case .denied(let rule, _, let remedy): return Decision(.deny, rule: rule, remedy: remedy)
      }
    } catch {
      return Decision(.deny, rule: error.rule)
    }
  }

  private func named(_ rule: String, _ mark: SourceMark) -> String {
    mark.line.map { "\(rule) (line \($0))" } ?? rule
  }

  private func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host.hasSuffix(".localhost") { return true }
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host[...]
    guard let address = AddressRange.address(bare) else { return false }
    return address.count == 4
      ? address[0] == 127 : address == [UInt8](repeating: 0, count: 15) + [1]
  }
}
