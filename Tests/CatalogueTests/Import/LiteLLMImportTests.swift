import Policy
import Testing

@testable import Catalogue

@Suite struct LiteLLMImportTests {
  private func read(_ text: String) throws -> LiteLLMImport {
    try .read(text, file: "config.yaml", catalogue: try Documents.catalogue.get())
  }

  /// The keys of a block document that hold a value, counted from its lines alone.
  private func keysByLine(_ text: String) -> [Int] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    func indent(_ line: String) -> Int { line.prefix { $0 == " " || $0 == "-" }.count }
    return lines.indices.filter { index in
      let line = lines[index]
      guard line.contains(":"), !line.trimmingPrefix(while: { $0 == " " }).hasPrefix("#") else {
        return false
      }
      let next = lines[(index + 1)...].first { !$0.isEmpty }
      let opens = line.hasSuffix(":")
      return !opens || next.map { indent($0) <= indent(line) } ?? true
    }.map { $0 + 1 }
  }

  @Test func `every key of a long configuration is accounted for, once`() throws {
    let text = LiteLLMDocument.whole
    #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count >= 100)
    let imported = try read(text)
    #expect(imported.lines.map(\.line).sorted() == keysByLine(text))
    #expect(Set(imported.lines.map(\.key)).count == imported.lines.count)
    #expect(imported.lines.allSatisfy { !$0.why.isEmpty })
    let total = LiteLLMImport.Status.allCases.reduce(0) { $0 + imported.count($1) }
    #expect(total == imported.lines.count)
  }

  @Test(
    arguments: [
      ("model_list[0].model_name", .exact), ("model_list[0].litellm_params.api_key", .exact),
      ("model_list[0].litellm_params.organization", .exact),
      ("model_list[0].litellm_params.rpm", .manual),
      ("model_list[1].litellm_params.model", .exact),
      ("model_list[1].litellm_params.weight", .exact),
      ("model_list[1].model_info.base_model", .manual),
      ("model_list[3].litellm_params.api_key", .manual),
      ("model_list[3].litellm_params.temperature", .unsupported),
      ("model_list[4].model_info.output_cost_per_token", .exact),
      ("model_list[4].model_info.supports_response_schema", .exact),
      ("model_list[6].litellm_params.api_base", .approximate),
      ("model_list[6].litellm_params.api_key", .approximate),
      ("model_list[6].litellm_params.extra_headers.X-Team", .exact),
      ("model_list[6].litellm_params.extra_headers.Authorization", .manual),
      ("model_list[7].litellm_params.api_version", .manual),
      ("model_list[8].litellm_params.model", .unsupported),
      ("model_list[9].model_name", .approximate),
      ("model_list[10].litellm_params.mock_response", .unsupported),
      ("credential_list[0].credential_values.api_base", .exact),
      ("credential_list[1].credential_values.api_key", .manual),
      ("litellm_settings.drop_params", .exact),
      ("litellm_settings.fallbacks[0].gpt-5.4", .exact),
      ("litellm_settings.max_budget", .exact),
      ("litellm_settings.budget_duration", .approximate),
      ("litellm_settings.cache_params.ttl", .exact),
      ("litellm_settings.callbacks", .unsupported),
      ("litellm_settings.ssl_verify", .unsupported),
      ("router_settings.routing_strategy", .approximate),
      ("router_settings.model_group_alias.gpt-4", .exact),
      ("router_settings.model_group_alias.lost", .manual),
      ("router_settings.redis_port", .unsupported),
      ("general_settings.database_url", .unsupported),
      ("general_settings.max_request_size_mb", .exact),
      ("general_settings.something_new", .unsupported),
      ("environment_variables.REDIS_HOST", .manual),
      ("guardrails[0].litellm_params.guardrail", .unsupported),
    ] as [(String, LiteLLMImport.Status)]
  )
  func `each key has the status that it deserves`(key: String, status: LiteLLMImport.Status) throws
  {
    let line = try #require(try read(LiteLLMDocument.whole).lines.first { $0.key == key })
    #expect(line.status == status, "\(line)")
  }

  @Test func `what it says is what comes out`() throws {
    let configuration = try read(LiteLLMDocument.whole).configuration
    #expect(
      configuration.providers.map(\.name)
        == [
          "openai", "openai-2", "mistral", "anthropic", "mistral-2", "ollama", "hosted_vllm",
          "groq",
        ]
    )
    #expect(configuration.provider("openai")?.headers == ["OpenAI-Organization": "org-blue"])
    #expect(configuration.provider("anthropic")?.key == .secret("ANTHROPIC_API_KEY"))
    #expect(configuration.provider("mistral-2")?.base.text == "https://eu.example.com/v1")
    #expect(configuration.provider("hosted_vllm")?.isInsecure == true)
    let eu = try #require(configuration.models.first { $0.name == "eu" })
    #expect(eu.price?.list?.base[.output]?.text(for: .output) == "0.80 USD/M")
    #expect(eu.price?.list?.base[.cacheRead]?.text(for: .cacheRead) == "0.015 USD/M")
    #expect(eu.capabilities?.contains(.tools) == true)
    #expect(eu.capabilities?.contains(.json) == false)
    #expect(configuration.models.map(\.name).contains("mini-1"))
    let mini = try #require(configuration.tiers.first { $0.name == "mini" })
    #expect(mini.models == ["mini-1", "mini-2"])
    let gpt = try #require(configuration.tiers.first { $0.name == "gpt-5.4" })
    #expect(gpt.models == ["gpt-5.4-1", "claude", "mini-1", "mini-2"])
    #expect(gpt.policy == .priority)
    #expect(configuration.aliases.map(\.name) == ["gpt-4", "hidden-mini"])
    #expect(configuration.routing.retry.attempts == 4)
    #expect(configuration.routing.policy == .leastBusy)
    #expect(
      configuration.budgets == [
        BudgetSettings(
          name: "proxy",
          amount: Money(picoDollars: 100 * Money.dollar),
          period: .month
        )
      ]
    )
    #expect(configuration.unsupported == .drop)
    #expect(configuration.cache?.keep == .seconds(600))
    #expect(configuration.limits.body == 25 << 20)
  }

  @Test func `no secret of theirs comes out`() throws {
    let imported = try read(LiteLLMDocument.whole)
    for secret in ["sk-ant", "sk-1234", "password@", "sk-lf", "Bearer abc"] {
      #expect(!imported.configuration.text.contains(secret))
      #expect(!imported.lines.contains { $0.why.contains(secret) || $0.key.contains(secret) })
    }
    let refused = imported.lines.filter(\.isRefused).map(\.key)
    for key in [
      "litellm_settings.callbacks", "litellm_settings.success_callback",
      "litellm_settings.failure_callback", "general_settings.database_url",
      "general_settings.custom_auth", "general_settings.alerting",
      "model_list[3].litellm_params.api_key", "general_settings.master_key",
    ] { #expect(refused.contains(key), "\(key)") }
  }

  @Test func `a server on this machine is none of those whose interface it speaks`() throws {
    let imported = try read(
      """
      model_list:
        - model_name: mine
          litellm_params:
            model: openai/gpt-5.4
            api_base: http://127.0.0.1:8000/v1
            api_key: anything
      """
    )
    let provider = try #require(imported.configuration.providers.first)
    #expect(provider.name == "openai-local")
    #expect(provider.catalogue == nil)
    #expect(provider.key == .none)
    let model = try #require(imported.lines.first { $0.key.hasSuffix("litellm_params.model") })
    #expect(model.why.hasPrefix("its price is not known"))
  }

  @Test func `only what was listed can be called, unless a wildcard says otherwise`() throws {
    let listed = """
      model_list:
        - { model_name: a, litellm_params: { model: openai/gpt-5.4, api_base: "https://x.example" } }
      """
    let one = try read(listed).configuration
    #expect(one.routing.listedOnly)
    #expect(one.providers.first?.catalogue == "openai")
    let all = try read(
      listed + "\n  - { model_name: '*', litellm_params: { model: 'openai/*' } }\n"
    )
    #expect(!all.configuration.routing.listedOnly)
    // What others serve under the provider's names is not what the wildcard opens.
    #expect(all.configuration.providers.map(\.catalogue) == [nil, "openai"])
  }

  @Test func `keys of two hosts have two names`() throws {
    let imported = try read(
      """
      model_list:
        - { model_name: a, litellm_params: { model: openai/gpt-5.4, api_key: sk-aaaa } }
        - model_name: b
          litellm_params: { model: openai/m, api_key: sk-bbbb, api_base: "https://x2.example/v1" }
      """
    )
    #expect(
      imported.configuration.providers.map(\.key)
        == [.secret("OPENAI_API_KEY"), .secret("X2_EXAMPLE_KEY")]
    )
  }

  @Test func `a tier of the import can be routed`() throws {
    let catalogue = try Documents.catalogue.get()
    let table = RouteTable(
      try read(LiteLLMDocument.whole).configuration,
      catalogue: catalogue,
      today: CalendarDate("2026-11-21")!
    )
    var random = SplitMix(seed: 1)
    let request = RouteRequest(name: "gpt-5.4", today: CalendarDate("2026-11-21")!)
    #expect(
      table.route(request, using: &random).order.map(\.key.description) == [
        "openai/gpt-5.4", "anthropic/claude-sonnet-4-6", "openai-2/gpt-5.4-mini",
        "mistral/mistral-small-2603",
      ]
    )
  }

  @Test(
    arguments: [
      ("0.00000015", 150_000, true), ("1.5e-07", 150_000, true), ("1.5E-07", 150_000, true),
      ("0", 0, true), ("0.0", 0, true), ("1e-13", 1, false),
      ("1.00000000000001e-6", 1_000_001, false),
      ("-1", nil, true), ("", nil, true), ("1e99", nil, true), ("abc", nil, true),
      ("1e", nil, true), (".", nil, true), ("2", nil, true),
    ] as [(String, Int64?, Bool)]
  )
  func `prices with exponents are read in integers`(text: String, amount: Int64?, isExact: Bool) {
    let price = ScientificPrice(text)
    #expect(price?.rate.picoDollars == amount)
    if amount != nil { #expect(price?.isExact == isExact) }
  }

  @Test func `an empty file, a list and a broken one are refused, not read`() {
    for text in ["", "- a\n", "model_list: [", "model_list: &a []\n"] {
      #expect(throws: PolicyError.self) { try read(text) }
    }
  }

  @Test func `damage to a configuration never loses a key`() throws {
    var random = SplitMix(seed: 3)
    let lines = LiteLLMDocument.whole.split(separator: "\n", omittingEmptySubsequences: false)
    for _ in 0..<150 {
      var damaged = lines
      for _ in 0..<Int.random(in: 1...10, using: &random) {
        damaged.remove(at: .random(in: 0..<damaged.count, using: &random))
      }
      guard let imported = try? read(damaged.joined(separator: "\n")) else { continue }
      #expect(Set(imported.lines.map(\.key)).count == imported.lines.count)
    }
  }
}
