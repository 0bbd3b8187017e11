import Policy

/// Walks through a LiteLLM configuration, builds ours, and settles each key in the ledger.
struct LiteLLMReader {
  static let sections = [
    "model_list", "litellm_settings", "router_settings", "general_settings", "credential_list",
    "environment_variables",
  ]

  /// One entry of `model_list` that can be called here.
  struct Deployment {
    var group: String
    var settings: ModelSettings
  }

  let root: YAMLNode
  let catalogue: ModelCatalogue
  var ledger: LiteLLMLedger
  var configuration = GatewayConfiguration()
  var deployments: [Deployment] = []
  /// What is tried when all of a group failed, by its name.
  var fallbacks: [(group: String, others: [String], path: String)] = []
  var aliases: [(name: String, target: String, path: String)] = []

  init(root: YAMLNode, catalogue: ModelCatalogue) {
    self.root = root
    self.catalogue = catalogue
    ledger = LiteLLMLedger(root)
  }

  mutating func read() {
    // What strategy there is decides what several deployments of a name become.
    configuration.routing.policy = .weighted
    if let node = root["router_settings"] { router(node, "router_settings") }
    if let node = root["litellm_settings"] { library(node) }
    if let node = root["general_settings"] { general(node) }
    for (index, node) in (root["model_list"]?.items ?? []).enumerated() {
      model(node, "model_list[\(index)]")
    }
    settleCredentials()
    groups()
    // LiteLLM serves what is listed, and no more.
    configuration.routing.listedOnly = !hasWildcards
    ledger.settle(
      "environment_variables",
      .manual,
      "set it where the gateway is started; values are not taken from a file"
    )
    ledger.settle("include", .manual, "import each of the files")
    for (section, why) in Self.refusedSections {
      ledger.settle(section, .unsupported, why, isRefused: true)
    }
    if deployments.count == configuration.models.count, !hasGroups {
      configuration.routing.policy = .priority
    }
  }

  /// Whether some entry stands for all models of a provider.
  var hasWildcards: Bool {
    (root["model_list"]?.items ?? []).contains {
      $0["litellm_params"]?["model"]?.text?.contains("*") ?? false
    }
  }

  private var hasGroups: Bool { !configuration.tiers.isEmpty }

  private static let refusedSections = [
    ("guardrails", "it runs other services' code on every request: refused"),
    ("prompts", "prompts are the client's own: refused"),
    ("mcp_servers", "tools are granted to runs by policy, not by the gateway: refused"),
    ("mcp_tools", "tools are granted to runs by policy, not by the gateway: refused"),
    ("pass_through_endpoints", "it forwards to any address with a key: refused"),
  ]

  /// Names with several deployments, or with others behind them, become tiers.
  private mutating func groups() {
    var names: [String] = []
    for deployment in deployments where !names.contains(deployment.group) {
      names.append(deployment.group)
    }
    let behind = settledFallbacks(names)
    var members: [String: [String]] = [:]
    for name in names {
      let own = deployments.filter { $0.group == name }
      let isTier = own.count > 1 || behind[name] != nil
      for (index, deployment) in own.enumerated() {
        var settings = deployment.settings
        settings.name = isTier ? Self.free("\(name)-\(index + 1)", among: names) : name
        members[name, default: []].append(settings.name)
        configuration.models.append(settings)
      }
    }
    for name in names {
      let own = members[name] ?? []
      guard own.count > 1 || behind[name] != nil else { continue }
      let others = (behind[name] ?? []).flatMap { members[$0] ?? [] }
      configuration.tiers.append(
        TierSettings(
          name: name,
          models: own + others,
          policy: others.isEmpty ? configuration.routing.policy : .priority
        )
      )
    }
    for alias in aliases {
      guard names.contains(alias.target) else {
        ledger.settle(alias.path, .manual, "\(quoted(alias.target)) is no model that was imported")
        continue
      }
      configuration.aliases.append(AliasSettings(name: alias.name, target: alias.target))
      ledger.settle(alias.path, .exact, "aliases: \(quoted(alias.name))")
    }
  }

  /// What is behind which group, of those that were imported.
  private mutating func settledFallbacks(_ names: [String]) -> [String: [String]] {
    var behind: [String: [String]] = [:]
    for (group, others, path) in fallbacks {
      let kept = others.filter { names.contains($0) && $0 != group }
      guard names.contains(group), !kept.isEmpty else {
        ledger.settle(path, .manual, "the models that it names were not imported")
        continue
      }
      behind[group, default: []] += kept
      let missing = others.filter { !names.contains($0) }.map { quoted($0) }
      ledger.settle(
        path,
        missing.isEmpty ? .exact : .approximate,
        missing.isEmpty
          ? "tiers: \(quoted(group)), tried in that order"
          : "without \(missing.joined(separator: ", ")), which was not imported"
      )
    }
    return behind
  }

  /// A name that is not taken by a group.
  private static func free(_ name: String, among names: [String]) -> String {
    names.contains(name) ? "\(name)-of-many" : name
  }
}
