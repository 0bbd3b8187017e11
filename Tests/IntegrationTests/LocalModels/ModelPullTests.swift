import Foundation
import SystemPackage
import Testing

/// `caisson models pull` from a server that breaks off, and through deaths.
@Suite(.serialized, .enabled(if: LocalPlace.hasModel, Comment(rawValue: LocalPlace.why)))
struct ModelPullTests {
  /// A server of one file, which goes on where it is asked to, breaks off after so many bytes of the
  /// first answers, or waits there.
  private static let server = """
    import http.server, json, os, re, signal, subprocess, sys, threading, time
    model = os.environ["MODEL"]
    state = {"breaks": 0, "waits": False, "asked": []}
    class Handler(http.server.BaseHTTPRequestHandler):
      def log_message(self, *a): pass
      def do_GET(self):
        if self.path != "/model.gguf":
          self.send_response(404); self.send_header("content-length", "0"); self.end_headers(); return
        size = os.path.getsize(model); start = 0
        found = re.match("bytes=([0-9]+)-", self.headers.get("range") or "")
        if found: start = int(found.group(1))
        state["asked"].append(start)
        if start >= size:
          self.send_response(416); self.send_header("content-length", "0"); self.end_headers(); return
        self.send_response(206 if found else 200)
        self.send_header("content-length", str(size - start))
        if found: self.send_header("content-range", f"bytes {start}-{size - 1}/{size}")
        self.end_headers()
        with open(model, "rb") as file:
          file.seek(start); sent = 0
          while True:
            piece = file.read(1 << 20)
            if not piece: return
            self.wfile.write(piece); sent += len(piece)
            if sent >= 20 << 20 and state["breaks"] > 0:
              state["breaks"] -= 1; self.connection.close(); return
            if sent >= 20 << 20 and state["waits"]:
              state["waiting"].set(); state["go"].wait(30); return
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    caisson = os.environ["CAISSON"]
    def pull(*more):
      r = subprocess.run([caisson, "models", "pull", address + "/model.gguf", "--name", "small", *more],
        capture_output=True, text=True)
      return {"status": r.returncode, "out": r.stdout, "err": r.stderr}
    result = {}

    """

  private func run(_ script: String) async throws -> [String: Any] {
    try await withTemporaryDirectory { home in
      let environment = ["CAISSON_MODELS": "/nowhere", "MODEL": LocalPlace.model.string]
      let place = LocalPlace(home: home, environment: environment)
      let text = Self.server + script + "\nprint(json.dumps(result))\n"
      return Values(try await place.script(text))
    }.values
  }

  private struct Values: @unchecked Sendable {
    let values: [String: Any]
    init(_ values: [String: Any]) { self.values = values }
  }

  /// Of the model, as its package's hash pins it.
  private static let digest = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

  @Test func `a server that breaks off twice is asked to go on, and the file is whole`()
    async throws
  {
    let result = try await run(
      """
      state["breaks"] = 2
      result["pull"] = pull("--sha256", "\(Self.digest)")
      result["asked"] = state["asked"]
      result["list"] = subprocess.run([caisson, "models", "list", "--local", "--json"],
        capture_output=True, text=True).stdout
      result["gone"] = subprocess.run([caisson, "models", "remove", "small", "--yes"], capture_output=True).returncode
      home = os.environ["CAISSON_HOME"]
      result["left"] = os.listdir(home + "/models/files") + os.listdir(home + "/models/parts")
      """
    )
    let pull = try #require(result["pull"] as? [String: Any])
    #expect(pull["status"] as? Int == 0, "\(pull)")
    let asked = try #require(result["asked"] as? [Int])
    #expect(asked.count == 3 && asked[0] == 0 && asked[1] > 0 && asked[2] > asked[1])
    #expect((result["list"] as? String)?.contains(Self.digest) == true)
    #expect(result["gone"] as? Int == 0)
    #expect(result["left"] as? [String] == [])
  }

  @Test func `after kill -9 the same command goes on where it was`() async throws {
    let result = try await run(
      """
      state["waits"] = True; state["waiting"] = threading.Event(); state["go"] = threading.Event()
      p = subprocess.Popen([caisson, "models", "pull", address + "/model.gguf", "--name", "small"])
      state["waiting"].wait(60)
      os.kill(p.pid, signal.SIGKILL); p.wait()
      state["waits"] = False; state["go"].set()
      result["pull"] = pull()
      result["asked"] = state["asked"]
      """
    )
    let pull = try #require(result["pull"] as? [String: Any])
    #expect(pull["status"] as? Int == 0, "\(pull)")
    let asked = try #require(result["asked"] as? [Int])
    #expect(asked.count == 2 && asked[1] > 0, "\(asked)")
  }

  @Test func `what has another hash is not kept, and what is no model neither`() async throws {
    let result = try await run(
      """
      result["pull"] = pull("--sha256", "0" * 64)
      home = os.environ["CAISSON_HOME"]
      result["files"] = os.listdir(home + "/models/files")
      model = caisson
      result["no model"] = pull()
      result["missing"] = subprocess.run([caisson, "models", "pull", address + "/other.gguf"],
        capture_output=True, text=True).stderr
      """
    )
    let pull = try #require(result["pull"] as? [String: Any])
    #expect(pull["status"] as? Int == 125)
    #expect((pull["err"] as? String)?.contains("its SHA-256 is \(Self.digest), not 0000") == true)
    #expect(result["files"] as? [String] == [])
    let other = try #require(result["no model"] as? [String: Any])
    #expect((other["err"] as? String)?.contains("what came is no model") == true, "\(other)")
    #expect((result["missing"] as? String)?.contains("from 127.0.0.1 failed: ") == true)
    #expect((result["missing"] as? String)?.contains("returned error: 404") == true)
  }

  @Test(arguments: [
    "http://example.com/x.gguf", "https://me:secret@example.com/x.gguf", "ftp://example.com/x", "x",
    "https:/example.com/x.gguf",
  ])
  func `an address that is no source is refused`(address: String) async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home, environment: [:])
      let result = try await place.caisson("models", "pull", address)
      #expect(result.status == .exited(64))
      #expect(result.error.contains("write it as in https://"), "\(result.error)")
    }
  }
}
