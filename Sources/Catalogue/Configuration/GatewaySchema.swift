import Policy

/// The keys of the gateway's document.
enum GatewaySchema {
  static let document = [
    "version", "listen", "expose", "providers", "models", "aliases", "tiers", "routing",
    "unknown_price", "translation", "cache", "budgets", "limits", "logs", "traces", "engine",
  ]
  static let provider = [
    "dialect", "base", "key", "catalogue", "headers", "insecure", "concurrency",
  ]
  static let key = ["env"]
  static let model = [
    "provider", "model", "weight", "price", "context", "max_output", "input", "output", "can",
  ]
  static let price = PriceUnit.allCases.map(\.rawValue) + ["tiers", "video"]
  static let priceTier = ["above"] + PriceUnit.allCases.filter(\.isTokens).map(\.rawValue)
  static let tier = ["models", "from", "policy", "needs", "cap"]
  static let cap = ["input", "output", "call"]
  static let routing = [
    "policy", "attempts", "retry_share", "longest_wait", "breaker", "timeouts", "listed_only",
  ]
  static let breaker = ["failures", "window", "rest", "longest_rest", "probes"]
  static let timeouts = ["connect", "first_byte", "idle", "total"]
  static let translation = ["unsupported"]
  static let cache = ["keep", "size"]
  static let budget = ["amount", "per", "parent"]
  static let limits = ["body", "concurrency"]
  static let logs = ["content"]
  static let engine = ["memory", "keep_alive", "threads", "context", "parallel", "queue"]

  static let vocabulary = Vocabulary(
    root: document,
    examples: [
      document: "version: 1", provider: "{ key: OPENAI_API_KEY }", key: "{ env: OPENAI_API_KEY }",
      model: "{ provider: openai, model: gpt-5.4-mini }",
      price: "{ input: 0.15 USD/M, output: 0.60 USD/M }",
      priceTier: "{ above: 200k, input: 0.30 USD/M }", tier: "{ models: [openai/gpt-5.4-mini] }",
      cap: "{ output: 1.00 USD/M }", routing: "{ policy: cheapest }", breaker: "{ failures: 5 }",
      timeouts: "{ total: 10m }", translation: "{ unsupported: refuse }", cache: "{ keep: 1h }",
      budget: "{ amount: 20.00 USD, per: day }", limits: "{ body: 32MiB }",
      logs: "{ content: false }", engine: "{ memory: 8GiB }",
    ],
    parents: [
      ("providers: NAME", provider), ("models: NAME", model), ("tiers: NAME", tier),
      ("routing", routing), ("routing.breaker", breaker), ("routing.timeouts", timeouts),
      ("budgets: NAME", budget), ("limits", limits), ("engine", engine),
    ],
    synonyms: [
      "api_base": "base", "base_url": "base", "url": "base", "endpoint": "base",
      "api_key": "key", "secret": "key", "token": "key", "type": "dialect", "format": "dialect",
      "cost": "price", "pricing": "price", "context_window": "context", "max_tokens": "max_output",
      "model_list": "models", "retries": "attempts", "num_retries": "attempts",
      "strategy": "policy", "timeout": "timeouts", "period": "per", "max_budget": "amount",
      "port": "listen", "address": "listen", "logging": "logs", "capabilities": "can",
      "fallbacks": "tiers", "router_settings": "routing", "max_price": "cap",
    ]
  )
}
