import Policy

extension GatewayReader {
  mutating func providers(_ node: YAMLNode) {
    for entry in entries(node, "providers", example: "openai: { key: OPENAI_API_KEY }") {
      guard !entry.name.contains("/"), !entry.name.contains(" ") else {
        nodes.report(
          entry.value,
          entry.path,
          "the name of a provider stands before '/' in the names of its models",
          "leave '/' and spaces out of it"
        )
        continue
      }
      provider(entry)
    }
  }

  private mutating func provider(_ entry: Entry) {
    let keys = nodes.map(entry.value, entry.path, keys: GatewaySchema.provider)
    guard case .map = entry.value.content else { return }
    let known = catalogueProvider(keys["catalogue"], entry)
    let dialect = word(keys["dialect"], "\(entry.path).dialect") ?? known?.dialect
    if dialect == nil, keys["dialect"] == nil {
      missing("dialect", entry, example: "openai")
    }
    var base = nodes.value(
      keys["base"],
      "\(entry.path).base",
      example: "https://api.example.com/v1",
      BaseURL.init(parsing:)
    )
    if keys["base"] == nil {
      base = known.flatMap { try? BaseURL(parsing: $0.base) }
      if base == nil { missing("base", entry, example: "https://api.example.com/v1") }
    }
    let isInsecure = flag(keys["insecure"], "\(entry.path).insecure") ?? false
    if let base, !base.isTLS, !base.isLoopback, !isInsecure {
      nodes.report(
        keys["base"] ?? entry.value,
        "\(entry.path).base",
        "keys and prompts would cross the network unencrypted",
        "write https://, or say insecure: true if that is meant"
      )
    }
    let key = key(keys["key"], entry, known: known, isLocal: base?.isLoopback ?? false)
    let headers = headers(keys["headers"], "\(entry.path).headers")
    let concurrency = count(keys["concurrency"], "\(entry.path).concurrency", in: 1...100_000)
    guard let dialect, let base else {
      // What refers to it is not to blame.
      unreadable.insert(entry.name)
      return
    }
    configuration.providers.append(
      ProviderSettings(
        name: entry.name,
        dialect: dialect,
        base: base,
        key: key,
        catalogue: known?.id,
        headers: headers,
        isInsecure: isInsecure,
        concurrency: concurrency
      )
    )
  }

  /// The catalogue's provider of that name, unless another is named, or none.
  private mutating func catalogueProvider(_ node: YAMLNode?, _ entry: Entry) -> ProviderEntry? {
    guard let node else { return catalogue.provider(entry.name) }
    guard let name = nodes.text(node, "\(entry.path).catalogue", example: "openai"), name != "none"
    else { return nil }
    if let known = catalogue.provider(name) { return known }
    let problem = Self.unknown(name, among: catalogue.providers.map(\.id) + ["none"])
    nodes.report(
      node,
      "\(entry.path).catalogue",
      "the catalogue knows no provider \(quoted(name))",
      problem.remedy
    )
    return nil
  }

  private mutating func missing(_ key: String, _ entry: Entry, example: String) {
    nodes.report(
      entry.value,
      "\(entry.path).\(key)",
      "the catalogue knows no provider \(quoted(entry.name)), so its \(key) must be named",
      "write \(key): \(example)"
    )
  }

  private mutating func key(
    _ node: YAMLNode?,
    _ entry: Entry,
    known: ProviderEntry?,
    isLocal: Bool
  ) -> ProviderSettings.Key {
    let path = "\(entry.path).key"
    guard let node else {
      if !isLocal {
        nodes.report(
          entry.value,
          path,
          "the provider has no key",
          "write key: \(known?.keys.first ?? "EXAMPLE_API_KEY"), the name of a stored secret, "
            + "or key: none"
        )
      }
      return .none
    }
    if case .map = node.content {
      let keys = nodes.map(node, path, keys: GatewaySchema.key)
      let name = nodes.value(keys["env"], "\(path).env", example: "OPENAI_API_KEY") {
        text throws(ValueProblem) in try Names.variable(text, isPattern: false)
      }
      return name.map { .environment($0) } ?? .none
    }
    let name = nodes.value(node, path, example: "OPENAI_API_KEY", Names.secret)
    return name.flatMap { $0 == "none" ? nil : .secret($0) } ?? .none
  }

  /// Header fields that every request carries; none that opens a door.
  private mutating func headers(_ node: YAMLNode?, _ path: String) -> [String: String] {
    guard let node else { return [:] }
    guard case .map(let pairs) = node.content else {
      nodes.report(node, path, "a mapping is expected, not \(node.kind)", "write { X-Team: blue }")
      return [:]
    }
    var headers: [String: String] = [:]
    for (key, value) in pairs.prefix(64) {
      let name = nodes.value(key, path, example: "X-Team: blue") { text throws(ValueProblem) in
        try Self.headerName(text)
      }
      guard let name else { continue }
      let text = nodes.value(value, nodes.join(path, name), example: "\(name): blue") {
        text throws(ValueProblem) in
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
          throw ValueProblem("the value is not plain ASCII", remedy: "write it without them")
        }
        guard !SecretNames.looksLikeSecret(value: text) else {
          throw ValueProblem(
            "this looks like a secret",
            remedy: "store it with 'caisson secret set', and write its name under key"
          )
        }
        return text
      }
      headers[name] = text
    }
    return headers
  }

  private static func headerName(_ text: String) throws(ValueProblem) -> String {
    let lower = text.lowercased()
    let isToken =
      !text.isEmpty && text.utf8.count <= 64
      && text.utf8.allSatisfy {
        (0x61...0x7A).contains($0 | 0x20) && $0 != 0x5F || (0x30...0x39).contains($0) || $0 == 0x2D
          || $0 == 0x5F
      }
    guard isToken else {
      throw ValueProblem("\(quoted(text)) is no header field", remedy: "write it as in X-Team")
    }
    let secrets = ["authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"]
    guard !secrets.contains(lower), !lower.hasPrefix("proxy-") else {
      throw ValueProblem(
        "\(quoted(text)) carries a key",
        remedy: "write the name of the stored secret under key"
      )
    }
    let ours = ["host", "content-length", "transfer-encoding", "connection", "te", "upgrade"]
    guard !ours.contains(lower) else {
      throw ValueProblem("\(quoted(text)) is the gateway's own", remedy: "remove it")
    }
    return text
  }
}
