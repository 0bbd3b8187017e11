import Policy

extension GatewayConfiguration {
  /// The document as YAML; reading it gives the configuration again.
  package var text: String {
    var text = "version: 1\nlisten: \(YAMLText.scalar("\(listen.host):\(listen.port)"))\n"
    if listen.isExposed { text += "expose: true\n" }
    text += Self.block("providers", providers.map { ($0.name, $0.text) })
    text += Self.block("models", models.map { ($0.name, $0.text) })
    text += Self.block("aliases", aliases.map { ($0.name, YAMLText.scalar($0.target)) })
    text += Self.block("tiers", tiers.map { ($0.name, $0.text) })
    text += routing.text
    if case .charge(let list) = unknownPrice { text += "unknown_price: \(list.text)\n" }
    if unsupported != .refuse {
      text += "translation: { unsupported: \(unsupported.rawValue) }\n"
    }
    if let cache {
      text += "cache: { keep: \(cache.keep.text), size: \(Limits.text(bytes: cache.bytes)) }\n"
    }
    text += Self.block("budgets", budgets.map { ($0.name, $0.text) })
    if limits != GatewayLimits() {
      let body = Limits.text(bytes: limits.body)
      text += "limits: { body: \(body), concurrency: \(limits.concurrency) }\n"
    }
    if logs.hasContent { text += "logs: { content: true }\n" }
    if let traces { text += "traces: \(YAMLText.scalar(traces.text))\n" }
    if engine != EngineSettings() { text += "engine: \(engine.text)\n" }
    return text
  }

  private static func block(_ key: String, _ entries: [(name: String, text: String)]) -> String {
    guard !entries.isEmpty else { return "" }
    let lines = entries.map { "  \(YAMLText.scalar($0.name)): \($0.text)\n" }
    return "\(key):\n" + lines.joined()
  }
}

/// A mapping in one line.
private func flow(_ pairs: [(key: String, value: String?)]) -> String {
  let written = pairs.compactMap { pair in pair.value.map { "\(pair.key): \($0)" } }
  return written.isEmpty ? "{}" : "{ \(written.joined(separator: ", ")) }"
}

private func names(_ words: [String]) -> String? {
  words.isEmpty ? nil : YAMLText.list(words)
}

extension Duration {
  fileprivate var text: String { Limits.text(seconds: Double(milliseconds) / 1000) }
}

extension ProviderSettings {
  fileprivate var text: String {
    let key =
      switch key {
      case .none: "none"
      case .secret(let name): YAMLText.scalar(name)
      case .environment(let name): "{ env: \(YAMLText.scalar(name)) }"
      }
    let fields = headers.sorted { $0.key < $1.key }
    return flow([
      ("dialect", dialect.rawValue), ("base", YAMLText.scalar(base.text)), ("key", key),
      ("catalogue", catalogue ?? "none"),
      (
        "headers",
        fields.isEmpty
          ? nil : flow(fields.map { (YAMLText.scalar($0.key), YAMLText.scalar($0.value)) })
      ),
      ("insecure", isInsecure ? "true" : nil), ("concurrency", concurrency.map { "\($0)" }),
    ])
  }
}

extension ModelSettings {
  fileprivate var text: String {
    flow([
      ("provider", YAMLText.scalar(provider)), ("model", YAMLText.scalar(model)),
      ("weight", weight == 1 ? nil : "\(weight)"), ("price", price.map(\.text)),
      ("context", context.map { "\($0)" }), ("max_output", maxOutput.map { "\($0)" }),
      ("input", input.map { YAMLText.list($0.names) }),
      ("output", output.map { YAMLText.list($0.names) }),
      ("can", capabilities.map { YAMLText.list($0.names) }),
    ])
  }
}

extension EngineSettings {
  fileprivate var text: String {
    guard !isOff else { return "off" }
    return flow([
      ("memory", memory.map { Limits.text(bytes: $0) }), ("keep_alive", keepAlive.text),
      ("threads", threads.map { "\($0)" }), ("context", "\(context)"), ("parallel", "\(parallel)"),
      ("queue", "\(queue)"),
    ])
  }
}

extension TierSettings {
  fileprivate var text: String {
    var words = Needs.words.filter { needs.covers($0.needs) }.map(\.word)
    if needs.contextTokens > 0 { words.append("\(needs.contextTokens)") }
    let cap = flow([
      ("input", self.cap.input?.text(for: .input)),
      ("output", self.cap.output?.text(for: .output)), ("call", self.cap.call?.text),
    ])
    return flow([
      ("models", names(models)), ("from", names(providers)), ("policy", policy?.rawValue),
      ("needs", names(words)), ("cap", self.cap.isNone ? nil : cap),
    ])
  }
}

extension BudgetSettings {
  fileprivate var text: String {
    flow([
      ("amount", amount.text), ("per", period.rawValue), ("parent", parent.map(YAMLText.scalar)),
    ])
  }
}

extension Price {
  fileprivate var text: String {
    switch self {
    case .unknown: "unknown"
    case .free: "free"
    case .listed(let list): list.text
    }
  }
}

extension PriceList {
  fileprivate var text: String {
    var pairs: [(key: String, value: String?)] = Self.pairs(base)
    if !tiers.isEmpty {
      let texts = tiers.map { flow([("above", "\($0.above)")] + Self.pairs($0.rates)) }
      pairs.append(("tiers", "[\(texts.joined(separator: ", "))]"))
    }
    if !video.isEmpty {
      let rates = video.sorted { $0.key < $1.key }
      pairs.append(
        ("video", flow(rates.map { (YAMLText.scalar($0.key), $0.value.text(for: .videoSecond)) }))
      )
    }
    return flow(pairs)
  }

  private static func pairs(_ rates: Rates) -> [(key: String, value: String?)] {
    PriceUnit.allCases.map { ($0.rawValue, rates[$0]?.text(for: $0)) }
  }
}

extension RoutingSettings {
  fileprivate var text: String {
    guard self != RoutingSettings() else { return "" }
    let usual = RoutingSettings()
    let share =
      retryShare % 10 == 0 ? "\(retryShare / 10)" : "\(retryShare / 10).\(retryShare % 10)"
    var lines: [(key: String, value: String?)] = [
      ("policy", policy.rawValue), ("attempts", "\(retry.attempts)"), ("retry_share", "\(share)%"),
      ("longest_wait", retry.longestAsked.text),
    ]
    if breaker != usual.breaker {
      lines.append(
        (
          "breaker",
          flow([
            ("failures", "\(breaker.failures)"), ("window", breaker.window.text),
            ("rest", breaker.rest.text), ("longest_rest", breaker.longestRest.text),
            ("probes", "\(breaker.probes)"),
          ])
        )
      )
    }
    if timeouts != usual.timeouts {
      lines.append(
        (
          "timeouts",
          flow([
            ("connect", timeouts.connect.text), ("first_byte", timeouts.firstByte.text),
            ("idle", timeouts.idle.text), ("total", timeouts.total.text),
          ])
        )
      )
    }
    if listedOnly { lines.append(("listed_only", "true")) }
    return "routing:\n" + lines.map { "  \($0.key): \($0.value ?? "")\n" }.joined()
  }
}
