import Policy
import Testing

@testable import Catalogue

/// Models of this machine among those of a document.
@Suite struct EngineModelTests {
  private static let today = CalendarDate("2026-11-21")!
  private static let own = EngineModel(
    name: "smollm2-135m",
    isDefault: true,
    context: 8192,
    capabilities: [.streaming, .temperature, .json]
  )
  private static let other = EngineModel(
    name: "qwen3",
    isDefault: false,
    context: 32_768,
    capabilities: [.streaming, .temperature, .json, .tools]
  )

  private func parse(_ text: String) throws -> GatewayConfiguration {
    try GatewayConfiguration.parse(
      "version: 1\n" + text,
      file: "gateway.yaml",
      catalogue: try Documents.catalogue.get()
    )
  }

  private func route(_ name: String, _ configuration: GatewayConfiguration) throws -> [String] {
    let catalogue = try Documents.catalogue.get()
    let table = RouteTable(configuration, catalogue: catalogue, today: Self.today)
    var random = SystemRandomNumberGenerator()
    let request = RouteRequest(name: name, today: Self.today)
    return table.route(request, using: &random).order.map(\.key.description)
  }

  @Test func `without a document they are called by name, and one of them is local and cheap`()
    throws
  {
    let served = try parse("").serving([Self.other, Self.own], at: "/run/engine.sock")
    for name in ["local/smollm2-135m", "local", "cheap"] {
      #expect(try route(name, served) == ["local/smollm2-135m"])
    }
    #expect(try route("local/qwen3", served) == ["local/qwen3"])
    #expect(served.provider("local")?.base.text == "http+unix://%2Frun%2Fengine.sock")
    #expect(served.models.allSatisfy { $0.price == .free })
  }

  @Test(arguments: ["priority", "weighted", "cheapest", "least_busy"])
  func `in a tier of the user's the model is the last, whatever the policy is`(policy: String)
    throws
  {
    let document = """
      providers: { openai: { key: K } }
      tiers: { cheap: { models: [openai/gpt-5.4-nano, openai/gpt-5.4-mini], policy: \(policy) } }
      """
    let served = try parse(document).serving([Self.own], at: "/s")
    let order = try route("cheap", served)
    #expect(order.count == 3)
    #expect(order.last == "local/smollm2-135m")
  }

  @Test func `what the document calls by these names keeps its meaning`() throws {
    let taken = try parse(
      """
      providers: { openai: { key: K } }
      aliases: { local: openai/gpt-5.4-nano, cheap: openai/gpt-5.4-mini }
      """
    ).serving([Self.own], at: "/s")
    #expect(try route("local", taken) == ["openai/gpt-5.4-nano"])
    #expect(try route("cheap", taken) == ["openai/gpt-5.4-mini"])
    #expect(try route("local/smollm2-135m", taken) == ["local/smollm2-135m"])
    let provider = try parse(
      #"providers: { local: { dialect: ollama, base: "http://127.0.0.1:1" } }"#
    )
    #expect(!provider.servesEngine)
    #expect(provider.serving([Self.own], at: "/s") == provider)
  }

  @Test func `a document may name models of this machine, be they there or not`() throws {
    let document = "tiers: { small: { models: [local/qwen3, local] } }"
    #expect(try route("small", parse(document)) == [])
    let served = try parse(document).serving([Self.own, Self.other], at: "/s")
    #expect(try route("small", served) == ["local/qwen3", "local/smollm2-135m"])
  }

  @Test func `the engine's section is read, and written as it was`() throws {
    let text = "engine: { memory: 8GiB, keep_alive: 10m, threads: 4, context: 16k, parallel: 2 }\n"
    let engine = try parse(text).engine
    #expect(engine.memory == 8 << 30)
    #expect(engine.keepAlive == .seconds(600))
    #expect(engine.threads == 4 && engine.parallel == 2 && engine.queue == 64)
    #expect(engine.context == 16_000)
    let again = try GatewayConfiguration.parse(
      try parse(text).text,
      file: "again",
      catalogue: try Documents.catalogue.get()
    )
    #expect(again.engine == engine)
    #expect(try parse("engine: off").engine.isOff)
    #expect(try parse("engine: off").text.contains("engine: off\n"))
  }

  @Test(arguments: [
    ("engine: { memory: 1MiB }", "engine.memory: '1MiB' is too little"),
    ("engine: { threads: 0 }", "engine.threads: '0' is not a number from 1 to 256"),
    ("engine: { model: x }", "engine"), ("engine: on", "engine"),
  ])
  func `what is wrong in it is named`(text: String, message: String) throws {
    let error = #expect(throws: PolicyError.self) { try parse(text) }
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
  }
}
