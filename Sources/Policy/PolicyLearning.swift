/// What a run asked of the network, as its journal holds it.
package struct ObservedRequest: Hashable, Sendable {
  package var host: String
  /// 0 where only the name was asked for.
  package var port: UInt16
  /// Nil where only the connection was seen.
  package var method: String?
  /// Canonical, without the query.
  package var path: String?
  package var isDenied: Bool

  package init(host: String, port: UInt16, method: String?, path: String?, isDenied: Bool) {
    self.host = host
    self.port = port
    self.method = method
    self.path = path
    self.isDenied = isDenied
  }
}

/// The smallest additions to a policy under which a run would have got what it was denied.
///
/// What a run asked for is data, not permission: a person reads the result before it becomes one.
package struct PolicyLearning: Hashable, Sendable {
  /// The policy with the additions.
  package let document: PolicyDocument
  /// What was denied and is not added, one sentence each.
  package let notes: [String]

  /// Paths of one place and method beyond which their common part stands for them.
  private static let mostPaths = 8

  package init(_ document: PolicyDocument, seen: [ObservedRequest]) {
    var learned = document
    var notes: [String] = []
    var wanted: [Place: [Asked]] = [:]
    let connected = Set(seen.filter { $0.port != 0 }.map { NetworkPolicy.normalised($0.host) })
    for var request in seen where request.isDenied {
      if request.port == 0 {
        if connected.contains(NetworkPolicy.normalised(request.host)) { continue }
        request.port = 443
      }
      let host = NetworkPolicy.normalised(request.host)
      guard let pattern = try? HostPattern(parsing: host), !host.contains("*") else {
        let sentence =
          "\(quoted(host)) port \(request.port): a host is granted by its name, never by its address"
        if !notes.contains(sentence) { notes.append(sentence) }
        continue
      }
      let asked = Asked(method: request.method, path: request.path)
      var known = wanted[Place(host: pattern.text, port: request.port)] ?? []
      if !known.contains(asked), known.count < 10_000 { known.append(asked) }
      wanted[Place(host: pattern.text, port: request.port)] = known
    }
    for (place, asked) in wanted.sorted(by: { $0.key < $1.key }) {
      Self.add(place, asked, to: &learned, &notes)
    }
    for sentence in Self.stillDenied(seen, learned) where !notes.contains(sentence) {
      notes.append(sentence)
    }
    self.document = learned
    self.notes = notes
  }

  /// What the additions do not help, because a rule of the policy denies it.
  private static func stillDenied(_ seen: [ObservedRequest], _ document: PolicyDocument) -> [String]
  {
    let policy = NetworkPolicy(rules: document.network)
    return seen.prefix(10_000).compactMap { request in
      guard request.isDenied, let method = request.method, let path = request.path,
        let canonical = try? CanonicalRequest(
          method: method,
          target: path,
          scheme: "https",
          authority: "\(request.host):\(request.port)"
        ),
        case .denied(let rule, _, _) = policy.decide(
          canonical,
          host: request.host,
          port: request.port
        ), !rule.hasPrefix("the built-in rule")
      else { return nil }
      return "\(method) \(request.host)\(path) stays denied by \(rule)"
    }
  }

  private struct Place: Hashable, Comparable {
    let host: String
    let port: UInt16

    static func < (left: Place, right: Place) -> Bool {
      (left.host, left.port) < (right.host, right.port)
    }
  }

  private struct Asked: Hashable {
    let method: String?
    let path: String?
  }

  private static func add(
    _ place: Place,
    _ asked: [Asked],
    to document: inout PolicyDocument,
    _ notes: inout [String]
  ) {
    guard let host = try? HostPattern(parsing: place.host) else { return }
    let policy = NetworkPolicy(rules: document.network)
    var rules: [RequestRule] = []
    var git: Set<String> = []
    for (method, requests) in Dictionary(grouping: asked.filter { $0.path != nil }, by: \.method)
      .sorted(by: { ($0.key ?? "") < ($1.key ?? "") })
    {
      guard let method else { continue }
      var paths: [String] = []
      for path in Set(requests.compactMap(\.path)).sorted() {
        if let repository = repository(method, path) {
          git.insert(repository)
        } else if let pattern = pattern(path) {
          paths.append(pattern)
        } else {
          notes.append("\(place.host): the path \(quoted(path)) cannot be written as a rule")
        }
      }
      for path in shortened(paths) {
        guard let rule = try? RequestRule(.allow, parsing: "\(method) \(path)") else {
          notes.append("\(place.host): \(quoted("\(method) \(path)")) cannot be written as a rule")
          continue
        }
        if !rules.contains(rule) { rules.append(rule) }
      }
    }
    for repository in git.sorted() {
      guard let known = try? GitRule.location(parsing: "\(place.host)/\(repository)") else {
        continue
      }
      notes.append("\(place.host)/\(repository): branches to push are named by a person")
      let isKnown = document.network.contains { entry in
        guard case .git(let rule) = entry else { return false }
        return rule.host == known.host && rule.repository == known.repository
          && rule.ports.contains(place.port)
      }
      if isKnown { continue }
      let entry = GitRule(host: known.host, repository: known.repository, ports: [place.port])
      document.network.append(.git(entry))
    }
    if rules.isEmpty {
      let isKnown =
        if case .denied = policy.admit(host: place.host, port: place.port) { false } else { true }
      guard git.isEmpty, !isKnown else { return }
      notes.append(
        "\(place.host) port \(place.port): what was asked there is not known, so anything would be granted"
      )
      document.network.append(.host(HostRule(host: host, ports: [place.port])))
      return
    }
    let index = document.network.firstIndex { entry in
      guard case .host(let rule) = entry else { return false }
      return rule.host == host && rule.ports == [place.port] && !rule.rules.isEmpty
    }
    guard let index, case .host(var rule) = document.network[index] else {
      document.network.append(.host(HostRule(host: host, ports: [place.port], rules: rules)))
      return
    }
    rule.rules += rules.filter { !rule.rules.contains($0) }
    document.network[index] = .host(rule)
  }

  /// The repository that a request of git's is about.
  private static func repository(_ method: String, _ path: String) -> String? {
    for ending in ["/info/refs", "/git-upload-pack", "/git-receive-pack"]
    where path.hasSuffix(ending) {
      guard ending != "/info/refs" || method == "GET" else { continue }
      var name = String(path.dropFirst().dropLast(ending.count))
      if name.hasSuffix(".git") { name.removeLast(4) }
      return name.isEmpty ? nil : name
    }
    return nil
  }

  /// The path as a rule has it; nil where its text would mean something else there.
  private static func pattern(_ path: String) -> String? {
    guard let segments = try? CanonicalRequest.segments(of: Array(path.utf8)[...]) else {
      return nil
    }
    let text = segments.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    guard !segments.contains(where: { $0.contains(0x2F) || $0.contains(0x2A) }) else { return nil }
    return "/" + text
  }

  /// The paths themselves while they are few, else the places that they have in common.
  private static func shortened(_ paths: [String]) -> [String] {
    guard paths.count > mostPaths else { return paths }
    var depth = paths.map { $0.split(separator: "/").count }.max() ?? 1
    var groups = Set(paths)
    while groups.count > mostPaths, depth > 0 {
      depth -= 1
      groups = Set(
        paths.map { path in
          let parts = path.split(separator: "/")
          guard parts.count > depth else { return path }
          return "/" + (parts.prefix(depth) + ["**"]).joined(separator: "/")
        }
      )
    }
    return groups.sorted()
  }
}
