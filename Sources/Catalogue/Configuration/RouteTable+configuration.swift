extension RouteTable {
  /// Works out what every name of a configuration stands for.
  ///
  /// What the document names comes first; unless it says `listed_only`, all that the catalogue
  /// knows of its providers can be called, too, as `provider/model` and by the model's own names.
  ///
  /// - Parameter today: what is retired by then is left out of tiers that are drawn from providers.
  package init(
    _ configuration: GatewayConfiguration,
    catalogue: ModelCatalogue,
    today: CalendarDate
  ) {
    var builder = Builder(configuration: configuration, catalogue: catalogue, today: today)
    builder.addListed()
    if !configuration.routing.listedOnly { builder.addServed() }
    self.init(groups: builder.groups)
  }
}

private struct Builder {
  let configuration: GatewayConfiguration
  let catalogue: ModelCatalogue
  let today: CalendarDate
  var groups: [RouteTable.Group] = []
  /// The offers that the document names, by name.
  private var listed: [String: Offer] = [:]

  init(configuration: GatewayConfiguration, catalogue: ModelCatalogue, today: CalendarDate) {
    self.configuration = configuration
    self.catalogue = catalogue
    self.today = today
  }

  mutating func addListed() {
    for settings in configuration.models {
      let offer = offer(settings)
      listed[foldedModelName(settings.name)] = offer
      groups.append(.init(name: settings.name, kind: .model, offers: [offer]))
    }
    for settings in configuration.tiers { groups.append(tier(settings)) }
    for alias in configuration.aliases {
      let target = foldedModelName(alias.target)
      if var tier = groups.first(where: { $0.kind == .tier && foldedModelName($0.name) == target })
      {
        tier.name = alias.name
        groups.append(tier)
      } else {
        groups.append(.init(name: alias.name, kind: .alias, offers: offers(named: alias.target)))
      }
    }
  }

  /// All that the catalogue knows of the providers. A name without its provider's means the first
  /// that serves it, and no other: what goes to whom is for the document to say.
  mutating func addServed() {
    var bare: [RouteTable.Group] = []
    for provider in configuration.providers {
      for model in served(by: provider) {
        let offer = offer(model, at: provider)
        groups.append(.init(name: offer.key.description, kind: .model, offers: [offer]))
        bare.append(.init(name: model.key.id, kind: .model, offers: [offer]))
        for alias in model.aliases {
          bare.append(.init(name: alias, kind: .alias, offers: [offer]))
        }
      }
    }
    groups += bare
  }

  private func tier(_ settings: TierSettings) -> RouteTable.Group {
    var offers: [Offer] = []
    for name in settings.models { offers += self.offers(named: name) }
    for name in settings.providers {
      guard let provider = configuration.provider(name) else { continue }
      offers += served(by: provider).map { offer($0, at: provider) }.filter { fits($0, settings) }
    }
    for name in settings.lastResort {
      offers += self.offers(named: name).map { offer in
        var offer = offer
        offer.isLastResort = true
        return offer
      }
    }
    var seen: Set<Offer.Key> = []
    return RouteTable.Group(
      name: settings.name,
      kind: .tier,
      offers: offers.filter { seen.insert($0.key).inserted },
      policy: settings.policy ?? configuration.routing.policy,
      needs: settings.needs,
      cap: settings.cap.isNone ? nil : settings.cap
    )
  }

  /// Whether a model belongs into a tier that takes what its providers serve.
  private func fits(_ offer: Offer, _ tier: TierSettings) -> Bool {
    let group = RouteTable.Group(
      name: tier.name,
      kind: .tier,
      offers: [],
      needs: tier.needs.adding(Needs(output: .text)),
      cap: tier.cap
    )
    let request = RouteRequest(name: tier.name, today: today)
    return Judge(request: request, group: group).candidate(offer, health: OfferHealth()).qualifies
  }

  private func offers(named name: String) -> [Offer] {
    if let offer = listed[foldedModelName(name)] { return [offer] }
    guard let slash = name.firstIndex(of: "/"),
      let provider = configuration.provider(String(name[..<slash]))
    else { return [] }
    let id = String(name[name.index(after: slash)...])
    if let source = provider.catalogue,
      let model = catalogue.models(named: "\(source)/\(id)").first(where: {
        $0.key.provider == source
      })
    {
      return [offer(model, at: provider)]
    }
    return [offer(ModelSettings(name: name, provider: provider.name, model: id))]
  }

  private func served(by provider: ProviderSettings) -> [ModelEntry] {
    guard let source = provider.catalogue else { return [] }
    return catalogue.models.filter { $0.key.provider == source }
  }

  private func offer(_ model: ModelEntry, at provider: ProviderSettings) -> Offer {
    var model = model
    model.key.provider = provider.name
    return Offer(key: model.key, model: model)
  }

  /// What the catalogue knows, with what the document says over it.
  private func offer(_ settings: ModelSettings) -> Offer {
    let key = Offer.Key(provider: settings.provider, id: settings.model)
    let source = configuration.provider(settings.provider)?.catalogue
    let known = source.flatMap { catalogue.models(named: "\($0)/\(settings.model)").first }
    var model = known ?? ModelEntry(key: key, capabilities: .streaming)
    model.key = ModelEntry.Key(provider: settings.provider, id: known?.key.id ?? settings.model)
    if let price = settings.price { model.price = price }
    if let context = settings.context { model.limits.context = context }
    if let output = settings.maxOutput { model.limits.output = output }
    if let input = settings.input { model.input = input }
    if let output = settings.output { model.output = output }
    if let capabilities = settings.capabilities { model.capabilities = capabilities }
    return Offer(key: model.key, model: model, weight: settings.weight)
  }
}
