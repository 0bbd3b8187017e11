import Foundation
import SystemPackage
import Testing

/// A gateway for the models of this machine, and a script of Python that asks it with the clients that
/// people use.
enum LocalGateway {
  /// A gateway without a document, and a client of each kind.
  private static let prelude = #"""
    import atexit, json, os, re, signal, subprocess, time
    import openai, ollama
    caisson = os.environ["CAISSON"]; result = {}
    key = subprocess.run([caisson, "gateway", "key", "add", "t"], capture_output=True, text=True).stdout.strip()
    gateway = subprocess.Popen([caisson, "gateway", "--listen", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
    # A script that fails leaves none behind.
    atexit.register(gateway.kill)
    said = []
    while True:
      line = gateway.stderr.readline(); said.append(line)
      if not line: raise SystemExit("".join(said))
      if "listening" in line: port = int(line.strip().rsplit(":", 1)[1]); break
    base = f"http://127.0.0.1:{port}"
    o = openai.OpenAI(base_url=base + "/v1", api_key=key, max_retries=0)
    c = ollama.Client(host=base, headers={"Authorization": "Bearer " + key})
    system = "You are a helpful assistant."
    asked = [{"role": "user", "content": "What is the capital of France?"}]
    messages = [{"role": "system", "content": system}] + asked
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
      "additionalProperties": False}
    def chat(**more): return o.chat.completions.create(**{"model": "local", "messages": messages, "max_tokens": 24, **more})
    def stat(pid): return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    def processes():
      "What runs below the gateway: by its number, what it is, its state, and its parent."
      found = {}; parents = {}
      for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
          parents[pid] = int(stat(pid)[1])
          words = open(f"/proc/{pid}/cmdline").read().split("\0")
          found[pid] = (words[1] if len(words) > 1 else "", stat(pid)[0], parents[pid])
        except OSError: pass
      def below(pid): return pid in parents and (parents[pid] == gateway.pid or below(parents[pid]))
      return {pid: facts for pid, facts in found.items() if below(pid)}
    def of(*kinds): return [pid for pid, (kind, state, _) in processes().items() if kind in kinds and state != "Z"]
    def leaders(): return [pid for pid, (kind, state, parent) in processes().items() if kind and parent == gateway.pid]
    def engines(): return of("serve")
    def until(truth, seconds=30):
      end = time.time() + seconds
      while not truth() and time.time() < end: time.sleep(0.02)
      return bool(truth())
    def ticks(pid): return sum(map(int, stat(pid)[11:13]))

    """#

  private static let end = #"""

    gateway.send_signal(signal.SIGTERM); result["end"] = gateway.wait(60)
    result["said"] = gateway.stderr.read()
    result["sockets"] = os.listdir(os.environ["CAISSON_HOME"] + "/runtime")
    print(json.dumps(result))
    """#

  private struct Values: @unchecked Sendable {
    let values: [String: Any]
  }

  static func run(
    _ script: String,
    document: String? = nil,
    importing files: [String: String] = [:]
  ) async throws -> [String: Any] {
    try await withTemporaryDirectory { home in
      for (name, file) in files {
        let place = LocalPlace(home: home)
        let taken = try await place.caisson("models", "import", file, "--name", name)
        #expect(taken.status == .exited(0), "\(taken.error)")
      }
      if let document {
        let config = home.appending("config").string
        try FileManager.default.createDirectory(
          atPath: config,
          withIntermediateDirectories: true,
          attributes: [.posixPermissions: 0o700]
        )
        try Data(document.utf8).write(to: URL(filePath: config + "/gateway.yaml"))
      }
      let text = prelude + script + end
      return Values(
        values: try await LocalPlace(home: home).script(text, python: LocalPlace.python)
      )
    }.values
  }
}
