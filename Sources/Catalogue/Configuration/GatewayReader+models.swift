import Policy

extension GatewayReader {
  mutating func models(_ node: YAMLNode) {
    let example = "small: { provider: mistral, model: mistral-small-2603 }"
    for entry in entries(node, "models", example: example) {
      let keys = nodes.map(entry.value, entry.path, keys: GatewaySchema.model)
      guard case .map = entry.value.content else { continue }
      for key in ["provider", "model"] where keys[key] == nil {
        nodes.report(entry.value, "\(entry.path).\(key)", "the key is missing", "write \(example)")
      }
      let provider = keys["provider"].flatMap {
        nodes.text($0, "\(entry.path).provider", example: "openai")
      }
      let id = nodes.value(keys["model"], "\(entry.path).model", example: "gpt-5.4-mini") {
        text throws(ValueProblem) in try Self.name(text)
      }
      var model = ModelSettings(name: entry.name, provider: provider ?? "", model: id ?? "")
      model.weight = count(keys["weight"], "\(entry.path).weight", in: 1...1000) ?? 1
      if let node = keys["price"] { model.price = price(node, "\(entry.path).price") }
      model.context = tokens(keys["context"], "\(entry.path).context")
      model.maxOutput = tokens(keys["max_output"], "\(entry.path).max_output")
      model.input = modalities(keys["input"], "\(entry.path).input")
      model.output = modalities(keys["output"], "\(entry.path).output")
      model.capabilities = capabilities(keys["can"], "\(entry.path).can")
      if let provider, let node = keys["provider"] {
        refer(.provider, provider, node, "\(entry.path).provider")
      }
      configuration.models.append(model)
    }
  }

  mutating func aliases(_ node: YAMLNode) {
    for entry in entries(node, "aliases", example: "fast: openai/gpt-5.4-nano") {
      let target = nodes.value(entry.value, entry.path, example: "openai/gpt-5.4-nano") {
        text throws(ValueProblem) in try Self.name(text)
      }
      guard let target else { continue }
      refer(.target, target, entry.value, entry.path)
      configuration.aliases.append(AliasSettings(name: entry.name, target: target))
    }
  }

  mutating func tiers(_ node: YAMLNode) {
    for entry in entries(node, "tiers", example: "cheap: { models: [openai/gpt-5.4-nano] }") {
      let keys = nodes.map(entry.value, entry.path, keys: GatewaySchema.tier)
      guard case .map = entry.value.content else { continue }
      var tier = TierSettings(name: entry.name)
      for item in names(keys["models"], "\(entry.path).models") {
        refer(.model, item.name, item.node, item.path)
        tier.models.append(item.name)
      }
      for item in names(keys["from"], "\(entry.path).from") {
        refer(.provider, item.name, item.node, item.path)
        tier.providers.append(item.name)
      }
      if keys["models"] == nil, keys["from"] == nil {
        nodes.report(
          entry.value,
          entry.path,
          "the tier stands for nothing",
          "write models: [openai/gpt-5.4-nano], or from: [openai] with a cap"
        )
      }
      tier.policy = word(keys["policy"], "\(entry.path).policy")
      if let node = keys["needs"] { tier.needs = needs(node, "\(entry.path).needs") }
      if let node = keys["cap"] { tier.cap = cap(node, "\(entry.path).cap") }
      configuration.tiers.append(tier)
    }
  }

  private mutating func names(
    _ node: YAMLNode?,
    _ path: String
  ) -> [(name: String, node: YAMLNode, path: String)] {
    guard let node else { return [] }
    return nodes.list(node, path, example: "openai/gpt-5.4-nano").compactMap { item in
      let name = nodes.value(item.node, item.path, example: "openai/gpt-5.4-nano") {
        text throws(ValueProblem) in try Self.name(text)
      }
      return name.map { ($0, item.node, item.path) }
    }
  }

  private mutating func needs(_ node: YAMLNode, _ path: String) -> Needs {
    let all = nodes.values(node, path, example: "vision, tools") { text, _ throws(ValueProblem) in
      try Needs(words: [text])
    }
    return (all ?? []).reduce(Needs()) { $0.adding($1) }
  }

  private mutating func cap(_ node: YAMLNode, _ path: String) -> PriceCap {
    let keys = nodes.map(node, path, keys: GatewaySchema.cap)
    return PriceCap(
      input: rate(keys["input"], "\(path).input", .input),
      output: rate(keys["output"], "\(path).output", .output),
      call: nodes.value(keys["call"], "\(path).call", example: "0.10 USD") {
        text throws(ValueProblem) in try Money(parsing: text)
      }
    )
  }
}

/// Prices.
extension GatewayReader {
  mutating func unknownPrice(_ node: YAMLNode) {
    if case .scalar("refuse", isPlain: true) = node.content { return }
    if case .map = node.content {
      guard let list = priceList(node, "unknown_price") else { return }
      for unit in [PriceUnit.input, .output] where list.base[unit] == nil {
        nodes.report(
          node,
          "unknown_price.\(unit.rawValue)",
          "the key is missing",
          "write { input: 15.00 USD/M, output: 75.00 USD/M }"
        )
      }
      configuration.unknownPrice = .charge(list)
      return
    }
    nodes.report(
      node,
      "unknown_price",
      "this is neither refuse nor a price",
      "write refuse, or { input: 15.00 USD/M, output: 75.00 USD/M }"
    )
  }

  mutating func price(_ node: YAMLNode, _ path: String) -> Price? {
    switch node.content {
    case .scalar("free", _): return .free
    case .scalar("unknown", _): return .unknown
    case .map: return priceList(node, path).map { .listed($0) }
    default:
      nodes.report(
        node,
        path,
        "this is no price",
        "write free, unknown, or { input: 0.15 USD/M, output: 0.60 USD/M }"
      )
      return nil
    }
  }

  private mutating func priceList(_ node: YAMLNode, _ path: String) -> PriceList? {
    let keys = nodes.map(node, path, keys: GatewaySchema.price)
    let base = rates(keys, path)
    var tiers: [PriceList.Tier] = []
    if let list = keys["tiers"] {
      for item in nodes.list(list, "\(path).tiers", example: "{ above: 200k, input: 1 USD/M }") {
        let keys = nodes.map(item.node, item.path, keys: GatewaySchema.priceTier)
        let above = tokens(keys["above"], "\(item.path).above")
        if keys["above"] == nil {
          nodes.report(item.node, item.path, "the tier begins nowhere", "write above: 200k")
        }
        tiers.append(PriceList.Tier(above: above ?? 0, rates: rates(keys, item.path)))
      }
    }
    var video: [String: Rate] = [:]
    if let table = keys["video"] {
      for entry in entries(table, "\(path).video", example: "{ 720p: 0.10 USD/s }") {
        video[entry.name] = rate(entry.value, entry.path, .videoSecond)
      }
    }
    guard !keys.isEmpty else {
      if case .map(let pairs) = node.content, pairs.isEmpty {
        nodes.report(node, path, "the price names nothing", "write free if that is meant")
      }
      return nil
    }
    return PriceList(base, tiers: tiers, video: video)
  }

  private mutating func rates(_ keys: [String: YAMLNode], _ path: String) -> PriceList.Rates {
    var rates: PriceList.Rates = [:]
    for unit in PriceUnit.allCases {
      rates[unit] = rate(keys[unit.rawValue], "\(path).\(unit.rawValue)", unit)
    }
    return rates
  }

  private mutating func rate(_ node: YAMLNode?, _ path: String, _ unit: PriceUnit) -> Rate? {
    nodes.value(node, path, example: "0.15 USD/M") { text throws(ValueProblem) in
      try Rate(parsing: text, for: unit)
    }
  }
}
