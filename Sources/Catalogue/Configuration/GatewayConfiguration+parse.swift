package import Policy

extension GatewayConfiguration {
  /// Reads a document, and reports everything that is wrong with it at once.
  ///
  /// - Parameter catalogue: says what a provider's interface is where the document does not, and
  ///   which models there are.
  package static func parse(
    _ yaml: String,
    file: String,
    catalogue: ModelCatalogue
  ) throws(PolicyError) -> GatewayConfiguration {
    try DocumentReading.read(yaml, file: file, vocabulary: GatewaySchema.vocabulary) {
      nodes,
      root in
      var reader = GatewayReader(nodes: nodes, catalogue: catalogue)
      reader.read(root)
      nodes = reader.nodes
      return reader.configuration
    }
  }
}

/// Reads the parts of the document, and holds the names in them against each other at the end.
struct GatewayReader {
  /// A name that must mean something.
  struct Reference {
    enum Kind {
      case provider
      case model
      case target
      case budget
    }

    let kind: Kind
    let name: String
    let node: YAMLNode
    let path: String
  }

  var nodes: NodeReader
  let catalogue: ModelCatalogue
  var configuration = GatewayConfiguration()
  var references: [Reference] = []
  /// Providers that are named and could not be read.
  var unreadable: Set<String> = []

  init(nodes: NodeReader, catalogue: ModelCatalogue) {
    self.nodes = nodes
    self.catalogue = catalogue
  }

  mutating func read(_ root: YAMLNode) {
    let parts = nodes.map(root, "", keys: GatewaySchema.document)
    guard case .map = root.content else { return }
    nodes.version(parts["version"], root)
    listen(parts["listen"], exposed: parts["expose"])
    if let node = parts["providers"] { providers(node) }
    if let node = parts["models"] { models(node) }
    if let node = parts["aliases"] { aliases(node) }
    if let node = parts["tiers"] { tiers(node) }
    if let node = parts["routing"] { routing(node) }
    if let node = parts["unknown_price"] { unknownPrice(node) }
    if let node = parts["translation"] {
      let keys = nodes.map(node, "translation", keys: GatewaySchema.translation)
      configuration.unsupported =
        word(keys["unsupported"], "translation.unsupported") ?? configuration.unsupported
    }
    if let node = parts["cache"] { cache(node) }
    if let node = parts["budgets"] { budgets(node) }
    if let node = parts["limits"] { limits(node) }
    if let node = parts["logs"] {
      let keys = nodes.map(node, "logs", keys: GatewaySchema.logs)
      configuration.logs.hasContent = flag(keys["content"], "logs.content") ?? false
    }
    traces(parts["traces"])
    if let node = parts["engine"] { engine(node) }
    checkReferences()
  }

  private mutating func traces(_ node: YAMLNode?) {
    let example = "http://127.0.0.1:4318"
    let base = nodes.value(node, "traces", example: example, BaseURL.init(parsing:))
    if let node, let base, !base.isTLS, !base.isLoopback {
      nodes.report(
        node,
        "traces",
        "names of models and keys would cross the network unencrypted",
        "write https://, or send them to a collector on this machine"
      )
    }
    configuration.traces = base
  }

  private mutating func listen(_ node: YAMLNode?, exposed: YAMLNode?) {
    configuration.listen.isExposed = flag(exposed, "expose") ?? false
    let isExposed = configuration.listen.isExposed
    let address = nodes.value(node, "listen", example: "127.0.0.1:4100") {
      text throws(ValueProblem) in try ListenAddress(parsing: text, isExposed: isExposed)
    }
    if let address { configuration.listen = address }
  }

  private mutating func cache(_ node: YAMLNode) {
    if case .scalar("off", isPlain: true) = node.content { return }
    let keys = nodes.map(node, "cache", keys: GatewaySchema.cache)
    var cache = CacheSettings()
    cache.keep = duration(keys["keep"], "cache.keep") ?? cache.keep
    cache.bytes = size(keys["size"], "cache.size", atLeast: 1 << 20) ?? cache.bytes
    configuration.cache = cache
  }

  private mutating func limits(_ node: YAMLNode) {
    let keys = nodes.map(node, "limits", keys: GatewaySchema.limits)
    configuration.limits.body =
      size(keys["body"], "limits.body", atLeast: 1 << 10) ?? configuration.limits.body
    configuration.limits.concurrency =
      count(keys["concurrency"], "limits.concurrency", in: 1...100_000)
      ?? configuration.limits.concurrency
  }

  private mutating func engine(_ node: YAMLNode) {
    if case .scalar("off", isPlain: true) = node.content {
      configuration.engine.isOff = true
      return
    }
    let keys = nodes.map(node, "engine", keys: GatewaySchema.engine)
    var engine = EngineSettings()
    engine.memory = size(keys["memory"], "engine.memory", atLeast: 64 << 20)
    engine.keepAlive = duration(keys["keep_alive"], "engine.keep_alive") ?? engine.keepAlive
    engine.threads = count(keys["threads"], "engine.threads", in: 1...256)
    engine.context = tokens(keys["context"], "engine.context") ?? engine.context
    engine.parallel = count(keys["parallel"], "engine.parallel", in: 1...256) ?? engine.parallel
    engine.queue = count(keys["queue"], "engine.queue", in: 0...10_000) ?? engine.queue
    configuration.engine = engine
  }

  private mutating func budgets(_ node: YAMLNode) {
    for entry in entries(node, "budgets", example: "team: { amount: 20.00 USD, per: day }") {
      let keys = nodes.map(entry.value, entry.path, keys: GatewaySchema.budget)
      let amount = nodes.value(keys["amount"], "\(entry.path).amount", example: "20.00 USD") {
        text throws(ValueProblem) in
        try Money(parsing: text)
      }
      if keys["amount"] == nil, case .map = entry.value.content {
        nodes.report(entry.value, entry.path, "the budget has no amount", "write amount: 20.00 USD")
      }
      let parent = keys["parent"].flatMap { node in
        nodes.text(node, "\(entry.path).parent", example: "team").map { ($0, node) }
      }
      if let (name, node) = parent {
        refer(.budget, name, node, "\(entry.path).parent")
      }
      configuration.budgets.append(
        BudgetSettings(
          name: entry.name,
          amount: amount ?? Money(picoDollars: 0),
          period: word(keys["per"], "\(entry.path).per") ?? .total,
          parent: parent?.0
        )
      )
    }
  }

  mutating func refer(_ kind: Reference.Kind, _ name: String, _ node: YAMLNode, _ path: String) {
    references.append(Reference(kind: kind, name: name, node: node, path: path))
  }
}
