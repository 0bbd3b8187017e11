import Foundation
import SystemPackage
import Testing

/// `caisson models` for models of this machine.
@Suite(.enabled(if: LocalPlace.hasModel, Comment(rawValue: LocalPlace.why)))
struct ModelStoreTests {
  private func rows(_ text: String) throws -> [[String: Any]] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
  }

  @Test func `the model that comes with Caisson is listed first, and shown`() async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home)
      let list = try await place.caisson("models", "list")
      #expect(list.output.hasPrefix("LOCAL MODEL"), "\(list.error)")
      #expect(list.output.contains("local/smollm2-135m, local"))
      #expect(list.output.contains("\nopenai/gpt-5.4-nano "))
      let local = try rows(try await place.caisson("models", "list", "--local", "--json").output)
      #expect(local.map { $0["id"] as? String } == ["smollm2-135m"])
      #expect(local.first?["weights"] as? String == "Q4_1")
      #expect(local.first?["licence"] as? String == "apache-2.0")
      let shown = try await place.caisson("models", "show", "local")
      #expect(shown.output.hasPrefix("local/smollm2-135m\n"))
      #expect(shown.output.contains("gpt2, smollm, 49152 tokens"))
      let gone = try await place.caisson("models", "remove", "local", "--yes")
      #expect(gone.status == .exited(64))
      #expect(FileManager.default.fileExists(atPath: LocalPlace.model.string))
    }
  }

  @Test func `a model is imported where it lies, and removed without its file`() async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home, environment: [:])
      let file = home.appending("Small One.gguf")
      try FileManager.default.createSymbolicLink(
        atPath: file.string,
        withDestinationPath: LocalPlace.model.string
      )
      let taken = try await place.caisson("models", "import", file.string)
      #expect(taken.status == .exited(0), "\(taken.error)")
      #expect(taken.output == "local/small-one: llama, 134M in Q4_1, 98.3 MB\n")
      let record = home.appending("models/records/small-one.json")
      let mode = try FileManager.default.attributesOfItem(atPath: record.string)[.posixPermissions]
      #expect(mode as? Int == 0o600)
      let shown = try rows(try await place.caisson("models", "show", "small-one", "--json").output)
      #expect(shown.first?["intact"] as? Bool == true)
      #expect(shown.first?["file"] as? String == LocalPlace.model.string)
      let again = try await place.caisson(
        "models",
        "import",
        Command.binary("caisson").string,
        "--name",
        "small-one"
      )
      #expect(again.status == .exited(64), "the name is taken")
      // What the engine wrote of it goes with it, and nothing else.
      let cache = home.appending("models/cache")
      let start = LocalPlace.model.lastComponent?.string ?? ""
      let ours = ["\(start)-0123456789abcdef.packed", "\(start)-fedcba9876543210.packed"]
      let others = [
        "\(start)-0123456789abcde.packed", "\(start)-0123456789abcdef0.packed",
        "\(start)-0123456789abcdeg.packed", "\(start)-0123456789ABCDEF.packed",
        "\(start)-0123456789abcdef.packed.part", "\(start)0123456789abcdef.packed",
        "a\(start)-0123456789abcdef.packed", "Other.gguf-0123456789abcdef.packed", "notes",
      ]
      for name in ours + others { try Data().write(to: URL(filePath: "\(cache)/\(name)")) }
      let removed = try await place.caisson("models", "remove", "small-one")
      let left = try FileManager.default.contentsOfDirectory(atPath: cache.string)
      #expect(left.sorted() == others.sorted())
      #expect(removed.status == .exited(0))
      #expect(FileManager.default.fileExists(atPath: LocalPlace.model.string))
      #expect(try await place.caisson("models", "list", "--local", "--json").output == "[]\n")
    }
  }

  @Test func `what was written of weights stays while another model may need it`() async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home, environment: [:])
      for name in ["one", "two"] {
        let file = LocalPlace.model.string
        let taken = try await place.caisson("models", "import", file, "--name", name)
        #expect(taken.status == .exited(0), "\(taken.error)")
      }
      let start = LocalPlace.model.lastComponent?.string ?? ""
      let packed = home.appending("models/cache/\(start)-0123456789abcdef.packed")
      try Data().write(to: URL(filePath: packed.string))
      _ = try await place.caisson("models", "remove", "one")
      #expect(FileManager.default.fileExists(atPath: packed.string))
      _ = try await place.caisson("models", "remove", "two")
      #expect(!FileManager.default.fileExists(atPath: packed.string))
    }
  }

  @Test(arguments: [
    ("GGUF is not what this is", "small"), ("", "small"), ("GGUF\u{3}\0\0\0", "small"),
  ])
  func `what is no model is refused, with a reason`(text: String, name: String) async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home, environment: [:])
      let file = home.appending("weights.gguf")
      try Data(text.utf8).write(to: URL(filePath: file.string))
      let result = try await place.caisson("models", "import", file.string, "--name", name)
      #expect(result.status == .exited(125))
      #expect(result.error.contains("cannot be taken: "), "\(result.error)")
      #expect(result.error.split(separator: "\n").count == 1)
    }
  }

  @Test(arguments: ["Name", "a/b", ".hidden", "local", "a b", ""])
  func `a name that stands for something else is refused`(name: String) async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home, environment: [:])
      let file = LocalPlace.model.string
      let result = try await place.caisson("models", "import", file, "--name", name)
      #expect(result.status == .exited(64), "\(result.error)")
    }
  }
}
