/// A model as one provider serves it.
package struct ModelEntry: Hashable, Sendable {
  /// What names a model everywhere: `openai/gpt-5.4`.
  package struct Key: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var provider: String
    /// As the provider writes it; it may hold slashes itself.
    package var id: String

    package init(provider: String, id: String) {
      self.provider = provider
      self.id = id
    }

    package static func < (left: Key, right: Key) -> Bool {
      (left.provider, left.id) < (right.provider, right.id)
    }

    package var description: String { "\(provider)/\(id)" }
  }

  package var key: Key
  /// As people call it.
  package var name: String
  /// Other names that mean it, such as the one under which it was tried out.
  package var aliases: [String]
  package var input: Modalities
  package var output: Modalities
  package var capabilities: Capabilities
  package var limits: ModelLimits
  package var released: CalendarDate?
  /// Until when its knowledge reaches.
  package var knowledge: CalendarDate?
  package var hasOpenWeights: Bool
  package var licence: String?
  package var lifecycle: Lifecycle
  package var price: Price
  package var provenance: Provenance

  package init(
    key: Key,
    name: String? = nil,
    aliases: [String] = [],
    input: Modalities = .text,
    output: Modalities = .text,
    capabilities: Capabilities = [],
    limits: ModelLimits = ModelLimits(),
    released: CalendarDate? = nil,
    knowledge: CalendarDate? = nil,
    hasOpenWeights: Bool = false,
    licence: String? = nil,
    lifecycle: Lifecycle = .current,
    price: Price = .unknown,
    provenance: Provenance = Provenance(source: "configuration")
  ) {
    self.key = key
    self.name = name ?? key.id
    self.aliases = aliases
    self.input = input
    self.output = output
    self.capabilities = capabilities
    self.limits = limits
    self.released = released
    self.knowledge = knowledge
    self.hasOpenWeights = hasOpenWeights
    self.licence = licence
    self.lifecycle = lifecycle
    self.price = price
    self.provenance = provenance
  }
}

/// Where the facts about a model were found.
package struct Provenance: Hashable, Sendable {
  /// A file of the source, or an address.
  package var source: String
  /// Where what the source lacks was found.
  package var supplement: String?
  /// What a reader should know about it.
  package var note: String?

  package init(source: String, supplement: String? = nil, note: String? = nil) {
    self.source = source
    self.supplement = supplement
    self.note = note
  }
}

/// A provider as the catalogue describes it.
package struct ProviderEntry: Hashable, Sendable {
  package var id: String
  package var name: String
  package var dialect: Dialect
  /// Where its interface begins.
  package var base: String
  /// The variables that its own clients read the key from.
  package var keys: [String]
  package var documentation: String

  package init(
    id: String,
    name: String,
    dialect: Dialect,
    base: String,
    keys: [String],
    documentation: String
  ) {
    self.id = id
    self.name = name
    self.dialect = dialect
    self.base = base
    self.keys = keys
    self.documentation = documentation
  }
}

/// The interface that a provider speaks.
package enum Dialect: String, Hashable, Sendable, CaseIterable {
  case openai
  case anthropic
  case gemini
  case ollama
}
