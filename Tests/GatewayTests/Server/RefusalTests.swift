import Foundation
import Journal
import NIOConcurrencyHelpers
import NIOHTTP1
import Testing

@testable import Gateway

struct RefusalTests {
  @Test(arguments: [
    ("POST", "/v1/chat/completions", #"{"error":{"message":"#),
    ("POST", "/v1/messages", #"{"type":"error","error":{"type":"authentication_error""#),
    ("POST", "/api/chat", #"{"error":""#),
    ("GET", "/metrics", #"{"error":{"message":"#),
  ])
  func `without a key nothing is answered, and the error has the dialect's shape`(
    method: String,
    path: String,
    shape: String
  ) async throws {
    try await TestGateway.with { gateway, upstream in
      for key in ["", "sk-other", "sk-caisson-\(String(repeating: "A", count: 43))"] {
        let body = method == "POST" ? TestGateway.hello : nil
        let answer = try await gateway.ask(method, path, body, key: key.isEmpty ? " " : key)
        #expect(answer.status == 401)
        #expect(answer.text.hasPrefix(shape))
      }
      #expect(upstream.requests.isEmpty)
    }
  }

  @Test func `two keys that differ are no key`() async throws {
    try await TestGateway.with { gateway, _ in
      let answer = try await gateway.post(headers: [("x-api-key", "sk-other")])
      #expect(answer.status == 401)
      #expect(answer.text.contains("different keys"))
      #expect(answer.headers.first(name: "x-request-id")?.hasPrefix("req_caisson_") == true)
    }
  }

  @Test func `a key that is revoked is refused within a second`() async throws {
    try await TestGateway.with { gateway, _ in
      #expect(try await gateway.post().status == 200)
      try gateway.ledger.revokeKey(named: "test")
      try await Task.sleep(for: .milliseconds(1100))
      #expect(try await gateway.post().status == 401)
    }
  }

  @Test(arguments: [
    ("GET", "/v1/chat/completions", 405), ("POST", "/v1/models", 405), ("POST", "/nothing", 404),
    ("GET", "/v1/models/", 200), ("GET", "/v1/models/none-such", 404), ("DELETE", "/", 405),
  ])
  func `what is not served is said so`(method: String, path: String, status: Int) async throws {
    try await TestGateway.with { gateway, _ in
      let answer = try await gateway.ask(method, path, method == "POST" ? "{}" : nil)
      #expect(answer.status == status)
    }
  }

  @Test(arguments: [
    "", "{", "[]", "null", "{}", #"{"model":1}"#, #"{"model":"m"}"#, #"{"model":"m","messages":3}"#,
    #"{"model":"m","model":"n","messages":[]}"#, #"{"model":"m","messages":[],"max_tokens":-1}"#,
    #"{"model":"m","messages":[],"max_tokens":1e99}"#,
    #"{"model":"m","messages":[],"stream":"yes"}"#,
    "\u{FEFF}{}", #"{"model":"","messages":[]}"#, #"{"model":"m","messages":[],"n":0}"#,
    String(repeating: "[", count: 5000),
  ])
  func `a malformed body is the client's fault, in the dialect's shape`(body: String) async throws {
    try await TestGateway.with { gateway, upstream in
      for (path, shape) in [
        ("/v1/chat/completions", #"{"error":{"message":"#), ("/v1/messages", #"{"type":"error""#),
        ("/api/chat", #"{"error":""#), ("/v1/responses", #"{"error":{"message":"#),
        ("/v1/embeddings", #"{"error":{"message":"#),
      ] {
        let answer = try await gateway.post(path, body)
        // A text for vectors needs no messages, and some bodies are well-formed elsewhere.
        #expect((400..<500).contains(answer.status), "\(path) \(body) \(answer.text)")
        #expect(answer.text.hasPrefix(shape), "\(path) \(answer.text)")
      }
      #expect(upstream.requests.isEmpty)
    }
  }

  @Test func `a body above the limit is refused, told or not how long it is`() async throws {
    try await TestGateway.with(more: "limits: { body: 1MiB }\n") { gateway, _ in
      let large = #"{"model":"m","x":""# + String(repeating: "x", count: 2 << 20) + #""}"#
      let answer = try await gateway.post("/v1/chat/completions", large)
      #expect(answer.status == 413)
      #expect(answer.text.contains("limits.body"))
      #expect(try await gateway.post().status == 200)
    }
  }

  @Test func `a call that the budget has no room for is not made`() async throws {
    // A call may cost (1,024 + its bytes) of input and 10 of output: more than a thousandth.
    try await TestGateway.with(limit: 1_000_000_000) { gateway, upstream in
      let answer = try await gateway.post()
      #expect(answer.status == 402)
      for word in [
        "test", "has no room", #""left":"0.001 USD""#, #""asked":""#, #""resets_at":null"#,
      ] {
        #expect(answer.text.contains(word), "\(answer.text)")
      }
      #expect(answer.headers.first(name: "x-should-retry") == "false")
      #expect(upstream.requests.isEmpty)
    }
  }

  @Test func `a model without a price is not called under a budget`() async throws {
    try await TestGateway.with(more: "aliases: { odd: p0/unheard-of }\n") { gateway, upstream in
      let body = TestGateway.hello.replacingOccurrences(of: #""m""#, with: #""odd""#)
      let answer = try await gateway.post("/v1/chat/completions", body)
      #expect(answer.status == 400)
      #expect(answer.text.contains("price"))
      #expect(upstream.requests.isEmpty)
    }
  }

  @Test func `tools that the provider runs have no price under a budget`() async throws {
    try await TestGateway.with { gateway, upstream in
      let body =
        #"{"model":"m","max_tokens":9,"web_search_options":{},"messages":[{"role":"user","#
        + #""content":"hi"}]}"#
      let answer = try await gateway.post("/v1/chat/completions", body)
      #expect(answer.status == 400)
      #expect(answer.text.contains("unknown_price"))
      #expect(upstream.requests.isEmpty)
    }
  }

  @Test func `requests and tokens a minute are counted by key`() async throws {
    let terms = VirtualKey.Terms(name: "test", account: "test", requestsPerMinute: 2)
    try await TestGateway.with(terms: terms) { gateway, upstream in
      #expect(try await gateway.post().status == 200)
      #expect(try await gateway.post().status == 200)
      let answer = try await gateway.post()
      #expect(answer.status == 429)
      let wait = try #require(answer.headers.first(name: "retry-after").flatMap { Int($0) })
      #expect((25...30).contains(wait))
      #expect(answer.text.contains(#""limit":"requests_per_minute""#))
      #expect(upstream.requests.count == 2)
    }
  }

  @Test func `a key calls what it was given, and nothing else`() async throws {
    let terms = VirtualKey.Terms(name: "test", account: "test", models: ["other"])
    try await TestGateway.with(more: "aliases: { other: m0 }\n", terms: terms) {
      gateway,
      upstream in
      #expect(try await gateway.post().status == 403)
      let body = TestGateway.hello.replacingOccurrences(of: #""m""#, with: #""other""#)
      #expect(try await gateway.post("/v1/chat/completions", body).status == 200)
      #expect(upstream.requests.count == 1)
      let list = try await gateway.ask("GET", "/v1/models")
      #expect(list.text.contains("other"))
      #expect(!list.text.contains(#""m0""#))
    }
  }

  @Test func `what is said stands in no log and no metric`() async throws {
    try await TestGateway.with { gateway, _ in
      let body = TestGateway.hello.replacingOccurrences(of: "hi", with: "secret-words")
      #expect(try await gateway.post("/v1/chat/completions", body).status == 200)
      _ = try await gateway.settledCalls(1)
      let log = gateway.lines.withLockedValue { $0.joined() }
      #expect(log.contains(#""gen_ai.usage.input_tokens":7"#))
      #expect(!log.contains("secret-words"))
      #expect(!log.contains("hello"))
      let metrics = try await gateway.ask("GET", "/metrics").text
      let row =
        "gen_ai_client_token_usage_sum{gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"p0\","
        + "gen_ai_request_model=\"real-0\",gen_ai_token_type=\"input\"} 7"
      #expect(metrics.contains(row), "\(metrics)")
      #expect(!metrics.contains("secret-words"))
    }
  }
}
