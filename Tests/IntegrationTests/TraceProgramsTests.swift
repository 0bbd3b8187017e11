import Foundation
import SystemPackage
import Testing

/// Whose the connections of a run are, as `--trace-programs` records it.
@Suite struct TraceProgramsTests {
  private static func rows(_ place: RunTests.Place) async throws -> [NetworkWorkflow.Row] {
    let audit = try await Command.caisson("audit", "last", "--json", home: place.home).run()
    return try NetworkWorkflow.rows(audit.output)
  }

  private static func digest(_ path: String) async throws -> String {
    String(try await Command.named("sha256sum", path).run().output.prefix(64))
  }

  @Test func `a connection is told with the program that made it, what that holds, and its number`()
    async throws
  {
    try await RunTests.withPlace { place in
      let result = try await place.run(
        ["--trace-programs", "--allow", "a.example.com"],
        "sh",
        "-c",
        "cp /usr/bin/curl mine; printf x >> mine; "
          + "curl -s -m 10 http://b.example.com/; curl -s -m 10 http://[2001:db8::7]/; "
          + "./mine -s -m 10 -p -x http://127.0.0.1:3128 https://c.example.com/; true"
      )
      #expect(result.status == .exited(0), "\(result.error)")
      let rows = try await Self.rows(place).filter { $0.kind != "name" }
      let programs = rows.compactMap(\.program)
      #expect(programs.count == rows.count && rows.count >= 4, "\(rows)")
      for program in programs {
        #expect((2..<20).contains(program.pid) && program.outsidePID > program.pid)
      }
      let curl = try await Self.digest("/usr/bin/curl")
      for host in ["b.example.com", "2001:db8::7"] {
        let row = try #require(rows.first { $0.host == host })
        #expect(row.program?.path == "/usr/bin/curl" && row.program?.sha256 == curl)
      }
      let own = try #require(rows.first { $0.host == "c.example.com" }?.program)
      #expect(own.path == place.workspace.appending("mine").string)
      #expect(own.sha256?.count == 64 && own.sha256 != curl)
      let text = try await place.audit()
      #expect(text.contains("; by /usr/bin/curl (pid "))
      #expect(text.contains("sha256 \(curl.prefix(12)))"))
    }
  }

  @Test func `a process that is gone by then is said to be`() async throws {
    try await RunTests.withPlace { place in
      // Who looks is quick at times, and finds each of them.
      var isGone = false
      for _ in 0..<10 where !isGone {
        let result = try await place.run(
          ["--quiet", "--trace-programs", "--allow", "a.example.com"],
          "python3",
          "-c",
          """
          import socket, time
          for number in range(200):
              peer = socket.create_connection((f"192.0.2.{number}", 80))
              peer.close()
          time.sleep(2)
          """
        )
        #expect(result.status == .exited(0), "\(result.error)")
        let rows = try await Self.rows(place).filter { $0.host.hasPrefix("192.0.2.") }
        #expect(rows.count == 200)
        // Of each it is known, or said not to be.
        #expect(rows.allSatisfy { ($0.program == nil) != ($0.unknownProgram == nil) })
        isGone = rows.contains { $0.unknownProgram?.contains("was gone") == true }
      }
      #expect(isGone)
      #expect(try await place.audit().contains("; by no known program: the process was gone"))
    }
  }

  @Test func `unasked, nobody looks`() async throws {
    try await RunTests.withPlace { place in
      _ = try await place.run(
        ["--quiet", "--allow", "a.example.com"],
        "curl",
        "-s",
        "-m",
        "10",
        "http://b.example.com/"
      )
      let rows = try await Self.rows(place)
      #expect(rows.contains { $0.host == "b.example.com" && $0.kind == "request" })
      #expect(rows.allSatisfy { $0.program == nil && $0.unknownProgram == nil })
    }
  }
}
