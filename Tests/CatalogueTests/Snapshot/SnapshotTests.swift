import Foundation
import Policy
import Testing

@testable import Catalogue

@Suite struct SnapshotTests {
  private static let catalogue = Result {
    try ModelCatalogue(json: Snapshot.text, file: "models.json")
  }

  private func model(_ name: String) throws -> ModelEntry {
    let found = try Self.catalogue.get().models(named: name)
    return try #require(found.first, "\(name)")
  }

  @Test func `it holds a few hundred models of the providers that are meant`() throws {
    let catalogue = try Self.catalogue.get()
    #expect(catalogue.models.count > 400)
    #expect(
      catalogue.providers.map(\.id) == [
        "alibaba", "anthropic", "cohere", "deepseek", "google", "groq", "mistral", "moonshotai",
        "nvidia", "openai", "openrouter", "xai", "xiaomi", "zai",
      ]
    )
    #expect(catalogue.models.map(\.key) == catalogue.models.map(\.key).sorted())
    #expect(catalogue.source.notice.contains("MIT"))
  }

  @Test(arguments: [
    "openai/gpt-5.4", "openai/gpt-5.4-mini", "openai/gpt-5.4-nano", "openai/gpt-5.4-pro",
    "mistral/mistral-small-2603", "xiaomi/mimo-v2-pro", "alibaba/qwen3.5-omni-plus",
    "nvidia/nvidia/nemotron-3-super-120b-a12b", "anthropic/claude-sonnet-4-6",
    "google/gemini-3.1-pro-preview", "google/veo-3.1-fast-generate-preview",
    "google/veo-3.1-lite-generate-preview", "moonshotai/kimi-k2.5", "zai/glm-5",
  ])
  func `the models of the spring of 2026 are in it`(name: String) throws {
    #expect(try model(name).key.description == name)
  }

  @Test func `prices are those of the source, to the pico-dollar`() throws {
    let small = try model("mistral/mistral-small-2603")
    let usage = Usage(inputTokens: 1_000_000, outputTokens: 1_000_000)
    #expect(try small.price.cost(of: usage).text == "0.75 USD")
    let gpt = try model("openai/gpt-5.4").price
    #expect(try gpt.cost(of: Usage(inputTokens: 272_000)).text == "0.68 USD")
    #expect(try gpt.cost(of: Usage(inputTokens: 272_001)).text == "1.360005 USD")
    #expect(try gpt.cost(of: Usage(outputTokens: 1000), mode: "fast").text == "0.03 USD")
    let claude = try model("anthropic/claude-sonnet-4-6").price
    #expect(try claude.cost(of: Usage(cacheWriteHourTokens: 1_000_000)).text == "6.00 USD")
    let veo = try model("google/veo-3.1-fast-generate-preview").price
    let clip = Usage(videoMilliseconds: 8000, resolution: "1080p")
    #expect(try veo.cost(of: clip).text == "0.96 USD")
  }

  @Test func `what was free under another name, and is retired, is found by it`() throws {
    let model = try model("Hunter Alpha")
    #expect(model.key.description == "xiaomi/mimo-v2-pro")
    #expect(try self.model("xiaomi/hunter-alpha").key == model.key)
    let day = try #require(CalendarDate("2026-11-21"))
    #expect(model.lifecycle.isOver(on: day))
    #expect(model.lifecycle.successor == "mimo-v2.5-pro")
  }

  @Test func `an unknown price is unknown, and a free model was said to be`() throws {
    #expect(try model("alibaba/qwen3.5-omni-plus").price == .unknown)
    #expect(try model("google/gemma-4-31b-it").price == .unknown)
    for model in try Self.catalogue.get().models where model.price == .free {
      let isVariant = model.key.provider == "openrouter" && model.key.id.hasSuffix(":free")
      #expect(isVariant || model.key.provider == "nvidia", "\(model.key)")
    }
  }

  @Test func `no rate is zero, but that of an embedding's answer`() throws {
    for model in try Self.catalogue.get().models {
      guard let list = model.price.list else { continue }
      let tables = [list.base] + list.tiers.map(\.rates) + list.modes.map(\.rates)
      for (unit, rate) in tables.joined() where rate.picoDollars == 0 {
        #expect(unit == .output && model.key.id.contains("embed"), "\(model.key) \(unit)")
      }
      #expect(list.video.values.allSatisfy { $0.picoDollars > 0 })
    }
  }

  @Test func `what embeds gives no text, so that no conversation goes to it`() throws {
    let embed = try model("openai/text-embedding-3-small")
    #expect(embed.capabilities == .embeddings)
    #expect(embed.output == [])
    for model in try Self.catalogue.get().models where model.key.id.contains("embed") {
      #expect(model.capabilities == .embeddings, "\(model.key)")
    }
  }

  @Test func `every successor is a model that is served`() throws {
    let catalogue = try Self.catalogue.get()
    let day = try #require(CalendarDate("2026-11-21"))
    for model in catalogue.models {
      guard let id = model.lifecycle.successor else { continue }
      let key = ModelEntry.Key(provider: model.key.provider, id: id)
      let successor = try #require(catalogue.model(key), "\(model.key)")
      #expect(!successor.lifecycle.isOver(on: day))
    }
  }

  @Test func `a snapshot that is not what was reviewed is refused`() throws {
    #expect(Snapshot.digest.count == 64)
    #expect(throws: CatalogueError.wrongDigest(expected: Snapshot.digest, found: "00")) {
      try Snapshot.load { _ in "00" }
    }
    #expect(try Snapshot.load { _ in Snapshot.digest }.models.count > 400)
  }

  private static let head = """
    {"format":1,"source":{"repository":"r","commit":"c","date":"2026-07-02","notice":"n"},\
    "reviewed":"2026-11-21","providers":[],"models":[
    """

  private static func row(_ rest: String) -> String {
    #"{"provider":"p","id":"m","name":"M","in":[],"out":[],"can":[],"source":"s""# + rest + "}"
  }

  @Test(arguments: [
    row(#","price":{"input":1,"ouput":2}"#), row(#","pricing":{"input":1}"#),
    row(#","price":"gratis""#), row(#","price":{"input":-1}"#), row(#","price":{"input":0.5}"#),
    row(#","price":{"tiers":[{"input":1}]}"#), row(#","price":{"input":{"amount":1,"per":0}}"#),
    row(#","context":0"#), row(#","status":"gone""#), row(#","released":"soon""#),
    row("") + "," + row(""), #"{"provider":"p"}"#,
  ])
  func `an entry that says something unknown is refused`(row: String) throws {
    let text = Self.head + row + "]}"
    #expect(throws: CatalogueError.self) { try ModelCatalogue(json: text, file: "m.json") }
  }

  @Test func `a damaged catalogue is refused or read, and never a trap`() throws {
    let lines = Snapshot.text.split(separator: "\n")
    let models = lines.filter { $0.hasPrefix("{\"provider\"") && $0.contains("\"tiers\"") }
    let text = Self.head + models.prefix(8).joined(separator: "\n").dropLast() + "]}"
    #expect(try ModelCatalogue(json: text, file: "m.json").models.count == 8)
    let bytes = Array(text.utf8)
    var random = SplitMix(seed: 11)
    for _ in 0..<2000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let index = Int.random(in: 0..<damaged.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: damaged[index] = UInt8.random(in: 0x20...0x7E, using: &random)
        case 1: damaged.remove(at: index)
        default: damaged.insert(bytes.randomElement(using: &random) ?? 0x39, at: index)
        }
      }
      let text = String(decoding: damaged, as: UTF8.self)
      guard let catalogue = try? ModelCatalogue(json: text, file: "m.json") else { continue }
      for model in catalogue.models {
        let bound = RequestBound(textBytes: 1_000_000, images: 3, outputTokens: 100_000)
        _ = try? model.price.ceiling(of: bound, limits: model.limits)
        #expect(!model.price.lines.isEmpty || model.price.list != nil)
      }
    }
  }

  @Test func `a good entry in the same frame is read, and another format is not`() throws {
    let text = Self.head + Self.row(#","price":{"input":1}"#) + "]}"
    #expect(try ModelCatalogue(json: text, file: "m.json").models.count == 1)
    let other = text.replacingOccurrences(of: "\"format\":1", with: "\"format\":2")
    #expect(throws: CatalogueError.unsupportedFormat(2)) {
      try ModelCatalogue(json: other, file: "m.json")
    }
  }
}
