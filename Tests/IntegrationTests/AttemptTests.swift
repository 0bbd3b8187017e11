import Foundation
import Glibc
import SystemPackage
import Testing

/// What a run tries where nobody listens, and how the audit tells it.
@Suite struct AttemptTests {
  private typealias Row = NetworkWorkflow.Row

  /// Runs a program of Python's, and gives the rows of its network.
  private static func rows(
    of program: String,
    _ options: [String] = ["--allow", "a.example.com", "--allow", "a.example.com:8443"],
    in place: RunTests.Place
  ) async throws -> (result: Command.Result, rows: [Row]) {
    let result = try await place.run(["--quiet"] + options, "python3", "-c", program)
    let audit = try await Command.caisson("audit", "last", "--json", home: place.home).run()
    return (result, try NetworkWorkflow.rows(audit.output))
  }

  private static let opening = """
    import socket, time
    def knock(host, port, family=socket.AF_INET, kind=socket.SOCK_STREAM):
        peer = socket.socket(family, kind)
        peer.settimeout(5)
        try:
            peer.connect((host, port))
            if kind == socket.SOCK_DGRAM: peer.send(b"x" * 900)
            return "connected"
        except OSError as error:
            return type(error).__name__

    """

  @Test func `a port that nobody listens on is refused, and told with what would allow it`()
    async throws
  {
    try await RunTests.withPlace { place in
      let (result, rows) = try await Self.rows(
        of: Self.opening + """
          print(knock("a.example.com", 9999), knock("b.example.com", 9998))
          print(knock("192.0.2.7", 22), knock("2001:db8::7", 22, socket.AF_INET6))
          """,
        in: place
      )
      #expect(
        result.output == "ConnectionRefusedError ConnectionRefusedError\n"
          + "ConnectionRefusedError ConnectionRefusedError\n",
        "\(result.error)"
      )
      func row(_ host: String) throws -> Row {
        try #require(rows.first { $0.host == host && $0.kind == "connection" }, "\(rows)")
      }
      let granted = try row("a.example.com")
      #expect(granted.verdict == "denied" && granted.transport == "tcp" && granted.port == 9999)
      #expect(granted.rule == "the built-in rule 'default deny'")
      #expect(granted.address?.hasPrefix("198.18.") == true)
      #expect(granted.remedy?.contains("ports: [443, 9999]") == true, "\(granted)")
      let unknown = try row("b.example.com")
      #expect(unknown.remedy == "network: [{ host: b.example.com, ports: [9998] }]")
      for host in ["192.0.2.7", "2001:db8::7"] {
        let literal = try row(host)
        #expect(literal.rule == "the built-in rule 'no bare addresses'" && literal.port == 22)
        #expect(literal.remedy == "connect by name, and grant the name")
      }
      let learnt = try await Command.caisson("policy", "learn", "last", home: place.home).run()
      #expect(learnt.output.contains("+  - { host: b.example.com, ports: [9998] }"))
    }
  }

  @Test func `a datagram is told, and one that repeats is counted`() async throws {
    try await RunTests.withPlace { place in
      let (result, rows) = try await Self.rows(
        of: Self.opening + """
          for _ in range(20):
              knock("192.0.2.7", 443, kind=socket.SOCK_DGRAM)
          knock("2001:db8::7", 123, socket.AF_INET6, socket.SOCK_DGRAM)
          print(knock("a.example.com", 443, kind=socket.SOCK_DGRAM))
          """,
        in: place
      )
      #expect(result.output == "connected\n", "\(result.error)")
      let datagrams = rows.filter { $0.transport == "udp" }
      #expect(datagrams.allSatisfy { $0.rule == "the built-in rule 'no UDP but for names'" })
      #expect(datagrams.allSatisfy { $0.verdict == "denied" && $0.remedy == nil })
      let repeated = datagrams.filter { $0.host == "192.0.2.7" }
      #expect(repeated.map(\.count).reduce(0, +) == 20 && repeated.count <= 3, "\(repeated)")
      for (host, port) in [("2001:db8::7", 123), ("a.example.com", 443)] {
        #expect(datagrams.contains { $0.host == host && $0.port == port }, "\(host)")
      }
      let learnt = try await Command.caisson("policy", "learn", "last", home: place.home).run()
      #expect(learnt.output.hasPrefix("nothing would change"), "\(learnt.output)")
    }
  }

  @Test func `a run's own services, names and open ports are no attempts`() async throws {
    try await RunTests.withPlace { place in
      let (result, rows) = try await Self.rows(
        of: Self.opening + """
          for host, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
              server = socket.create_server((host, 8080), family=family)
              print(knock(host, 8080, family), knock(host, 8081, family))
              ear = socket.socket(family, socket.SOCK_DGRAM)
              ear.bind((host, 5000))
              knock(host, 5000, family, socket.SOCK_DGRAM)
              print(len(ear.recv(2000)))
          print(knock("198.18.0.1", 8081), knock("localhost", 9))
          print(socket.gethostbyname("a.example.com")[:7])
          knock("a.example.com", 8443)
          """,
        in: place
      )
      let both = "connected ConnectionRefusedError\n900\n"
      #expect(
        result.output == both + both + "ConnectionRefusedError ConnectionRefusedError\n198.18.\n",
        "\(result.error)"
      )
      #expect(rows.allSatisfy { $0.host == "a.example.com" && $0.port == 8443 }, "\(rows)")
    }
  }

  @Test func `a scan of every port fills no journal, and the rest is counted`() async throws {
    try await RunTests.withPlace { place in
      let (result, rows) = try await Self.rows(
        of: Self.opening + """
          for port in range(1024, 6024):
              peer = socket.socket()
              peer.setblocking(False)
              peer.connect_ex(("192.0.2.7", port))
              peer.close()
          print("end")
          """,
        in: place
      )
      #expect(result.output == "end\n", "\(result.error)")
      let told = rows.filter { $0.host == "192.0.2.7" }
      #expect((200..<400).contains(told.count), "\(told.count)")
      let rest = rows.filter { $0.rule == "limit: attempts" }
      #expect(told.count + rest.map(\.count).reduce(0, +) == 5_000, "\(rest)")
      #expect(rest.contains { $0.reason?.contains("too many attempts") == true })
    }
  }

  @Test func `what hears a run's packets is in nobody's reach inside`() async throws {
    try await RunTests.withPlace { place in
      let (result, _) = try await Self.rows(
        of: """
          import os, socket
          print(sorted(int(name) for name in os.listdir("/proc/self/fd"))[:3])
          print([n for n in range(3, 1024) if os.path.exists(f"/proc/self/fd/{n}")])
          for make in (lambda: os.listdir("/proc/1/fd"),
                       lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 3),
                       lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)):
              try:
                  make()
                  print("reached")
              except OSError as error:
                  print(error.errno)
          """,
        ["--allow", "a.example.com", "--trace-programs"],
        in: place
      )
      let lines = result.output.split(separator: "\n").map(String.init)
      #expect(lines.prefix(2) == ["[0, 1, 2]", "[]"], "\(result.output)\(result.error)")
      #expect(lines.dropFirst(2).prefix(3).allSatisfy { ["1", "13"].contains($0) }, "\(lines)")
    }
  }
}
