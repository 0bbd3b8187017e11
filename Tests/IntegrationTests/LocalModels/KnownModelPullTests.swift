import Foundation
import SystemPackage
import Testing

/// `caisson models pull NAME` and `list --known`, without the network: what has come already lies where
/// the known address says.
@Suite(.enabled(if: LocalPlace.hasModel, Comment(rawValue: LocalPlace.why)))
struct KnownModelPullTests {
  /// Of `smollm2:135m`, whose file is the one that comes with Caisson.
  private static let hash = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

  @Test func `the models that have a name are listed, with sizes and licences`() async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home, environment: [:])
      let list = try await place.caisson("models", "list", "--known")
      #expect(list.output.hasPrefix("NAME "), "\(list.error)")
      let line = try #require(
        list.output.split(separator: "\n").first { $0.hasPrefix("gemma3:1b ") }
      )
      #expect(line.contains(" 1.0 GB ") && line.contains(" Q8_0 "))
      #expect(line.contains("  Gemma Terms of Use "))
      let text = try await place.caisson("models", "list", "--known", "SMOL", "--json").output
      let rows = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
      )
      let names = rows.map { $0["name"] as? String }
      #expect(names == ["smollm2:135m", "smollm2:360m", "smollm2:1.7b"])
      #expect(rows.first?["sha256"] as? String == Self.hash)
      #expect(rows.first?["size"] as? Int == 98_362_432)
      #expect(rows.first?["restricts"] as? Bool == false)
      #expect(
        try await place.caisson("models", "list", "--known", "--local").status == .exited(64)
      )
      // Looking makes nothing.
      #expect(!FileManager.default.fileExists(atPath: home.appending("models").string))
    }
  }

  @Test(arguments: [
    ("quen3:0.6b", "did you mean qwen3:0.6b"),
    ("bonsai", "did you mean bonsai:1.7b, bonsai:4b, bonsai:8b?"),
    ("gpt-5.4-mini", "no model is known as 'gpt-5.4-mini'; see: "),
    (String(repeating: "x", count: 5000), "xx…'"), ("", "no model is known as ''"),
  ])
  func `a name that is none leads to the nearest, and to the list`(
    name: String,
    said: String
  ) async throws {
    try await withTemporaryDirectory { home in
      let result = try await LocalPlace(home: home).caisson("models", "pull", name)
      #expect(result.status == .exited(64))
      #expect(result.error.contains(said), "\(result.error)")
      #expect(result.error.contains("caisson models list --known"), "\(result.error)")
      #expect(result.error.utf8.count < 400)
    }
  }

  @Test func `another hash than the known one is refused before anything is fetched`()
    async throws
  {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home)
      let wrong = String(repeating: "0", count: 64)
      let result = try await place.caisson("models", "pull", "qwen3:0.6b", "--sha256", wrong)
      #expect(result.status == .exited(64))
      #expect(result.error.contains("not \(wrong); leave --sha256 away"), "\(result.error)")
      #expect(!FileManager.default.fileExists(atPath: home.appending("models/parts").string))
    }
  }

  @Test func `what has all come is held against the known hash, and taken under the name`()
    async throws
  {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home, environment: ["CAISSON_MODELS": "/nowhere"])
      let result = try await place.script(
        """
        \(Self.prelude)
        shutil.copyfile(os.environ["MODEL"], part)
        with open(part, "r+b") as file: file.seek(50 << 20); file.write(b"changed")
        result["changed"] = pull()
        result["left"] = os.listdir(parts)
        shutil.copyfile(os.environ["MODEL"], part)
        result["whole"] = pull()
        print(json.dumps(result))
        """
        .replacing("os.environ[\"MODEL\"]", with: "\"\(LocalPlace.model)\"")
      )
      let changed = try #require(result["changed"] as? [String: Any])
      #expect(changed["status"] as? Int == 125)
      let said = changed["err"] as? String ?? ""
      #expect(said.contains(", not \(Self.hash); it was removed"), "\(said)")
      #expect((result["left"] as? [String])?.contains { $0.hasSuffix(".gguf") } == false)
      let whole = try #require(result["whole"] as? [String: Any])
      #expect(whole["status"] as? Int == 0, "\(whole)")
      #expect(whole["out"] as? String == "local/smollm2:135m: llama, 134M in Q4_1, 98.3 MB\n")
      #expect(
        (whole["err"] as? String)?.contains("SmolLM2 135M Instruct in Q4_1, 98.3 MB; Apache")
          == true
      )
    }
  }

  @Test func `what the disk has no room for is not begun, and host and size are named`()
    async throws
  {
    try await withTemporaryDirectory { home in
      let result = try await LocalPlace(home: home, environment: [:]).script(
        """
        \(Self.prelude)
        result["small"] = pull("unshare", "-rm", "sh", "-c",
          'mount -t tmpfs -o size=40m,mode=700 none "$CAISSON_HOME" && exec "$@"', "sh")
        print(json.dumps(result))
        """
      )
      let small = try #require(result["small"] as? [String: Any])
      #expect(small["status"] as? Int == 125)
      let said = small["err"] as? String ?? ""
      #expect(said.contains("98.3 MB are to come from huggingface.co, and the disk has"), "\(said)")
    }
  }

  private static let prelude = """
    import glob, hashlib, json, os, shutil, subprocess
    home, caisson = os.environ["CAISSON_HOME"], os.environ["CAISSON"]
    known = json.loads(subprocess.run([caisson, "models", "list", "--known", "135m", "--json"],
      capture_output=True, text=True).stdout)[0]
    parts = home + "/models/parts"
    part = parts + "/" + hashlib.sha256(known["source"].encode()).hexdigest()[:16] + ".gguf"
    os.makedirs(parts, mode=0o700)
    def pull(*before):
      r = subprocess.run([*before, caisson, "models", "pull", known["name"]],
        capture_output=True, text=True)
      return {"status": r.returncode, "out": r.stdout, "err": r.stderr}
    result = {}
    """
}
