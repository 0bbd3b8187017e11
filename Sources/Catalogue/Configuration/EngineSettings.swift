import Policy

/// How models of this machine are run.
package struct EngineSettings: Hashable, Sendable {
  package var isOff = false
  /// Bytes that they may take together; nil: three quarters of the machine's.
  package var memory: UInt64?
  /// How long one stays in memory after it was last used, where a request says nothing.
  package var keepAlive: Duration = .seconds(300)
  /// Threads that compute; nil: one a core.
  package var threads: Int?
  /// Tokens of a conversation at most, where a request says nothing.
  package var context = 8192
  /// Answers that one model gives at a time.
  package var parallel = 4
  /// Requests that wait for one model.
  package var queue = 64

  package init() {}
}

/// A model of this machine, so far as requests are led by it.
package struct EngineModel: Hashable, Sendable {
  /// Without the provider's name.
  package var name: String
  /// Whether it came with Caisson: the one that is meant by `local`, and by a tier `cheap`.
  package var isDefault: Bool
  package var context: Int?
  package var capabilities: Capabilities

  package init(name: String, isDefault: Bool, context: Int?, capabilities: Capabilities) {
    self.name = name
    self.isDefault = isDefault
    self.context = context
    self.capabilities = capabilities
  }

  /// The provider's name, and that of the default model.
  package static let provider = "local"
  /// The tier that the default model belongs to.
  package static let tier = "cheap"

  /// Whether a name means a model of this machine, be there one or not.
  static func isName(_ name: String) -> Bool {
    let name = foldedModelName(name)
    return name == provider || name.hasPrefix("\(provider)/")
  }
}

extension GatewayConfiguration {
  /// Whether models of this machine are served: unless the document says no, or has taken the name.
  package var servesEngine: Bool { !engine.isOff && provider(EngineModel.provider) == nil }

  /// The same with the models of this machine: each as `local/NAME`, the default one as `local` and as
  /// the last that is tried of a tier `cheap`. Names that the document gives keep their meaning.
  ///
  /// - Parameter socket: where the engine is reached.
  package func serving(_ models: [EngineModel], at socket: String) -> GatewayConfiguration {
    guard servesEngine, !models.isEmpty else { return self }
    var configuration = self
    configuration.providers.append(
      ProviderSettings(
        name: EngineModel.provider,
        dialect: .ollama,
        base: BaseURL(socket: socket)
      )
    )
    for model in models {
      configuration.add(model, as: "\(EngineModel.provider)/\(model.name)")
    }
    guard let own = models.first(where: \.isDefault) else { return configuration }
    configuration.add(own, as: EngineModel.provider)
    let name = "\(EngineModel.provider)/\(own.name)"
    if let place = configuration.tiers.firstIndex(where: { $0.name == EngineModel.tier }) {
      configuration.tiers[place].lastResort.append(name)
    } else if !configuration.isTaken(EngineModel.tier) {
      configuration.tiers.append(TierSettings(name: EngineModel.tier, models: [name]))
    }
    return configuration
  }

  private mutating func add(_ model: EngineModel, as name: String) {
    guard !isTaken(name) else { return }
    var settings = ModelSettings(name: name, provider: EngineModel.provider, model: model.name)
    settings.price = .free
    settings.context = model.context
    settings.capabilities = model.capabilities
    models.append(settings)
  }

  private func isTaken(_ name: String) -> Bool {
    let names = models.map(\.name) + aliases.map(\.name) + tiers.map(\.name)
    return names.contains { foldedModelName($0) == foldedModelName(name) }
  }
}
