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
      let stays = "removed local/small-one; its file stays: \(LocalPlace.model.string)\n"
      #expect(removed.output == stays)
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

  @Test(arguments: ["Name", "a/b", ".hidden", "local", "a b", "", "-a"])
  func `a name that stands for something else is refused`(name: String) async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home, environment: [:])
      let file = LocalPlace.model.string
      let result = try await place.caisson("models", "import", file, "--name", name)
      #expect(result.status == .exited(64), "\(result.error)")
    }
  }

  @Test(arguments: [
    (
      "b'general.architecture'", "b'llama'", "b'lhama'",
      "architecture is 'lhama'; built in are llama"
    ),
    ("b'tokenizer.ggml.model'", "b'gpt2'", "b'gpt9'", "the kind \"gpt9\""),
    ("b'tokenizer.ggml.pre'", "b'smollm'", "b'smollx'", "as \"smollx\" does"),
    ("b'tokenizer.chat_template'", "b'{% for'", "b'{% fxr'", "chat template cannot be read"),
  ])
  func `a model that the engine cannot run is refused, with what it can`(
    key: String,
    old: String,
    new: String,
    reason: String
  ) async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home)
      let file = home.appending("weights.gguf")
      let patched = try await place.script(
        """
        import json, sys
        b = bytearray(open("\(LocalPlace.model)", "rb").read())
        at = b.index(\(old), b.index(\(key)))
        b[at:at + len(\(old))] = \(new)
        open("\(file)", "wb").write(b)
        print(json.dumps({"at": at}))
        """
      )
      #expect(patched["at"] as? Int ?? 0 > 0)
      let result = try await place.caisson("models", "import", file.string)
      #expect(result.status == .exited(125))
      #expect(result.error.contains("cannot be taken: "), "\(result.error)")
      #expect(result.error.contains(reason), "\(result.error)")
      #expect(result.error.split(separator: "\n").count == 1)
      #expect(!(try await place.caisson("models", "list", "--local").output.contains("weights")))
    }
  }

  @Test func `a file whose name begins with a hyphen gets one that is no option`() async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home)
      let file = home.appending("-.-Small.gguf")
      try FileManager.default.createSymbolicLink(
        atPath: file.string,
        withDestinationPath: LocalPlace.model.string
      )
      let taken = try await place.caisson("models", "import", file.string)
      #expect(taken.output.hasPrefix("local/small: "), "\(taken.error)")
    }
  }

  @Test(arguments: [
    ["models", "list"], ["models", "list", "--json"], ["models", "list", "--known"],
    ["models", "show", "local"], ["models", "show", "openai/gpt-5.4-nano"],
    ["models", "import", LocalPlace.model.string, "--name", "a"], ["models", "remove", "b"],
    ["chat", "--once", "Hi", "--max-tokens", "1"],
    ["chat", "--once", "Hi", "--max-tokens", "1", "--json"],
  ])
  func `output that cannot be written is an error that says so`(arguments: [String]) async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home)
      let file = LocalPlace.model.string
      _ = try await place.caisson("models", "import", file, "--name", "b")
      let words = arguments.map { "'\($0)'" }.joined(separator: ", ")
      let result = try await place.script(
        """
        import json, os, subprocess
        with open("/dev/full", "w") as full:
          r = subprocess.run([os.environ["CAISSON"], \(words)], stdout=full, stderr=subprocess.PIPE, text=True)
        print(json.dumps({"status": r.returncode, "error": r.stderr}))
        """
      )
      #expect(result["status"] as? Int == 125, "\(result)")
      let error = try #require(result["error"] as? String)
      #expect(error.contains("cannot be written: No space left on device"), "\(error)")
    }
  }

  @Test func `a model's file that became a link is not followed`() async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home)
      let file = home.appending("weights.gguf").string
      try FileManager.default.copyItem(atPath: LocalPlace.model.string, toPath: file)
      let taken = try await place.caisson("models", "import", file, "--name", "a")
      #expect(taken.status == .exited(0), "\(taken.error)")
      try FileManager.default.removeItem(atPath: file)
      try FileManager.default.createSymbolicLink(
        atPath: file,
        withDestinationPath: LocalPlace.model.string
      )
      let result = try await place.caisson("chat", "a", "--once", "Hi")
      #expect(result.status == .exited(1), "\(result.output)")
      #expect(result.error.contains("\(file), is a link now"), "\(result.error)")
    }
  }

  @Test func `a state directory that is a file is named`() async throws {
    try await withTemporaryDirectory { home in
      let file = home.appending("file")
      try Data().write(to: URL(filePath: file.string))
      var command = Command.caisson(home: file)
      command.arguments = ["models", "list"]
      command.directory = home
      let result = try await command.run()
      #expect(result.status == .exited(125))
      #expect(result.error.contains("\(file): not a directory"), "\(result.error)")
    }
  }
}
