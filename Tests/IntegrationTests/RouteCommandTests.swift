import Foundation
import SystemPackage
import Testing

/// `caisson route explain` and `caisson gateway import-litellm` as a person meets them.
struct RouteCommandTests {
  private static let configuration = """
    version: 1
    providers:
      openai: { key: OPENAI_API_KEY }
      xiaomi: { key: { env: XIAOMI_API_KEY } }
      own: { dialect: ollama, base: "http://127.0.0.1:11434" }
    models:
      llama: { provider: own, model: llama3.3, price: free, can: [tools] }
      odd: { provider: own, model: odd }
    tiers:
      cheap: { models: [openai/gpt-5.4-mini, openai/gpt-5.4-nano, llama], policy: cheapest }
    """

  private func write(_ text: String, to path: FilePath) throws {
    try Data(text.utf8).write(to: URL(filePath: path.string))
  }

  @Test func `each candidate is listed with why and why not`() async throws {
    try await withTemporaryDirectory { home in
      let file = home.appending("g.yaml")
      try write(Self.configuration, to: file)
      let result = try await Command.caisson(
        "route",
        "explain",
        "--model",
        "cheap",
        "--needs",
        "vision",
        "--config",
        file.string,
        home: home
      ).run()
      #expect(result.status == .exited(0), "\(result.error)")
      #expect(
        result.output == """
          cheap: a tier, tried by price
            1. openai/gpt-5.4-nano  0.5125 USD
            2. openai/gpt-5.4-mini  1.875 USD
            –  own/llama3.3: takes no image

          """
      )
    }
  }

  @Test func `a call is priced by what it may use, and a budget wants a price`() async throws {
    try await withTemporaryDirectory { home in
      let file = home.appending("g.yaml")
      try write(Self.configuration, to: file)
      func explain(_ arguments: String...) async throws -> Command.Result {
        var command = Command.caisson("route", "explain", "--config", file.string, home: home)
        command.arguments += arguments
        return try await command.run()
      }
      let call = try await explain(
        "--model",
        "gpt-5.4-nano",
        "--input",
        "1000",
        "--output",
        "100",
        "--json"
      )
      let row = try #require(
        try JSONSerialization.jsonObject(with: Data(call.output.utf8)) as? [String: Any]
      )
      #expect(row["order"] as? [String] == ["openai/gpt-5.4-nano"])
      let free = try await explain("--model", "odd")
      #expect(free.output.contains("1. own/odd  price unknown"))
      let budget = try await explain("--model", "odd", "--budget")
      #expect(budget.status == .exited(1))
      #expect(budget.output.contains("–  own/odd: its price is not known"))
      let retired = try await explain("--model", "Hunter Alpha")
      #expect(retired.status == .exited(1))
      #expect(
        retired.output.contains(
          "refused: 'Hunter Alpha' was retired on 2026-06-30; did you mean xiaomi/mimo-v2.5-pro?"
        )
      )
      let dear = try await explain("--model", "cheap", "--output", "100000", "--cap", "0.20 USD")
      #expect(dear.output.contains("the call costs"))
    }
  }

  @Test func `a configuration that is wrong is refused with every problem`() async throws {
    try await withTemporaryDirectory { home in
      let file = home.appending("g.yaml")
      try write("version: 1\nprovider: {}\nlisten: 0.0.0.0:1\n", to: file)
      let result = try await Command.caisson(
        "route",
        "explain",
        "--model",
        "x",
        "--config",
        file.string,
        home: home
      ).run()
      #expect(result.status == .exited(126))
      #expect(
        result.error.contains("\(file):2:1: provider: unknown key; did you mean 'providers'?")
      )
      #expect(result.error.contains("\(file):3:9: listen: '0.0.0.0' can be reached"))
      let none = try await Command.caisson("route", "explain", "--model", "x", home: home).run()
      #expect(none.status == .exited(125))
      #expect(none.error.contains("the gateway has no configuration yet"))
    }
  }

  @Test func `a LiteLLM configuration comes over, and what it lost is said`() async throws {
    try await withTemporaryDirectory { home in
      let file = home.appending("config.yaml")
      try write(
        """
        model_list:
          - model_name: nano
            litellm_params: { model: openai/gpt-5.4-nano, api_key: os.environ/OPENAI_API_KEY }
        litellm_settings:
          callbacks: my_module.handler
          max_budget: 20
          budget_duration: 1d
        """,
        to: file
      )
      let result = try await Command.caisson("gateway", "import-litellm", file.string, home: home)
        .run()
      #expect(result.status == .exited(1))
      #expect(result.error.contains("line 5: litellm_settings.callbacks: it runs other code"))
      #expect(result.output.contains("proxy: { amount: 20.00 USD, per: day }"))
      // What comes out can be used as it is.
      let own = home.appending("gateway.yaml")
      try write(result.output, to: own)
      let route = try await Command.caisson(
        "route",
        "explain",
        "--model",
        "nano",
        "--config",
        own.string,
        home: home
      ).run()
      #expect(route.output.contains("1. openai/gpt-5.4-nano"))
      let check = try await Command.caisson(
        "gateway",
        "import-litellm",
        file.string,
        "--check",
        home: home
      ).run()
      #expect(check.output.hasSuffix("6 keys: 5 exact, 0 approximate, 0 manual, 1 unsupported\n"))
      let json = try await Command.caisson(
        "gateway",
        "import-litellm",
        file.string,
        "--json",
        home: home
      ).run()
      #expect(json.output.contains(#""key":"litellm_settings.callbacks""#))
    }
  }
}
