package import Policy

/// What the gateway does, as one document says it.
package struct GatewayConfiguration: Hashable, Sendable {
  package var listen = ListenAddress()
  package var providers: [ProviderSettings] = []
  package var models: [ModelSettings] = []
  package var aliases: [AliasSettings] = []
  package var tiers: [TierSettings] = []
  package var routing = RoutingSettings()
  package var unknownPrice: UnknownPrice = .refuse
  package var unsupported: Unsupported = .refuse
  package var cache: CacheSettings?
  package var budgets: [BudgetSettings] = []
  package var limits = GatewayLimits()
  package var logs = LogSettings()
  /// Where OpenTelemetry's collector takes traces over HTTP; nil where none are kept.
  package var traces: BaseURL?
  /// How models of this machine are run.
  package var engine = EngineSettings()

  package init() {}

  /// What happens to a call whose price is not known, where money is counted.
  package enum UnknownPrice: Hashable, Sendable {
    case refuse
    /// It is reserved and charged at these rates.
    case charge(PriceList)
  }

  /// What happens to a part of a request that another dialect has no word for.
  package enum Unsupported: String, Hashable, Sendable, CaseIterable {
    case refuse
    /// It is left out, and the answer's header says so.
    case drop
  }

  package func provider(_ name: String) -> ProviderSettings? {
    providers.first { $0.name == name }
  }
}

/// Where the gateway listens.
package struct ListenAddress: Hashable, Sendable {
  package var host: String
  package var port: Int
  /// Whether others than this machine may be meant.
  package var isExposed: Bool

  package init(host: String = "127.0.0.1", port: Int = 4100, isExposed: Bool = false) {
    self.host = host
    self.port = port
    self.isExposed = isExposed
  }

  /// Reads `HOST:PORT`; port 0 means any that is free.
  package init(parsing text: String, isExposed: Bool) throws(ValueProblem) {
    guard let colon = text.lastIndex(of: ":"),
      let port = digits(text[text.index(after: colon)...], atMost: 5), (0...65_535).contains(port)
    else {
      throw ValueProblem(
        "\(quoted(text)) is no address with a port",
        remedy: "write it as in 127.0.0.1:4100"
      )
    }
    let host = String(text[..<colon])
    guard isExposed || BaseURL.isLoopback(host) else {
      throw ValueProblem(
        "\(quoted(host)) can be reached from other machines",
        remedy: "write 127.0.0.1:\(port), or say expose: true if that is meant"
      )
    }
    self.init(host: host, port: Int(port), isExposed: isExposed)
  }
}

/// Where models are served, and what is shown there.
package struct ProviderSettings: Hashable, Sendable {
  /// Where the key is from; never the key.
  package enum Key: Hashable, Sendable {
    case none
    /// The name of a stored secret.
    case secret(String)
    /// A variable of the gateway's own environment.
    case environment(String)
  }

  package var name: String
  package var dialect: Dialect
  package var base: BaseURL
  package var key: Key
  /// The catalogue's provider whose facts and prices hold here.
  package var catalogue: String?
  package var headers: [String: String]
  /// Whether http is spoken beyond this machine.
  package var isInsecure: Bool
  /// Requests at a time.
  package var concurrency: Int?

  package init(
    name: String,
    dialect: Dialect,
    base: BaseURL,
    key: Key = .none,
    catalogue: String? = nil,
    headers: [String: String] = [:],
    isInsecure: Bool = false,
    concurrency: Int? = nil
  ) {
    self.name = name
    self.dialect = dialect
    self.base = base
    self.key = key
    self.catalogue = catalogue
    self.headers = headers
    self.isInsecure = isInsecure
    self.concurrency = concurrency
  }
}

/// A model under a name of the configuration's own, and what is said of it over the catalogue.
package struct ModelSettings: Hashable, Sendable {
  package var name: String
  package var provider: String
  /// As the provider calls it.
  package var model: String
  package var weight = 1
  package var price: Price?
  package var context: Int?
  package var maxOutput: Int?
  package var input: Modalities?
  package var output: Modalities?
  package var capabilities: Capabilities?

  package init(name: String, provider: String, model: String) {
    self.name = name
    self.provider = provider
    self.model = model
  }
}

package struct AliasSettings: Hashable, Sendable {
  package var name: String
  /// What it stands for: a model, a tier, or `provider/model`.
  package var target: String

  package init(name: String, target: String) {
    self.name = name
    self.target = target
  }
}

/// Several models under one name.
package struct TierSettings: Hashable, Sendable {
  package var name: String
  /// By name, in the order in which `priority` tries them.
  package var models: [String]
  /// Providers all of whose models in the catalogue are meant, too, so far as they qualify.
  package var providers: [String]
  package var policy: RoutePolicy?
  package var needs: Needs
  package var cap: PriceCap
  /// Models that are tried when none of the others can be, whatever the policy is.
  package var lastResort: [String] = []

  package init(
    name: String,
    models: [String] = [],
    providers: [String] = [],
    policy: RoutePolicy? = nil,
    needs: Needs = Needs(),
    cap: PriceCap = PriceCap()
  ) {
    self.name = name
    self.models = models
    self.providers = providers
    self.policy = policy
    self.needs = needs
    self.cap = cap
  }
}
