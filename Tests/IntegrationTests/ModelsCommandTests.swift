import Foundation
import SystemPackage
import Testing

/// `caisson models` as a person meets it.
struct ModelsCommandTests {
  private static let snapshot = Command.packageRoot.appending("Sources/CCatalogue/models.json")

  private func snapshot() throws -> String {
    try String(contentsOf: URL(filePath: Self.snapshot.string), encoding: .utf8)
  }

  private func write(_ text: String, to path: FilePath) throws {
    try Data(text.utf8).write(to: URL(filePath: path.string))
  }

  @Test func `the catalogue of the program is what was reviewed, and is listed`() async throws {
    try await withTemporaryDirectory { home in
      let result = try await Command.caisson("models", "list", home: home).run()
      #expect(result.status == .exited(0), "\(result.error)")
      #expect(result.output.hasPrefix("MODEL "))
      #expect(result.output.contains("\nopenai/gpt-5.4-nano "))
      #expect(!result.output.contains("\nxiaomi/mimo-v2-pro "), "it is retired")
      // Looking makes nothing.
      #expect(!FileManager.default.fileExists(atPath: home.appending("config").string))
    }
  }

  @Test func `needs and names narrow the list`() async throws {
    try await withTemporaryDirectory { home in
      let result = try await Command.caisson(
        "models",
        "list",
        "haiku",
        "--provider",
        "anthropic",
        "--needs",
        "vision,tools",
        "--json",
        home: home
      ).run()
      let rows = try #require(
        try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]]
      )
      #expect(rows.map { $0["id"] as? String }.contains("claude-haiku-4-5"))
      #expect(rows.allSatisfy { ($0["takes"] as? [String])?.contains("image") == true })
      let wrong = try await Command.caisson("models", "list", "--needs", "tols", home: home).run()
      #expect(wrong.status == .exited(64))
      #expect(wrong.error.contains("did you mean 'tools'?"))
      let nobody = try await Command.caisson("models", "list", "--provider", "opnai", home: home)
        .run()
      #expect(nobody.error.contains("did you mean 'openai'?"))
    }
  }

  @Test func `a model is shown with its prices and where they are from`() async throws {
    try await withTemporaryDirectory { home in
      let result = try await Command.caisson("models", "show", "hunter alpha", home: home).run()
      #expect(result.output.hasPrefix("xiaomi/mimo-v2-pro\n"))
      #expect(result.output.contains("retired 2026-06-30, mimo-v2.5-pro follows"))
      #expect(result.output.contains("providers/xiaomi/models/mimo-v2-pro.toml"))
      let veo = try await Command.caisson(
        "models",
        "show",
        "veo-3.1-fast-generate-preview",
        home: home
      )
      .run()
      #expect(veo.output.contains("0.12 USD/s  video at 1080p"))
      let wrong = try await Command.caisson("models", "show", "gpt-5.4-minni", home: home).run()
      #expect(wrong.status == .exited(64))
      #expect(wrong.error.contains("did you mean gpt-5.4-mini"))
    }
  }

  @Test func `another catalogue is taken only when somebody says so, and holds from then on`()
    async throws
  {
    try await withTemporaryDirectory { place in
      let home = place.appending("home")
      let file = place.appending("new.json")
      let text = try snapshot().replacing(
        "\"price\":{\"input\":150000,\"output\":600000},\"source\":\"providers/mistral/models/mistral-small-2603",
        with:
          "\"price\":{\"input\":200000,\"output\":600000},\"source\":\"providers/mistral/models/mistral-small-2603"
      )
      try write(text, to: file)
      let asked = try await Command.caisson("models", "update", file.string, home: home).run()
      #expect(asked.status == .exited(1))
      #expect(
        asked.output.contains(
          "~ mistral/mistral-small-2603 price.input: 0.15 USD/M → 0.20 USD/M\n"
            + "0 added, 0 removed, 1 changed"
        )
      )
      #expect(asked.error.contains("nothing was taken"))
      let taken = try await Command.caisson("models", "update", file.string, "--yes", home: home)
        .run()
      #expect(taken.status == .exited(0), "\(taken.error)")
      let shown = try await Command.caisson(
        "models",
        "show",
        "mistral/mistral-small-2603",
        home: home
      )
      .run()
      #expect(shown.output.contains("0.20 USD/M  input"))
      let again = try await Command.caisson("models", "update", file.string, home: home).run()
      #expect(again.status == .exited(0))
      #expect(again.output.hasSuffix("nothing changes\n"))
      // What is edited afterwards is refused: nobody has seen it.
      let own = home.appending("config/catalogue/models.json")
      try write(text.replacing("200000", with: "100000"), to: own)
      let edited = try await Command.caisson("models", "list", home: home).run()
      #expect(edited.status == .exited(125))
      #expect(edited.error.contains("SHA-256"))
      // And is not in the way of another one.
      let mended = try await Command.caisson("models", "update", file.string, "--yes", home: home)
        .run()
      #expect(mended.status == .exited(0), "\(mended.error)")
      let listed = try await Command.caisson("models", "list", home: home).run()
      #expect(listed.status == .exited(0))
    }
  }

  @Test func `what is no catalogue, or not the one that its hash says, is refused`() async throws {
    try await withTemporaryDirectory { place in
      let home = place.appending("home")
      let file = place.appending("new.json")
      try write(try snapshot().replacing("\"input\":", with: "\"imput\":"), to: file)
      let broken = try await Command.caisson("models", "update", file.string, "--yes", home: home)
        .run()
      #expect(broken.status == .exited(126))
      #expect(broken.error.contains("the key 'imput' is not known here"))
      try write(try snapshot(), to: file)
      try write(String(repeating: "0", count: 64), to: place.appending("new.json.sha256"))
      let forged = try await Command.caisson("models", "update", file.string, "--yes", home: home)
        .run()
      #expect(forged.status == .exited(126))
      #expect(forged.error.contains("SHA-256"))
      let missing = try await Command.caisson("models", "update", "nowhere.json", home: home).run()
      #expect(missing.status == .exited(125))
      #expect(missing.error.contains("there is no such file"))
    }
  }
}
