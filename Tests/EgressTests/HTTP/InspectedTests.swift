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

  @Test func `what a run may send to a host is bounded by its budget`() async throws {
    let entry = "budget: { sent: 20KiB }, rules: [{ allow: \"POST /**\" }]"
    try await InspectedRun.with(entry) { run in
      let body = String(repeating: "x", count: 15_000)
      #expect(try await run.curl("/a", "-d", body).status == 200)
      let answer = try await run.curl("/a", "-d", body)
      #expect(answer.status == 403)
      #expect(answer.body.contains("\"kind\":\"limit\""))
      #expect(run.upstream.asked.count == 1)
    }
  }

  @Test(arguments: ["--http1.1", "--http2"])
  func `a body beyond its rule is refused, however it is framed`(version: String) async throws {
    try await InspectedRun.with("rules: [{ allow: \"POST /**\", body: 1KiB }]") { run in
      let body = String(repeating: "x", count: 5_000)
      let answer = try await run.curl("/a", version, "-d", body)
      #expect(answer.status == 413)
      let chunked = try await run.curl(
        "/a",
        version,
        "-d",
        body,
        "-H",
        "Transfer-Encoding: chunked"
      )
      #expect(chunked.status == 413)
      #expect(try await run.curl("/a", version, "-d", "small").status == 200)
      #expect(run.upstream.asked.count == 1)
    }
  }

  @Test func `many requests at once share what connections there are`() async throws {
    try await InspectedRun.with(
      "rules: [{ allow: \"GET /**\" }]",
      speaksHTTP2: true
    ) { run in
      let paths = (0..<60).map { "/a\($0)" }
      let answer = try await run.curl(paths, ["--http2", "--parallel", "--parallel-max", "30"])
      #expect(answer.exit == 0)
      #expect(Set(run.upstream.asked) == Set(paths.map { "GET \($0)" }))
      #expect(run.audit.all.allSatisfy { $0.verdict == .allowed && $0.status == 200 })
    }
  }

  @Test func `a page for a browser, text for git, JSON for the rest`() async throws {
    try await InspectedRun.with("rules: [{ deny: \"GET /**\" }]") { run in
      let page = try await run.curl("/<a>", "-H", "Accept: text/html,*/*")
      #expect(page.head.contains("text/html"))
      let text = try await run.curl("/a", "-A", "git/2.39")
      #expect(text.body.hasPrefix("caisson: "))
      let json = try await run.curl("/a")
      #expect(json.body.hasPrefix("{\"error\":{\"kind\":\"denied\",\"rule\":\""))
      let head = try await run.curl("/a", "--head")
      #expect(head.status == 403)
    }
  }

  @Test(arguments: ["--http1.1", "--http2"])
  func `requests wait their turn where a server has all its connections`(
    version: String
  ) async throws {
    var bounds = HTTPBounds()
    bounds.upstreams = 1
    try await InspectedRun.with("rules: [{ allow: \"GET /**\" }]", bounds: bounds) { run in
      let paths = (0..<30).map { "/a\($0)" }
      let answer = try await run.curl(paths, [version, "--parallel", "--parallel-max", "10"])
      #expect(answer.exit == 0)
      #expect(run.audit.all.allSatisfy { $0.verdict == .allowed && $0.status == 200 })
      #expect(Set(run.upstream.asked) == Set(paths.map { "GET \($0)" }))
    }
  }
}
