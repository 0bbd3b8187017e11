import Policy

extension ModelCatalogue {
  /// Reads the document that `Scripts/catalogue/derive.py` writes.
  ///
  /// Keys that are not known are refused: one of them might be a price.
  package init(json: String, file: String) throws(CatalogueError) {
    let root: YAMLNode
    do {
      root = try JSONTree.read(json, file: file)
    } catch {
      throw .unreadable(error.description)
    }
    var reader = SnapshotReader(file: file)
    try reader.read(root)
    guard let format = reader.format else { throw .unreadable("\(file) names no format") }
    guard format == 1 else { throw .unsupportedFormat(format) }
    guard let reviewed = reader.reviewed, var source = reader.source else {
      throw .unreadable("\(file) does not say what it is a snapshot of")
    }
    source.reviewed = reviewed
    try self.init(source: source, providers: reader.providers, models: reader.models)
  }
}

/// Reads the parts of the document in the order in which they stand.
private struct SnapshotReader {
  let file: String
  var format: Int?
  var reviewed: CalendarDate?
  var source: ModelCatalogue.Source?
  var providers: [ProviderEntry] = []
  var models: [ModelEntry] = []

  init(file: String) {
    self.file = file
  }

  mutating func read(_ root: YAMLNode) throws(CatalogueError) {
    for field in try fields(root) {
      switch field.name {
      case "format": format = try count(field)
      case "reviewed": reviewed = try date(field)
      case "source": source = try source(field.value)
      case "providers":
        for item in try list(field) { providers.append(try provider(item)) }
      case "models":
        for item in try list(field) { models.append(try model(item)) }
      default: throw unknown(field)
      }
    }
  }

  private func source(_ node: YAMLNode) throws(CatalogueError) -> ModelCatalogue.Source {
    var values: [String: String] = [:]
    var day: CalendarDate?
    for field in try fields(node) {
      switch field.name {
      case "repository", "commit", "notice": values[field.name] = try text(field)
      case "date": day = try date(field)
      default: throw unknown(field)
      }
    }
    guard let day else { throw problem(node, "the source has no date") }
    return ModelCatalogue.Source(
      repository: values["repository"] ?? "",
      commit: values["commit"] ?? "",
      date: day,
      notice: values["notice"] ?? "",
      reviewed: day
    )
  }

  private func provider(_ node: YAMLNode) throws(CatalogueError) -> ProviderEntry {
    var entry = ProviderEntry(
      id: "",
      name: "",
      dialect: .openai,
      base: "",
      keys: [],
      documentation: ""
    )
    for field in try fields(node) {
      switch field.name {
      case "id": entry.id = try text(field)
      case "name": entry.name = try text(field)
      case "dialect":
        guard let dialect = Dialect(rawValue: try text(field)) else {
          throw problem(field.value, "no such dialect")
        }
        entry.dialect = dialect
      case "base": entry.base = try text(field)
      case "keys": entry.keys = try texts(field)
      case "doc": entry.documentation = try text(field)
      default: throw unknown(field)
      }
    }
    guard !entry.id.isEmpty, !entry.base.isEmpty else {
      throw problem(node, "a provider has an id and a base")
    }
    return entry
  }

  private func model(_ node: YAMLNode) throws(CatalogueError) -> ModelEntry {
    var entry = ModelEntry(
      key: ModelEntry.Key(provider: "", id: ""),
      input: [],
      output: [],
      provenance: Provenance(source: "")
    )
    entry.name = ""
    var status: String?
    var end: CalendarDate?
    var successor: String?
    for field in try fields(node) {
      switch field.name {
      case "provider": entry.key.provider = try text(field)
      case "id": entry.key.id = try text(field)
      case "name": entry.name = try text(field)
      case "aliases": entry.aliases = try texts(field)
      case "in": entry.input = try modalities(field)
      case "out": entry.output = try modalities(field)
      case "can": entry.capabilities = try capabilities(field)
      case "context": entry.limits.context = try count(field)
      case "prompt": entry.limits.input = try count(field)
      case "limit": entry.limits.output = try count(field)
      case "image_tokens": entry.limits.imageTokens = try count(field)
      case "released": entry.released = try date(field)
      case "knowledge": entry.knowledge = try date(field)
      case "open": entry.hasOpenWeights = try flag(field)
      case "licence": entry.licence = try text(field)
      case "status": status = try text(field)
      case "retired": end = try date(field)
      case "successor": successor = try text(field)
      case "price": entry.price = try price(field.value)
      case "source": entry.provenance.source = try text(field)
      case "supplement": entry.provenance.supplement = try text(field)
      case "note": entry.provenance.note = try text(field)
      default: throw unknown(field)
      }
    }
    guard !entry.key.provider.isEmpty, !entry.key.id.isEmpty, !entry.name.isEmpty,
      !entry.provenance.source.isEmpty
    else { throw problem(node, "a model has a provider, an id, a name and a source") }
    switch (status, end) {
    case ("retired", let day): entry.lifecycle = .retired(on: day, successor: successor)
    case (nil, let day?), ("preview", let day?):
      entry.lifecycle = .retiring(on: day, successor: successor)
    case (nil, nil): entry.lifecycle = .current
    case ("preview", nil): entry.lifecycle = .preview
    case (let word?, _): throw problem(node, "no status is called \(quoted(word))")
    }
    return entry
  }

  private func modalities(_ field: Field) throws(CatalogueError) -> Modalities {
    var all: Modalities = []
    for word in try texts(field) {
      guard let one = Modalities(name: word) else {
        throw problem(field.value, "no modality is called \(quoted(word))")
      }
      all.insert(one)
    }
    return all
  }

  private func capabilities(_ field: Field) throws(CatalogueError) -> Capabilities {
    var all: Capabilities = []
    for word in try texts(field) {
      guard let one = Capabilities(name: word) else {
        throw problem(field.value, "no capability is called \(quoted(word))")
      }
      all.insert(one)
    }
    return all
  }
}

/// Prices: `"free"`, or the rates by unit with what deviates from them.
extension SnapshotReader {
  private func price(_ node: YAMLNode) throws(CatalogueError) -> Price {
    if case .scalar("free", isPlain: false) = node.content { return .free }
    var list = PriceList([:])
    var tiers: [PriceList.Tier] = []
    for field in try fields(node) {
      switch field.name {
      case "tiers":
        for item in try self.list(field) { tiers.append(try tier(item)) }
      case "modes":
        for item in try self.list(field) { list.modes.append(try mode(item)) }
      case "video":
        for own in try fields(field.value) { list.video[own.name] = try rate(own.value) }
      default: try read(field, into: &list.base)
      }
    }
    return .listed(PriceList(list.base, tiers: tiers, video: list.video, modes: list.modes))
  }

  private func tier(_ node: YAMLNode) throws(CatalogueError) -> PriceList.Tier {
    var tier = PriceList.Tier(above: 0, rates: [:])
    for field in try fields(node) {
      if field.name == "above" {
        tier.above = try count(field)
      } else {
        try read(field, into: &tier.rates)
      }
    }
    guard tier.above > 0 else { throw problem(node, "a tier begins above a number of tokens") }
    return tier
  }

  private func mode(_ node: YAMLNode) throws(CatalogueError) -> PriceList.Mode {
    var mode = PriceList.Mode(name: "", field: "", value: "", rates: [:])
    for field in try fields(node) {
      switch field.name {
      case "name": mode.name = try text(field)
      case "field": mode.field = try text(field)
      case "value": mode.value = try text(field)
      default: try read(field, into: &mode.rates)
      }
    }
    guard !mode.name.isEmpty, !mode.field.isEmpty, !mode.value.isEmpty else {
      throw problem(node, "a mode has a name, a field and a value")
    }
    return mode
  }

  private func read(
    _ field: Field,
    into rates: inout PriceList.Rates
  ) throws(CatalogueError) {
    guard let unit = PriceUnit(rawValue: field.name) else { throw unknown(field) }
    rates[unit] = try rate(field.value)
  }

  /// Pico-dollars a unit, or `{"amount": …, "per": …, "least": …}`.
  private func rate(_ node: YAMLNode) throws(CatalogueError) -> Rate {
    var values: [String: Int64] = ["per": 1, "least": 0]
    if case .scalar = node.content {
      values["amount"] = try integer(node)
    } else {
      for field in try fields(node) {
        guard ["amount", "per", "least"].contains(field.name) else { throw unknown(field) }
        values[field.name] = try integer(field.value)
      }
    }
    guard let amount = values["amount"], let per = values["per"], let least = values["least"],
      let rate = Rate(picoDollars: amount, per: per, least: least)
    else { throw problem(node, "this is no rate") }
    return rate
  }
}

/// Values, each by its own rule.
extension SnapshotReader {
  typealias Field = (name: String, value: YAMLNode)

  private func fields(_ node: YAMLNode) throws(CatalogueError) -> [Field] {
    guard case .map(let pairs) = node.content else {
      throw problem(node, "an object is expected, not \(node.kind)")
    }
    var fields: [Field] = []
    fields.reserveCapacity(pairs.count)
    for (key, value) in pairs {
      guard case .scalar(let name, _) = key.content else { continue }
      fields.append((name, value))
    }
    return fields
  }

  private func list(_ field: Field) throws(CatalogueError) -> [YAMLNode] {
    guard case .list(let items) = field.value.content else {
      throw problem(field.value, "an array is expected, not \(field.value.kind)")
    }
    return items
  }

  private func text(_ field: Field) throws(CatalogueError) -> String {
    guard case .scalar(let text, isPlain: false) = field.value.content else {
      throw problem(field.value, "\(quoted(field.name)) is a text")
    }
    return text
  }

  private func texts(_ field: Field) throws(CatalogueError) -> [String] {
    var texts: [String] = []
    for item in try list(field) { texts.append(try text((field.name, item))) }
    return texts
  }

  private func date(_ field: Field) throws(CatalogueError) -> CalendarDate {
    guard let date = CalendarDate(try text(field)) else {
      throw problem(field.value, "\(quoted(field.name)) is a date as in 2026-03-05")
    }
    return date
  }

  private func flag(_ field: Field) throws(CatalogueError) -> Bool {
    switch field.value.content {
    case .scalar("true", isPlain: true): return true
    case .scalar("false", isPlain: true): return false
    default: throw problem(field.value, "\(quoted(field.name)) is true or false")
    }
  }

  private func integer(_ node: YAMLNode) throws(CatalogueError) -> Int64 {
    guard case .scalar(let text, isPlain: true) = node.content, let value = digits(text, atMost: 18)
    else { throw problem(node, "a whole number is expected") }
    return value
  }

  /// A number of tokens, or of something else of which there is one at least.
  private func count(_ field: Field) throws(CatalogueError) -> Int {
    let value = try integer(field.value)
    guard (1...1_000_000_000).contains(value) else {
      throw problem(field.value, "\(value) is out of bounds")
    }
    return Int(value)
  }

  private func unknown(_ field: Field) -> CatalogueError {
    problem(field.value, "the key \(quoted(field.name)) is not known here")
  }

  private func problem(_ node: YAMLNode, _ what: String) -> CatalogueError {
    .unreadable("\(file):\(node.line):\(node.column): \(what)")
  }
}
