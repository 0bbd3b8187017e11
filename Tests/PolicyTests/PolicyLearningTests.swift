import Testing

@testable import Policy

struct PolicyLearningTests {
  private func learn(_ yaml: String, _ seen: [ObservedRequest]) throws -> PolicyLearning {
    PolicyLearning(try PolicyDocument.parse("version: 1\n" + yaml, file: "p"), seen: seen)
  }

  private func denied(
    _ host: String,
    _ method: String? = nil,
    _ path: String? = nil,
    port: UInt16 = 443
  ) -> ObservedRequest {
    ObservedRequest(host: host, port: port, method: method, path: path, isDenied: true)
  }

  @Test func `what was denied becomes the rules that would have let it pass`() throws {
    let seen = [
      denied("api.example.com", "GET", "/v1/a"), denied("api.example.com"),
      denied("api.example.com", "POST", "/v1/b"), denied("raw.example.com", port: 8443),
      denied("asked.example.com", port: 0),
      ObservedRequest(
        host: "fine.example.com",
        port: 443,
        method: "GET",
        path: "/",
        isDenied: false
      ),
    ]
    let learned = try learn("", seen)
    #expect(
      learned.document.network.map(\.canonicalText) == [
        #"{ host: api.example.com, ports: [443], rules: [{ allow: "GET /v1/a" }, { allow: "POST /v1/b" }] }"#,
        "{ host: asked.example.com, ports: [443] }", "{ host: raw.example.com, ports: [8443] }",
      ]
    )
    #expect(PolicyLearning(learned.document, seen: []).document == learned.document)
  }

  @Test func `rules join the entry that is there`() throws {
    let learned = try learn(
      "network: [{ host: api.example.com, rules: [{ allow: \"GET /v1/**\" }] }]",
      [denied("api.example.com", "PUT", "/v1/a")]
    )
    #expect(
      learned.document.network.map(\.canonicalText) == [
        #"{ host: api.example.com, ports: [443], rules: [{ allow: "GET /v1/**" }, { allow: "PUT /v1/a" }] }"#
      ]
    )
  }

  @Test func `many paths become the place that they have in common`() throws {
    let seen = (0..<40).map { denied("api.example.com", "GET", "/v1/items/\($0)/parts") }
    let learned = try learn("", seen)
    #expect(
      learned.document.network.map(\.canonicalText) == [
        #"{ host: api.example.com, ports: [443], rules: [{ allow: "GET /v1/items/**" }] }"#
      ]
    )
    let policy = NetworkPolicy(rules: learned.document.network)
    for request in seen {
      let canonical = try CanonicalRequest(
        method: "GET",
        target: #require(request.path),
        scheme: "https",
        authority: "api.example.com"
      )
      guard case .allowed = policy.decide(canonical, host: "api.example.com", port: 443) else {
        Issue.record("allowed")
        return
      }
    }
  }

  @Test func `a repository is learnt as one, without a push`() throws {
    let learned = try learn(
      "",
      [
        denied("forge.example.com", "GET", "/acme/app.git/info/refs"),
        denied("forge.example.com", "POST", "/acme/app.git/git-receive-pack"),
      ]
    )
    #expect(
      learned.document.network.map(\.canonicalText) == ["{ git: forge.example.com/acme/app }"]
    )
    #expect(learned.notes.contains { $0.contains("branches to push are named by a person") })
    let pushing = "network: [{ git: forge.example.com/acme/app, push: [main] }]"
    let refused = denied("forge.example.com", "POST", "/acme/app.git/git-receive-pack")
    let again = try learn(pushing, [refused])
    #expect(again.document == (try learn(pushing, [])).document && again.notes.count == 1)
  }

  @Test func `what no rule should grant is noted instead`() throws {
    let learned = try learn(
      "network: [{ host: api.example.com, rules: [{ allow: \"* /**\" }, { deny: \"* /admin/**\" }] }]",
      [denied("169.254.169.254", port: 80), denied("api.example.com", "GET", "/admin/x")]
    )
    #expect(learned.notes.count == 2)
    #expect(learned.notes.contains { $0.contains("stays denied by network: host api.example.com") })
  }
}
