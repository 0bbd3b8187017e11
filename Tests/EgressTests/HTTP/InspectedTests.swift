import Foundation
import NIOCore
import Policy
import Testing

@testable import Egress

@Suite struct InspectedTests {
  @Test(arguments: [true, false])
  func `passes a granted request on in its canonical form`(isTLS: Bool) async throws {
    try await InspectedRun.with("rules: [{ allow: \"GET /v1/**\" }]", isTLS: isTLS) { run in
      let answer = try await run.curl("/v1/%61b?q=1", "-H", "x-own: yes")
      #expect(answer.status == 200)
      #expect(answer.body.hasPrefix("GET /v1/ab?q=1\n"))
      #expect(answer.body.contains("\nx-own: yes\n"))
      #expect(answer.body.contains("\nhost: \(InspectedRun.host):\(run.port)\n"))
      let row = try #require(run.audit.all.last)
      #expect(row.verdict == .allowed)
      #expect(row.path == "/v1/ab")
      #expect(row.query == ["q"])
      #expect(row.status == 200)
      #expect(row.received > 0)
    }
  }

  @Test func `answers a refused request with its rule, and serves on`() async throws {
    try await InspectedRun.with("rules: [{ allow: \"GET /v1/**\" }]") { run in
      let answer = try await run.curl(["/v2/x", "/v1/x"], ["--http1.1"])
      #expect(answer.head.contains("HTTP/1.1 403 Forbidden"))
      #expect(answer.head.contains("x-caisson-rule: "))
      #expect(answer.head.contains("\"kind\":\"denied\""))
      #expect(answer.status == 200)
      #expect(run.upstream.asked == ["GET /v1/x"])
      #expect(run.audit.all.map(\.verdict) == [.denied, .allowed])
      #expect(Set(run.audit.all.map(\.flow)).count == 1)
    }
  }

  @Test(arguments: ["--http1.1", "--http2"], [true, false])
  func `sends bodies of every framing, and gets them back`(
    version: String,
    speaksHTTP2: Bool
  ) async throws {
    try await InspectedRun.with(
      "rules: [{ allow: \"POST /**\" }]",
      speaksHTTP2: speaksHTTP2
    ) { run in
      let body = String(repeating: "0123456789", count: 20_000)
      for extra in [[], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"]] {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID())")
        try body.write(to: file, atomically: true, encoding: .utf8)
        let answer = try await run.curl(
          ["/x"],
          [version, "--data-binary", "@\(file.path)"] + extra
        )
        try FileManager.default.removeItem(at: file)
        #expect(answer.status == 200)
        #expect(answer.body.contains("body 200000: 0123456789"))
      }
    }
  }

  @Test(arguments: ["--http1.1", "--http2"])
  func `reuses the connection to a server, and survives that it is closed`(
    version: String
  ) async throws {
    try await InspectedRun.with("rules: [{ allow: \"GET /**\" }]") { run in
      let answer = try await run.curl(["/a", "/b", "/last", "/c"], [version])
      #expect(answer.status == 200)
      #expect(run.upstream.asked.count == 4)
      #expect(run.upstream.connectionCount == 2)
    }
  }

  @Test(arguments: ["--http1.1", "--http2"], [true, false])
  func `a large answer comes whole`(version: String, speaksHTTP2: Bool) async throws {
    try await InspectedRun.with(
      "rules: [{ allow: \"GET /**\" }]",
      speaksHTTP2: speaksHTTP2
    ) { run in
      let answer = try await run.curl("/bytes?n=5000000", version)
      #expect(answer.status == 200)
      #expect(answer.body.utf8.count == 5_000_000)
    }
  }

  @Test func `says what a server did that did not answer`() async throws {
    try await InspectedRun.with("rules: [{ allow: \"GET /**\" }]") { run in
      let answer = try await run.curl("/reset")
      #expect(answer.status == 502)
      #expect(answer.body.contains("\"kind\":\"unreachable\""))
      #expect(run.audit.all.last?.verdict == .failed)
    }
  }

  @Test func `a policy that is replaced holds for the next request`() async throws {
    try await InspectedRun.with("rules: [{ allow: \"GET /**\" }]") { run in
      #expect(try await run.curl("/a").status == 200)
      run.policy.replace(
        with: try InspectedRun.policy("rules: [{ allow: \"GET /b\" }]", port: run.port)
      )
      #expect(try await run.curl("/a").status == 403)
      #expect(try await run.curl("/b").status == 200)
    }
  }
}
