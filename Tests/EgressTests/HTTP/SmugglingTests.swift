import NIOCore
import Testing

@testable import Egress

@Suite struct SmugglingTests {
  static let rules = "rules: [{ allow: \"* /ok/**\" }]"

  @Test(arguments: [
    "POST /ok/1 HTTP/1.1\r\nHost: $H\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x",
    "POST /ok/1 HTTP/1.1\r\nHost: $H\r\nContent-Length: 4\r\nContent-Length: 6\r\n\r\nabcdef",
    "POST /ok/1 HTTP/1.1\r\nHost: $H\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "POST /ok/1 HTTP/1.1\r\nHost: $H\r\nTransfer-Encoding: identity\r\n\r\n",
    "GET /ok/1 HTTP/1.1\r\nHost: $H\r\nX: y\r\n folded\r\n\r\n",
    "GET /ok/1 HTTP/1.1\r\nHost: $H\r\nHost: other.test\r\n\r\n",
    "GET /ok/1 HTTP/1.1\r\nHost: other.test\r\n\r\n",
    "GET /ok/1 HTTP/1.1\r\nHost: api.test:1\r\n\r\n",
    "GET http://other.test/ok/1 HTTP/1.1\r\nHost: $H\r\n\r\n",
    "GET /ok/../x HTTP/1.1\r\nHost: $H\r\n\r\n", "GET /ok/%2e%2e/x HTTP/1.1\r\nHost: $H\r\n\r\n",
    "GET /ok/%2f/x HTTP/1.1\r\nHost: $H\r\n\r\n", "GET /ok//x HTTP/1.1\r\nHost: $H\r\n\r\n",
    "GET /ok/%00 HTTP/1.1\r\nHost: $H\r\n\r\n", "GET /ok/\\x HTTP/1.1\r\nHost: $H\r\n\r\n",
    "GET /ok/1 HTTP/1.1\r\nHost: $H\r\nX-HTTP-Method-Override: DELETE\r\n\r\n",
    "GET /ok/1?_method=DELETE HTTP/1.1\r\nHost: $H\r\n\r\n",
    "CONNECT $H HTTP/1.1\r\nHost: $H\r\n\r\n", "TRACE /ok/1 HTTP/1.1\r\nHost: $H\r\n\r\n",
  ])
  func `is refused and noted, and nothing of it goes on`(text: String) async throws {
    try await InspectedRun.with(Self.rules, isTLS: false) { run in
      let bytes = text.replacing("$H", with: "\(InspectedRun.host):\(run.port)")
      let answer = try await run.raw(bytes, until: "}\n")
      #expect(answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.1 5"))
      #expect(answer.contains("{\"error\":{\"kind\":"))
      // The row may come a moment after the answer.
      for _ in 0..<500 where run.audit.all.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
      #expect(run.audit.all.count == 1)
      #expect(run.audit.all.first?.verdict == .denied)
      #expect(run.upstream.asked.isEmpty)
    }
  }

  @Test func `requests that come at once are answered one after the other`() async throws {
    try await InspectedRun.with(Self.rules, isTLS: false) { run in
      let host = "\(InspectedRun.host):\(run.port)"
      let answer = try await run.raw(
        """
        POST /ok/1 HTTP/1.1\r
        Host: \(host)\r
        Transfer-Encoding: chunked\r
        \r
        3\r
        abc\r
        0\r
        Trailer: dropped\r
        \r
        GET /no HTTP/1.1\r
        Host: \(host)\r
        \r
        POST /no HTTP/1.1\r
        Host: \(host)\r
        Content-Length: 3\r
        \r
        abcGET /ok/2 HTTP/1.1\r
        Host: \(host)\r
        Connection: close\r
        \r

        """
      )
      let statuses = answer.split(separator: "HTTP/1.1 ").dropFirst(0).map { $0.prefix(3) }
      #expect(statuses.filter { Int($0) != nil }.prefix(2) == ["200", "403"])
      #expect(run.audit.all.map(\.status) == [200, 403, 403, 200])
      #expect(run.upstream.asked == ["POST /ok/1", "GET /ok/2"])
    }
  }

  @Test func `upgrades are refused unless granted`() async throws {
    try await InspectedRun.with(Self.rules, isTLS: false) { run in
      let answer = try await run.raw(
        "GET /ok/1 HTTP/1.1\r\nHost: \(InspectedRun.host):\(run.port)\r\nConnection: Upgrade\r\n"
          + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        until: "}\n"
      )
      #expect(answer.hasPrefix("HTTP/1.1 403"))
      #expect(answer.contains("websocket: true"))
      #expect(run.upstream.asked.isEmpty)
    }
  }

  @Test func `a slow head ends`() async throws {
    var bounds = HTTPBounds()
    bounds.headTime = .milliseconds(200)
    try await InspectedRun.with(Self.rules, isTLS: false, bounds: bounds) { run in
      let answer = try await run.raw("GET / HT")
      #expect(answer.isEmpty)
    }
  }
}
