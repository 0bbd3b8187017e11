/// All models that are known, and where the knowledge is from.
package struct ModelCatalogue: Sendable {
  /// Of what the catalogue is a snapshot.
  package struct Source: Hashable, Sendable {
    package var repository: String
    package var commit: String
    /// The day of the commit.
    package var date: CalendarDate
    package var notice: String
    /// The day on which a person looked the snapshot through.
    package var reviewed: CalendarDate

    package init(
      repository: String,
      commit: String,
      date: CalendarDate,
      notice: String,
      reviewed: CalendarDate
    ) {
      self.repository = repository
      self.commit = commit
      self.date = date
      self.notice = notice
      self.reviewed = reviewed
    }
  }

  package let source: Source
  package let providers: [ProviderEntry]
  /// By provider and identifier.
  package let models: [ModelEntry]
  private let places: [ModelEntry.Key: Int]
  /// By every name that a model goes by without its provider's, folded.
  private let named: [String: [Int]]

  package init(
    source: Source,
    providers: [ProviderEntry],
    models: [ModelEntry]
  ) throws(CatalogueError) {
    self.source = source
    self.providers = providers
    self.models = models
    var places: [ModelEntry.Key: Int] = [:]
    places.reserveCapacity(models.count)
    var named: [String: [Int]] = [:]
    named.reserveCapacity(models.count)
    for (index, model) in models.enumerated() {
      guard places.updateValue(index, forKey: model.key) == nil else {
        throw .duplicate(model.key.description)
      }
      named[foldedModelName(model.key.id), default: []].append(index)
      for alias in model.aliases { named[foldedModelName(alias), default: []].append(index) }
    }
    self.places = places
    self.named = named
  }

  package func model(_ key: ModelEntry.Key) -> ModelEntry? {
    places[key].map { models[$0] }
  }

  package func provider(_ id: String) -> ProviderEntry? {
    providers.first { $0.id == id }
  }

  /// The models that a name may mean: `openai/gpt-5.4`, `gpt-5.4`, `Hunter Alpha`.
  package func models(named name: String) -> [ModelEntry] {
    if let slash = name.firstIndex(of: "/") {
      let key = ModelEntry.Key(
        provider: String(name[..<slash]),
        id: String(name[name.index(after: slash)...])
      )
      if let model = model(key) { return [model] }
      // The alias of a model may be written behind its provider, too.
      let found = named[foldedModelName(key.id)] ?? []
      let own = found.map { models[$0] }.filter { $0.key.provider == key.provider }
      if !own.isEmpty { return own }
    }
    return (named[foldedModelName(name)] ?? []).map { models[$0] }
  }
}

/// A name as it is compared: people write `Hunter Alpha` for `hunter-alpha`.
package func foldedModelName(_ name: some StringProtocol) -> String {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(name.utf8.count)
  for byte in name.utf8 {
    switch byte {
    case 0x41...0x5A: bytes.append(byte | 0x20)
    case 0x20, 0x5F: bytes.append(0x2D)
    default: bytes.append(byte)
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}

/// Why a catalogue is not taken.
package enum CatalogueError: Error, Hashable, Sendable, CustomStringConvertible {
  case wrongDigest(expected: String, found: String)
  case unreadable(String)
  case unsupportedFormat(Int)
  case duplicate(String)

  package var description: String {
    switch self {
    case .wrongDigest(let expected, let found):
      "the catalogue's SHA-256 is \(found), and \(expected) is written beside it; "
        + "take it anew from where it is from"
    case .unreadable(let reason): "the catalogue cannot be read: \(reason)"
    case .unsupportedFormat(let number):
      "the catalogue has format \(number), and this Caisson reads 1; derive it anew"
    case .duplicate(let key): "the catalogue names \(key) twice; keep one of them"
    }
  }
}
