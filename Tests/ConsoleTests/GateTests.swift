import Foundation
import NIOHTTP1
import Testing

@testable import Console

/// Who may ask, on a port.
@Suite(.timeLimit(.minutes(1))) struct GateTests {
  @Test func `a port answers the bearer of its token, and nobody else`() async throws {
    try await TestConsole.with(token: "secret-secret-secret-secret-secret") { console in
      #expect(try await console.ask(.GET, "/v1/health").status == 200)
      for wrong in ["", "Bearer", "Bearer secret", "Basic c2VjcmV0", "Bearer \(console.token!)x"] {
        let answer = try await console.ask(
          .GET,
          "/v1/health",
          headers: [("authorization", wrong)]
        )
        #expect(answer.status == 401 && answer.kind == "unauthorized", "\(wrong)")
      }
      let page = [("origin", "http://evil.example")]
      #expect(try await console.ask(.GET, "/v1/health", headers: page).status == 403)
      let rebound = [("host", "evil.example:80")]
      #expect(try await console.ask(.GET, "/v1/health", headers: rebound).status == 403)
      let own = [("host", "localhost:80")]
      #expect(try await console.ask(.GET, "/v1/health", headers: own).status == 200)
    }
  }

  @Test(
    arguments: [
      ("127.0.0.1:80", true), ("127.0.0.1", true), ("localhost:1", true), ("LOCALHOST", true),
      ("[::1]:80", true), ("10.0.0.2:80", true), ("evil.example", false), ("127.0.0.1.evil", false),
      ("localhost.evil:80", false), ("[::1", false), ("", false), ("0x7f000001", false),
    ]
  )
  func `a host is an address, or localhost`(host: String, isOwn: Bool) {
    #expect(Gate.isOwnName(host) == isOwn)
    #expect(!Gate.isOwnName(nil))
  }

  @Test func `tokens are equal where all their bytes are`() {
    #expect(Gate.isEqual([1, 2, 3], [1, 2, 3]))
    #expect(!Gate.isEqual([1, 2, 3], [1, 2, 4]))
    #expect(!Gate.isEqual([1, 2, 3], [1, 2]))
    #expect(Gate.isEqual([], []))
  }
}
