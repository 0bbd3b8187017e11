import Policy
import Testing

@testable import Catalogue

@Suite struct ConfigurationTests {
  private func parse(_ text: String) throws -> GatewayConfiguration {
    try .parse(text, file: "gateway.yaml", catalogue: try Documents.catalogue.get())
  }

  @Test func `a whole document says what it says`() throws {
    let configuration = try parse(Documents.whole)
    #expect(configuration.listen == ListenAddress(port: 4200))
    #expect(
      configuration.providers.map(\.name) == ["openai", "anthropic", "mistral", "eu", "own"]
    )
    let openai = try #require(configuration.provider("openai"))
    #expect(openai.dialect == .openai)
    #expect(openai.base.text == "https://api.openai.com/v1")
    #expect(openai.key == .secret("OPENAI_API_KEY"))
    #expect(openai.catalogue == "openai")
    #expect(configuration.provider("anthropic")?.key == .environment("ANTHROPIC_API_KEY"))
    #expect(configuration.provider("own")?.catalogue == nil)
    #expect(configuration.models[2].price == .free)
    #expect(configuration.models[1].context == 128_000)
    #expect(configuration.tiers[1].needs.text == "vision, tools, 400000 tokens")
    #expect(configuration.routing.retryShare == 125)
    #expect(configuration.routing.breaker.probes == 2)
    #expect(configuration.routing.timeouts.firstByte == .seconds(60))
    #expect(configuration.budgets[1].parent == "org")
    #expect(configuration.budgets[1].amount.text == "20.00 USD")
    #expect(configuration.cache?.bytes == 64 << 20)
    #expect(configuration.unsupported == .drop)
  }

  @Test func `what is written and read again is the same`() throws {
    let configuration = try parse(Documents.whole)
    #expect(try parse(configuration.text) == configuration, "\(configuration.text)")
    let least = try parse("version: 1\n")
    #expect(least == GatewayConfiguration())
    #expect(least.text == "version: 1\nlisten: \"127.0.0.1:4100\"\n")
    #expect(try parse(least.text) == least)
  }

  @Test(
    arguments: [
      (
        "providers: { openai: { api_key: X } }",
        "2:24: providers.openai.api_key: unknown key; did you mean 'key'?"
      ),
      (
        "providers: { openai: {} }",
        "2:22: providers.openai.key: the provider has no key; write key: OPENAI_API_KEY, the name of "
          + "a stored secret, or key: none"
      ),
      (
        "providers: { openai: { key: sk-proj-1234567890abcdefghijklmnop } }",
        "2:29: providers.openai.key: this looks like a secret itself, not like the name of one; "
          + "store it outside and write its name, as in EXAMPLE_TOKEN"
      ),
      (
        "providers: { x: { key: K } }",
        "2:17: providers.x.dialect: the catalogue knows no provider 'x', so its dialect must be "
          + "named; write dialect: openai"
      ),
      (
        "providers: { x: { dialect: opnai, base: \"https://x.example\", key: K } }",
        "2:28: providers.x.dialect: 'opnai' is not known here; did you mean 'openai'?"
      ),
      (
        "providers: { x: { dialect: openai, base: \"http://x.example\", key: K } }",
        "2:42: providers.x.base: keys and prompts would cross the network unencrypted; write "
          + "https://, or say insecure: true if that is meant"
      ),
      (
        "providers: { openai: { key: K, headers: { Authorization: x } } }",
        "2:43: providers.openai.headers: 'Authorization' carries a key; write the name of the "
          + "stored secret under key"
      ),
      (
        "listen: 0.0.0.0:4100",
        "2:9: listen: '0.0.0.0' can be reached from other machines; write 127.0.0.1:4100, or say "
          + "expose: true if that is meant"
      ),
      (
        "models: { a: { provider: opnai, model: m } }\nproviders: { openai: { key: K } }",
        "2:26: models.a.provider: no provider is called 'opnai'; did you mean 'openai'?"
      ),
      (
        "models: { a: { provider: openai, model: m, price: { input: 0.15 } } }\n"
          + "providers: { openai: { key: K } }",
        "2:60: models.a.price.input: the amount has no currency; write 0.15 USD"
      ),
      (
        "models: { a: { provider: openai, model: m, price: { input: 0.15 USD } } }\n"
          + "providers: { openai: { key: K } }",
        "2:60: models.a.price.input: '0.15 USD' does not say what it is the price of; write it as "
          + "in 0.15 USD/M"
      ),
      (
        "aliases: { fast: openai/gpt-5.4-nan }\nproviders: { openai: { key: K } }",
        "2:18: aliases.fast: no model is called 'openai/gpt-5.4-nan'; did you mean "
          + "'openai/gpt-5.4-nano'?"
      ),
      (
        "tiers: { cheap: { policy: cheapest } }",
        "2:17: tiers.cheap: the tier stands for nothing; write models: [openai/gpt-5.4-nano], or "
          + "from: [openai] with a cap"
      ),
      (
        "tiers: { cheap: { from: [openai], policy: cheap } }\nproviders: { openai: { key: K } }",
        "2:43: tiers.cheap.policy: 'cheap' is not known here; use one of priority, weighted, "
          + "cheapest, least_busy"
      ),
      (
        "tiers: { cheap: { from: [openai], needs: [visoin] } }\n"
          + "providers: { openai: { key: K } }",
        "2:43: tiers.cheap.needs[0]: 'visoin' is nothing that a model can have; did you mean "
          + "'vision'?"
      ),
      (
        "budgets: { a: { amount: 5.00 USD, parent: b }, b: { amount: 5.00 USD, parent: a } }",
        "2:43: budgets.a.parent: the budget draws from itself in the end; name a parent that has "
          + "another, or none"
      ),
      (
        "budgets: { a: { amount: 5.00 USD, parent: c } }",
        "2:43: budgets.a.parent: no budget is called 'c'; did you mean 'a'?"
      ),
      (
        "unknown_price: zero",
        "2:16: unknown_price: this is neither refuse nor a price; write refuse, or "
          + "{ input: 15.00 USD/M, output: 75.00 USD/M }"
      ),
      (
        "routing: { retry_share: 0.2 }",
        "2:25: routing.retry_share: '0.2' is not a share of the requests; write it as in 20%"
      ),
      (
        "retries: 3",
        "2:1: retries: unknown key; remove it; known here: version, listen, expose, providers, "
          + "models, aliases, tiers, routing, unknown_price, translation, cache, budgets, limits, "
          + "logs"
      ),
      (
        "breaker: { failures: 3 }",
        "2:1: breaker: unknown key; it belongs under 'routing'"
      ),
    ]
  )
  func `what is wrong is named with its place and its remedy`(rest: String, message: String) {
    do {
      _ = try parse("version: 1\n\(rest)\n")
      Issue.record("it is accepted: \(rest)")
    } catch let error as PolicyError {
      #expect(error.description.contains("gateway.yaml:\(message)"), "\(error)")
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func `all problems are reported at once, by their lines`() {
    let text = """
      version: 2
      listen: nowhere
      providers: { openai: { kay: K } }
      limits: { body: 1 }
      """
    let error = #expect(throws: PolicyError.self) { try parse(text) }
    #expect(error?.problems.map(\.line) == [1, 2, 3, 3, 4])
  }

  @Test func `a provider that cannot be read is the only one to blame`() {
    let text = """
      version: 1
      providers: { x: { dialect: openai, base: nonsense, key: K } }
      models: { a: { provider: x, model: m } }
      aliases: { b: x/m }
      """
    let error = #expect(throws: PolicyError.self) { try parse(text) }
    #expect(error?.problems.count == 1)
  }

  @Test(
    arguments: [
      ("https://api.example.com/v1/", "https://api.example.com/v1"),
      ("http://LOCALHOST:8080", "http://localhost:8080"), ("https://h:443/a", "https://h/a"),
      ("http://[::1]:11434", "http://[::1]:11434"), ("ftp://x", nil), ("https://", nil),
      ("https://u:p@h/", nil), ("https://h/../x", nil), ("https://h:0", nil),
      ("https://h/?a=b", nil), ("https://h\\x", nil), ("https://h:99999", nil),
      ("https://a b", nil), ("api.openai.com", nil),
    ] as [(String, String?)]
  )
  func `an address is read strictly`(text: String, result: String?) throws {
    #expect((try? BaseURL(parsing: text))?.text == result)
  }

  @Test(
    arguments: [
      ("localhost", true), ("127.0.0.1", true), ("127.1.2.3", true), ("[::1]", true),
      ("127.0.0.1.example.com", false), ("127.example", false), ("0.0.0.0", false),
      ("localhost.example.com", false), ("127.0.0.256", false),
    ]
  )
  func `loopback is this machine, for sure`(host: String, isLoopback: Bool) {
    #expect(BaseURL.isLoopback(host) == isLoopback)
  }

  @Test func `documents with random damage are judged without a trap`() throws {
    var random = SplitMix(seed: 7)
    let bytes = Array(Documents.whole.utf8)
    for _ in 0..<1500 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let index = Int.random(in: 0..<damaged.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: damaged[index] = UInt8.random(in: 0x20...0x7E, using: &random)
        case 1: damaged.remove(at: index)
        default: damaged.insert(bytes.randomElement(using: &random) ?? 0x20, at: index)
        }
      }
      guard let configuration = try? parse(String(decoding: damaged, as: UTF8.self)) else {
        continue
      }
      #expect(try parse(configuration.text) == configuration)
    }
  }
}
