import Policy

/// Mutated input for the parsers that meet a run's own bytes, and what must hold for each.
package enum NetworkJudge {
  package enum Subject: String, CaseIterable, Sendable {
    case requests
    case git
    case imports
  }

  /// What is wrong with Caisson, if the input of this number shows it. The same number and seed
  /// give the same input.
  package static func complaint(
    _ subject: Subject,
    _ index: UInt64,
    seed: UInt64
  ) -> (complaint: String?, input: String) {
    var random = SplitMix(seed: seed ^ (index &* 0xD134_2543_DE82_EF95))
    switch subject {
    case .requests:
      let target = target(&random)
      return (complaint(aboutTarget: target), target.debugDescription)
    case .git:
      let body = push(&random)
      return (complaint(aboutPush: body, &random), "\(body)")
    case .imports:
      let (format, mutator) = sources[random.below(sources.count)]
      let text = mutator.input(index, seed: seed)
      return (complaint(aboutImport: text, format), "\(format) \(text.debugDescription)")
    }
  }

  private static let pieces = [
    "/", "/", "a", "private", "Private", "..", ".", "%2e", "%2E", "%2F", "%2f", "%5c", "\\", "%25",
    "%", "?", "&", "=", ";", "%C3%A9", "é", "\u{0}", "*", "//", "%41", "%70", "+", "#", "http://h",
    "https://h.example.com", "https://other", ":", "@", "~", "%7e", "x", "%e2%82", "%00", "%0a",
    " ", "%20",
    "_method", "info", "refs", "git-upload-pack", "service", "git-receive-pack", "[", "|", "é",
    ".git", "acme", "app", "%252e", "%u0041", "\u{202E}", "/.", "/..;", ";x=",
  ]

  private static func target(_ random: inout SplitMix) -> String {
    var target = random.chance(85) ? "/" : ""
    for _ in 0..<random.below(12) { target += pieces[random.below(pieces.count)] }
    guard random.chance(20), !target.isEmpty else { return target }
    var bytes = Array(target.utf8)
    bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let policy: NetworkPolicy = {
    let text = """
      version: 1
      network:
        - { host: h.example.com, encoded_slash: true, rules: [{ allow: "* /**" }, { deny: "* /private/**" }] }
        - { git: h.example.com/acme/app, push: [main] }
      """
    let document = try? PolicyDocument.parse(text, file: "fuzz")
    return NetworkPolicy(rules: document?.network ?? [])
  }()

  private static func request(_ target: String) -> CanonicalRequest? {
    try? CanonicalRequest(
      method: "GET",
      target: target,
      scheme: "https",
      authority: "h.example.com"
    )
  }

  private static func complaint(aboutTarget target: String) -> String? {
    guard let request = request(target) else { return nil }
    guard self.request(request.target) == request else { return "its form is not the only one" }
    let decoded = request.segments.map { String(decoding: $0, as: UTF8.self) }
    let parts = decoded.flatMap { $0.split(separator: "/", omittingEmptySubsequences: false) }
    if parts.dropLast().contains(where: \.isEmpty) { return "two slashes in a row" }
    if parts.contains(where: { $0 == "." || $0 == ".." }) { return "a dot segment" }
    if request.path.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F || $0 == 0x5C }) {
      return "a byte that must be encoded"
    }
    let decision = policy.decide(request, host: "h.example.com", port: 443)
    if parts.first?.lowercased() == "private", case .allowed = decision {
      return "a denial was passed by"
    }
    return nil
  }

  private static func line(_ text: String) -> [UInt8] {
    let size = String(text.utf8.count + 4, radix: 16)
    return Array((String(repeating: "0", count: max(0, 4 - size.count)) + size + text).utf8)
  }

  private static func push(_ random: inout SplitMix) -> [UInt8] {
    let hashes = ["0", "a", "b", "A", "g"].map { String(repeating: $0, count: 40) }
    let names = [
      "refs/heads/main", "refs/heads/a/b", "refs/tags/v1", "HEAD", "", "refs/heads/é", "x y",
    ]
    var body: [UInt8] = []
    for number in 0..<random.below(5) {
      let old = hashes[random.below(hashes.count)]
      let new = hashes[random.below(hashes.count)]
      let caps = number == 0 || random.chance(5) ? "\0 report-status side-band-64k" : ""
      body += line("\(old) \(new) \(names[random.below(names.count)])\(caps)\n")
    }
    if random.chance(10) { body += line("shallow \(hashes[1])\n") }
    if random.chance(5) { body += line("push-cert\0\n") }
    body += Array("0000PACK".utf8)
    for _ in 0..<random.below(4) {
      let place = random.below(body.count)
      switch random.below(4) {
      case 0: body[place] = UInt8(truncatingIfNeeded: random.next())
      case 1: body.removeSubrange(place..<min(body.count, place + 1 + random.below(8)))
      case 2:
        body.insert(contentsOf: Array("0005fffe00040001".utf8.prefix(random.below(16))), at: place)
      default: body.insert(contentsOf: body.prefix(place), at: place)
      }
      if body.isEmpty { body = [0x30] }
    }
    return body
  }

  private static func complaint(aboutPush body: [UInt8], _ random: inout SplitMix) -> String? {
    let whole = outcome(of: [body[...]])
    var parts: [ArraySlice<UInt8>] = []
    var rest = body[...]
    while !rest.isEmpty {
      let size = 1 + random.below(1 + rest.count / 2)
      parts.append(rest.prefix(size))
      rest = rest.dropFirst(size)
    }
    guard outcome(of: parts) == whole else { return "it depends on how the body is cut" }
    var report = GitPushReport(usesSideBand: random.chance(50))
    for part in parts { report.read(part) }
    guard case .commands(let updates) = whole else { return nil }
    let isWell = updates.allSatisfy {
      $0.old.utf8.count == $0.new.utf8.count && !($0.creates && $0.deletes) && !$0.ref.isEmpty
    }
    guard isWell else { return "a command that is none" }
    guard let host = try? HostPattern(parsing: "h.example.com") else { return "no host" }
    let rule = GitRule(host: host, repository: "a", push: ["main"])
    let isMain = updates.allSatisfy {
      $0.ref == "refs/heads/main" && ($0.creates || $0.old == $0.new)
    }
    if rule.decide(updates, pushed: PushedTips()) == .allowed, !isMain {
      return "a push beyond its grant"
    }
    return nil
  }

  private static func outcome(of parts: [ArraySlice<UInt8>]) -> GitPush.Progress? {
    var push = GitPush()
    var progress = GitPush.Progress.more
    for part in parts {
      guard let next = try? push.read(part) else { return nil }
      if case .commands = next { return next }
      progress = next
    }
    return progress
  }

  private static let sources: [(PolicyImport.Format, Mutator)] = [
    (
      .openShell,
      Mutator(corpus: [
        """
        version: 1
        filesystem_policy: { include_workdir: true, read_only: [/usr], read_write: [/sandbox/x, /tmp] }
        landlock: { compatibility: best_effort }
        network_policies:
          a:
            endpoints:
              - { host: "*.a.com", port: 443, protocol: rest, access: read-only }
              - host: b.a.com
                ports: [443, 8443]
                protocol: rest
                enforcement: enforce
                rules: [{ allow: { method: GET, path: "/v1/**", query: { q: { any: [a, b*] } } } }]
                deny_rules: [{ method: "*", path: "/v1/*/x?" }]
              - { host: c.a.com, port: 443, allowed_ips: [10.0.0.1] }
              - { host: d.a.com, port: 443, protocol: websocket, access: full }
            binaries: [{ path: "/**" }]
        """
      ])
    ),
    (
      .sandboxRuntime,
      Mutator(corpus: [
        #"{"network":{"allowedDomains":["*.a.com","b.com:22"],"deniedDomains":["b.a.com:443"]},"#
          + #""filesystem":{"denyRead":["~/.ssh","\u0041\ud83d\ude00"],"allowWrite":[".",true]}}"#
      ])
    ),
    (
      .codex,
      Mutator(corpus: [
        "sandbox_mode = \"workspace-write\"\n[sandbox_workspace_write]\n"
          + "writable_roots = [\"/a\",\n'/b'] # c\nnetwork_access = true\n"
      ])
    ),
  ]

  private static func complaint(
    aboutImport text: String,
    _ format: PolicyImport.Format
  ) -> String? {
    do throws(PolicyError) {
      let imported = try PolicyImport.read(text, file: "input", format: format)
      let canonical = imported.document.canonicalText
      guard let again = try? PolicyDocument.parse(canonical, file: "again"),
        again == imported.document
      else { return "what is imported does not read as itself: \(canonical)" }
      _ = PolicyDifference(from: imported.document, to: PolicyDocument(origin: .init("none")))
      return nil
    } catch {
      let isWell = error.problems.allSatisfy { !$0.what.isEmpty && !$0.remedy.isEmpty }
      return error.problems.isEmpty || !isWell ? "refused without words" : nil
    }
  }
}
