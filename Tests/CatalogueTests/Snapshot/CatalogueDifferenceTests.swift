import Testing

@testable import Catalogue

@Suite struct CatalogueDifferenceTests {
  private func catalogue(_ change: (String) -> String = { $0 }) throws -> ModelCatalogue {
    try ModelCatalogue(json: change(Snapshot.text), file: "models.json")
  }

  @Test func `the same catalogue differs in nothing`() throws {
    #expect(CatalogueDifference(from: try catalogue(), to: try catalogue()).isEmpty)
  }

  @Test func `a changed price, a new model and a lost one are named`() throws {
    let old = try catalogue()
    let new = try catalogue { text in
      text.replacing("\"input\":150000,\"output\":600000}", with: "\"input\":200000}")
        .replacing("\"id\":\"gpt-5.4-nano\"", with: "\"id\":\"gpt-5.4-pico\"")
    }
    let difference = CatalogueDifference(from: old, to: new)
    #expect(difference.added.map(\.description) == ["openai/gpt-5.4-pico"])
    #expect(difference.removed.map(\.description) == ["openai/gpt-5.4-nano"])
    let small = try #require(
      difference.changed.first { $0.key.description == "mistral/mistral-small-2603" }
    )
    #expect(
      small.changes == [
        .init(fact: "price.input", before: "0.15 USD/M", after: "0.20 USD/M"),
        .init(fact: "price.output", before: "0.60 USD/M", after: "–"),
      ]
    )
    #expect(difference.providers.isEmpty)
  }

  @Test func `a provider that is reached elsewhere is named`() throws {
    let new = try catalogue {
      $0.replacing("https://api.openai.com/v1", with: "https://evil.example")
    }
    let difference = CatalogueDifference(from: try catalogue(), to: new)
    #expect(difference.providers.map(\.fact) == ["openai"])
    #expect(difference.providers.first?.after == "openai at https://evil.example")
  }
}
