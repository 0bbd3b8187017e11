import Testing

@testable import Policy

struct NetworkPolicyTests {
  private func policy(_ yaml: String) throws -> NetworkPolicy {
    let document = try PolicyDocument.parse("version: 1\nnetwork:\n" + yaml, file: "p.yaml")
    return NetworkPolicy(rules: document.network)
  }

  private func request(
    _ method: String,
    _ target: String,
    host: String = "api.example.com",
    headers: [(name: String, value: String)] = []
  ) throws -> CanonicalRequest {
    try CanonicalRequest(
      method: method,
      target: target,
      scheme: "https",
      authority: host,
      headers: headers
    )
  }

  private func isAllowed(
    _ policy: NetworkPolicy,
    _ method: String,
    _ target: String,
    host: String = "api.example.com",
    headers: [(name: String, value: String)] = []
  ) throws -> Bool {
    let request = try request(method, target, host: host, headers: headers)
    guard case .allowed = policy.decide(request, host: host, port: 443) else { return false }
    return true
  }

  @Test func `what is looked into follows from what the entries say`() throws {
    let policy = try policy(
      """
        - host: open.example.com
        - { host: "*.example.com", ports: [8443] }
        - { host: api.example.com, rules: [{ allow: "GET /**" }] }
        - { host: keyed.example.com, credential: EXAMPLE_TOKEN }
        - { git: forge.example.com/a/b }
      """
    )
    guard case .passed = policy.admit(host: "Open.Example.com.", port: 443) else {
      Issue.record("an open host is passed")
      return
    }
    for host in ["api", "keyed", "forge"] {
      guard case .inspected = policy.admit(host: "\(host).example.com", port: 443) else {
        Issue.record("\(host) is inspected")
        continue
      }
    }
    for (host, port) in [
      ("open.example.com", UInt16(80)), ("example.com", 443), ("10.0.0.1", 443), ("0x7f.1", 443),
      ("a.b.example.com", 8443), ("xopen.example.com", 443), ("open.example.com.evil.org", 443),
      ("*.example.com", 8443), ("", 443), ("[::1]", 443), (".example.com", 8443),
    ] {
      guard case .denied = policy.admit(host: host, port: port) else {
        Issue.record("\(host):\(port) is denied")
        continue
      }
    }
    #expect(policy.knows(host: "x.example.com") && policy.knows(host: "forge.example.com"))
    #expect(!policy.knows(host: "example.com") && !policy.knows(host: "x.y.example.com"))
  }

  @Test(arguments: [
    ("GET", "/v1/items", true), ("GET", "/v1", true), ("GET", "/v1/a/b/c", true),
    ("GET", "/v1/", true), ("GET", "/v2/items", false), ("HEAD", "/v1/items", false),
    ("GET", "/v1x", false), ("GET", "/V1/items", false), ("GET", "/v1/admin", false),
    ("GET", "/v1/admin/users", false), ("GET", "/v1/Admin/users", false),
    ("GET", "/v1/%61dmin/users", false), ("GET", "/v1/admin;x=1/users", false),
    ("GET", "/v1/admin./users", false), ("GET", "/v1/admin%20", false), ("GET", "/v1/a.b", true),
    ("GET", "/v1/admin/", false), ("GET", "/v1/administrator", true),
    ("GET", "/v1/items?_method=DELETE", false),
    ("GET", "/v1/items?a=1;_method=DELETE", false), ("DELETE", "/v1/items/7", true),
    ("DELETE", "/v1/items/7/parts", false), ("DELETE", "/v1/items/keep", false),
    ("DELETE", "/v1/items/keep/", false), ("GET", "/", false),
  ])
  func `a denial wins, and what no rule allows is denied`(
    method: String,
    target: String,
    allowed: Bool
  ) throws {
    let policy = try policy(
      """
        - host: api.example.com
          rules: [{ deny: "* /v1/admin/**" }, { allow: "GET /v1/**" }, { allow: "DELETE /v1/items/*" },
            { deny: "DELETE /v1/items/keep" }]
      """
    )
    #expect(try isAllowed(policy, method, target) == allowed)
  }

  @Test func `a denial of one entry holds against what another allows`() throws {
    let policy = try policy(
      """
        - host: api.example.com
        - { host: "*.example.com", rules: [{ deny: "* /private/**" }] }
      """
    )
    #expect(try isAllowed(policy, "PUT", "/x"))
    #expect(try !isAllowed(policy, "GET", "/private/x"))
    #expect(try !isAllowed(policy, "GET", "/x", host: "www.example.com"))
  }

  @Test func `conditions of an allowance hold everywhere, those of a denial anywhere`() throws {
    let policy = try policy(
      """
        - host: api.example.com
          rules:
            - { allow: "GET /items", query: { state: "open*" } }
            - { allow: "POST /items", header: { Content-Type: "application/json*" }, body: 1KiB }
            - { deny: "* /**", query: { debug: "*" } }
      """
    )
    #expect(try isAllowed(policy, "GET", "/items?state=open"))
    #expect(try !isAllowed(policy, "GET", "/items"))
    #expect(try !isAllowed(policy, "GET", "/items?state=open&state=closed"))
    #expect(try !isAllowed(policy, "GET", "/items?state=open&debug"))
    #expect(try !isAllowed(policy, "GET", "/items?STATE=open"))
    let json = [(name: "content-type", value: "application/json; charset=utf-8")]
    #expect(try isAllowed(policy, "POST", "/items", headers: json))
    #expect(try !isAllowed(policy, "POST", "/items"))
    let request = try request("POST", "/items", headers: json)
    guard case .allowed(let grant) = policy.decide(request, host: "api.example.com", port: 443)
    else {
      Issue.record("allowed")
      return
    }
    #expect(grant.bodyLimit == 1024)
  }

  @Test func `an encoded slash needs a grant, and denials read it as a slash`() throws {
    let entry =
      "{ host: api.example.com, rules: [{ allow: \"GET /*\" }, { deny: \"* /private/**\" }]"
    let without = try policy("  - \(entry) }")
    #expect(try !isAllowed(without, "GET", "/@scope%2Fname"))
    let with = try policy("  - \(entry), encoded_slash: true }")
    #expect(try isAllowed(with, "GET", "/@scope%2fname"))
    #expect(try !isAllowed(with, "GET", "/private%2Fname"))
  }

  @Test func `the credential is that of what allowed the request`() throws {
    let policy = try policy(
      """
        - { host: api.example.com, rules: [{ allow: "GET /**" }], credential: READ_TOKEN }
        - { host: api.example.com, rules: [{ allow: "POST /**" }], credential: WRITE_TOKEN }
      """
    )
    for (method, name) in [("GET", "READ_TOKEN"), ("POST", "WRITE_TOKEN")] {
      let decision = policy.decide(try request(method, "/x"), host: "api.example.com", port: 443)
      guard case .allowed(let grant) = decision else {
        Issue.record("allowed")
        continue
      }
      #expect(grant.credential == name)
    }
  }

  @Test func `a denied request is told the rule that would allow it`() throws {
    let yaml = "  - { host: api.example.com, rules: [{ allow: \"GET /v1/**\" }] }"
    let before = try policy(yaml)
    let asked = try request("POST", "/v1/items")
    guard
      case .denied(let rule, let reason, let remedy?) = before.decide(
        asked,
        host: "api.example.com",
        port: 443
      )
    else {
      Issue.record("denied")
      return
    }
    #expect(rule == "the built-in rule 'default deny'")
    #expect(reason == "no rule for api.example.com allows POST /v1/items")
    let after = try PolicyDocument.parse("version: 1\n" + remedy, file: "p")
    let decision = NetworkPolicy(rules: after.network)
      .decide(asked, host: "api.example.com", port: 443)
    guard case .allowed = decision else {
      Issue.record("\(remedy)")
      return
    }
  }

  @Test func `a request for another host than the connection's is denied`() throws {
    let policy = try policy("  - host: api.example.com\n  - host: www.example.com")
    let request = try request("GET", "/", host: "www.example.com")
    guard case .denied = policy.decide(request, host: "api.example.com", port: 443) else {
      Issue.record("denied")
      return
    }
  }

  @Test func `a decision among a thousand rules takes microseconds`() throws {
    let rules = (0..<900).map { "{ allow: \"GET /v\($0)/**/x-*/y\" }" }.joined(separator: ", ")
    let policy = try policy(
      "  - { host: api.example.com, rules: [\(rules), { allow: \"GET /v1/**\" }] }"
    )
    let target = "/v1/" + String(repeating: "a/", count: 60)
    let clock = ContinuousClock()
    var count = 0
    let time = try clock.measure {
      for _ in 0..<200 { count += try isAllowed(policy, "GET", target) ? 1 : 0 }
    }
    #expect(count == 200)
    // Debug builds are some fifty times slower; this catches what grows with the square.
    #expect(time / 200 < .milliseconds(50))
  }
}
