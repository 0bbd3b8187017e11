/// A request of git's protocol over HTTP, told by its path and query alone.
package struct GitRequest: Hashable, Sendable {
  package enum Service: String, Hashable, Sendable {
    case fetch = "git-upload-pack"
    case push = "git-receive-pack"
  }

  package enum Step: Hashable, Sendable {
    /// `GET …/info/refs?service=…`: what the repository has.
    case advertisement
    /// `POST …/git-upload-pack` or `…/git-receive-pack`. A push is judged by its ``GitPush``.
    case exchange
  }

  /// The path in front of the service, decoded, without a slash at its beginning.
  package let path: String
  package let service: Service
  package let step: Step
  /// Whether it is asked in the one way in which git asks.
  private let isWell: Bool

  /// Nil for what is no request of git's.
  package init?(_ request: CanonicalRequest) {
    let written = request.segments.flatMap {
      $0.split(separator: 0x2F, omittingEmptySubsequences: false)
    }
    // Some servers cut off what follows a semicolon, or a slash at the end, or ignore case: what
    // one of them would take for git's is judged as git's, and then found not to be well-formed.
    var names = written.map { String(decoding: $0.prefix { $0 != 0x3B }, as: UTF8.self) }
    if names.last == "" { names.removeLast() }
    let isPlain =
      !request.hasEncodedSlash && names.count == written.count
      && !written.contains { $0.contains(0x3B) }
    guard let last = names.last, names.count > 1 else { return nil }
    if let service = Service(rawValue: last.lowercased()) {
      self.service = service
      step = .exchange
      path = names.dropLast().joined(separator: "/")
      isWell =
        isPlain && last == service.rawValue && request.method == "POST" && request.query.isEmpty
      return
    }
    guard names.count > 2, names.suffix(2).map({ $0.lowercased() }) == ["info", "refs"] else {
      return nil
    }
    let asked = request.query.filter { $0.name.lowercased() == "service" }
    guard let service = asked.compactMap({ Service(rawValue: $0.value.lowercased()) }).first else {
      return nil
    }
    self.service = service
    step = .advertisement
    path = names.dropLast(2).joined(separator: "/")
    isWell =
      isPlain && names.suffix(2) == ["info", "refs"] && request.method == "GET"
      && request.query.count == 1
      && asked.first?.name == "service" && asked.first?.value == service.rawValue
  }

  /// Whether the request is about exactly this repository.
  package func concerns(_ rule: GitRule) -> Bool {
    path == rule.repository || path == rule.repository + ".git"
  }

  /// Where a host has entries for repositories, they alone judge what git asks there.
  func decision(by rules: [GitRule]) -> RequestDecision {
    guard isWell else {
      return .denied(
        rule: BuiltInRule.unambiguous.name,
        reason: "this is nearly a request of git's, and not one that git makes",
        remedy: nil
      )
    }
    let granted = rules.filter(concerns)
    guard let rule = granted.first(where: { service == .fetch || $0.grantsPush }) ?? granted.first
    else {
      return .denied(
        rule: BuiltInRule.gitAlone.name,
        reason: "no entry names the repository \(quoted(path))",
        remedy: remedy(rules)
      )
    }
    guard service == .fetch || rule.grantsPush else {
      return .denied(
        rule: rule.name,
        reason: "the entry grants fetching from \(rule.repository), and no push",
        remedy: "network: [{ git: \(rule.host.text)/\(rule.repository), push: [\"caisson/*\"] }]"
      )
    }
    return .allowed(
      RequestGrant(
        rule: rule.name,
        credential: rule.credential,
        git: GitGrant(request: self, rule: rule)
      )
    )
  }

  private func remedy(_ rules: [GitRule]) -> String? {
    guard let known = rules.first,
      let place = try? GitRule.location(parsing: "\(known.host.text)/\(path)")
    else { return nil }
    let rule = GitRule(host: place.host, repository: place.repository, ports: known.ports)
    return "network: [\(NetworkRule.git(rule).canonicalText)]"
  }
}

extension GitRule {
  /// Whether anything may be pushed at all.
  package var grantsPush: Bool { !push.isEmpty || !tags.isEmpty }
}
