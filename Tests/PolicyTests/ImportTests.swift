import Testing

@testable import Policy

struct ImportTests {
  private func imported(_ text: String, _ format: PolicyImport.Format) throws -> PolicyImport {
    try PolicyImport.read(text, file: "source", format: format)
  }

  private func openShell(anyProgram: Bool = false) throws -> PolicyImport {
    try PolicyImport.read(
      Fixtures.text("import/openshell.yaml"),
      file: "source",
      format: .openShell,
      grantsAnyProgram: anyProgram
    )
  }

  /// Host, port, method, target, and what OpenShell's semantics say, narrowed where they must be.
  private static let decisions: [(String, UInt16, String, String, Bool)] = [
    ("ro.example.com", 443, "GET", "/", true), ("ro.example.com", 443, "HEAD", "/a/b", true),
    ("ro.example.com", 443, "OPTIONS", "/a", true), ("ro.example.com", 443, "POST", "/a", false),
    ("ro.example.com", 443, "PUT", "/a", false), ("ro.example.com", 443, "PATCH", "/a", false),
    ("ro.example.com", 443, "DELETE", "/a", false), ("ro.example.com", 80, "GET", "/", false),
    ("rw.example.com", 443, "GET", "/a", true), ("rw.example.com", 443, "HEAD", "/a", true),
    ("rw.example.com", 443, "OPTIONS", "/a", true), ("rw.example.com", 443, "POST", "/a", true),
    ("rw.example.com", 443, "PUT", "/a", true), ("rw.example.com", 443, "PATCH", "/a", true),
    ("rw.example.com", 443, "DELETE", "/a", false), ("rw.example.com", 443, "PROPFIND", "/", false),
    ("full.example.com", 443, "DELETE", "/a", true), ("full.example.com", 8443, "PUT", "/", true),
    ("full.example.com", 8444, "GET", "/", false), ("full.example.com", 443, "MKCOL", "/x", true),
    ("api.example.com", 443, "GET", "/v1/a", true),
    ("api.example.com", 443, "GET", "/v1/a/b", true),
    ("api.example.com", 443, "GET", "/v1", false), ("api.example.com", 443, "GET", "/v2/a", false),
    ("api.example.com", 443, "HEAD", "/v1/a", false),
    ("api.example.com", 443, "POST", "/v1/items/7", true),
    ("api.example.com", 443, "POST", "/v1/items/7/8", false),
    ("api.example.com", 443, "POST", "/v1/items", false),
    ("api.example.com", 443, "GET", "/v1/admin/users", false),
    ("api.example.com", 443, "GET", "/v1/admin", false),
    ("api.example.com", 443, "GET", "/v1/a/secret", false),
    ("api.example.com", 443, "GET", "/v1/a/b/secret", false),
    ("api.example.com", 443, "GET", "/v1/a/secrets", true),
    ("api.example.com", 443, "GET", "/tags?tag=v1.2", true),
    ("api.example.com", 443, "GET", "/tags?tag=v2.0", true),
    ("api.example.com", 443, "GET", "/tags?tag=v3.0", false),
    ("api.example.com", 443, "GET", "/tags", false),
    ("a.wide.example.com", 443, "GET", "/", true), ("wide.example.com", 443, "GET", "/", false),
    ("a.b.wide.example.com", 443, "GET", "/", false),
    ("a.wide.example.com", 443, "POST", "/", false), ("raw.example.com", 443, "DELETE", "/", true),
    ("raw.example.com", 80, "GET", "/", false), ("db.example.com", 5432, "GET", "/", true),
    ("db.example.com", 443, "GET", "/", false), ("pinned.example.com", 443, "GET", "/", true),
    ("ranged.example.com", 443, "GET", "/", false), ("x-part.example.com", 443, "GET", "/", false),
    ("mcp.example.com", 443, "POST", "/", false), ("graph.example.com", 443, "POST", "/", false),
    ("ws.example.com", 443, "GET", "/", false), ("twin.example.com", 443, "GET", "/", true),
    ("twin.example.com", 443, "POST", "/", false), ("curl.example.com", 443, "GET", "/", false),
    ("other.example.com", 443, "GET", "/", false),
  ]

  @Test(arguments: decisions)
  func `an imported policy decides as its source means`(
    host: String,
    port: UInt16,
    method: String,
    target: String,
    allowed: Bool
  ) throws {
    let policy = NetworkPolicy(rules: try openShell().document.network)
    let request = try CanonicalRequest(
      method: method,
      target: target,
      scheme: "https",
      authority: "\(host):\(port)"
    )
    if case .allowed = policy.decide(request, host: host, port: port) {
      #expect(allowed)
    } else {
      #expect(!allowed)
    }
  }

  @Test func `what is left out or said otherwise is named`() throws {
    let differences = try openShell().differences
    for part in [
      "reader.endpoints[0] is only watched there (enforcement: audit); here it is enforced.",
      "ruled.endpoints[5] is left out: a name cannot be held to a range of addresses",
      "ruled.endpoints[6] is left out", "ruled.endpoints[7] is left out",
      "ruled.endpoints[8] is left out: it judges the bodies of requests (mcp)",
      "ruled.endpoints[9] is left out: it judges the bodies of requests (graphql)",
      "twin.example.com is granted by the rules of one entry alone",
      "'/v1/*/secret' is denied more widely, as '/v1/**/secret'",
      "curl_only is left out: it is for /usr/bin/curl alone", "'process' is not imported",
      "'best_effort' is not imported", "'/sandbox' is taken for the workspace",
      "'/proc' is not granted",
    ] {
      #expect(differences.contains { $0.contains(part) }, "\(part)")
    }
  }

  @Test func `programs are told apart by nobody, so that it takes a word to grant to all`() throws {
    let all = NetworkPolicy(rules: try openShell(anyProgram: true).document.network)
    guard case .passed = all.admit(host: "curl.example.com", port: 443) else {
      Issue.record("granted to every program")
      return
    }
  }

  @Test func `files become those of this machine`() throws {
    let files = try openShell().document.filesystem
    #expect(files.read?.map(\.written) == ["/usr?", "/lib?", "/etc/ssl?"])
    #expect(files.write?.map(\.written) == ["$WORKSPACE", "$WORKSPACE/cache?", "/tmp"])
  }

  @Test(arguments: [
    "version: 2\nnetwork_policies: {}", "network_policies: {}", "version: 1\nsurprise: 1",
    "version: 1\nnetwork_middlewares: { a: { middleware: openshell/regex } }",
    "version: 1\nnetwork_policies: { a: { endpoints: [{ host: h.example.com, prot: rest }] } }",
    "version: 1\nlandlock: { compatibility: none }", "[]", "version: 1\nnetwork_policies: []",
  ])
  func `what could mean anything is refused`(text: String) {
    let error = #expect(throws: PolicyError.self) { try imported(text, .openShell) }
    #expect(error?.problems.isEmpty == false)
  }

  @Test func `a preset needs no version`() throws {
    let preset = try imported(
      "preset: { name: x, description: y }\nnetwork_policies: { a: { endpoints: [] } }",
      .openShell
    )
    #expect(preset.document.network.isEmpty)
  }

  @Test func `the settings of sandbox-runtime become grants and denials`() throws {
    let settings = try imported(
      """
      {"network": {"allowedDomains": ["github.com", "*.github.com", "a.example.com:8443",
          "x.evil.com", "*.evil.com", "10.0.0.1"],
        "deniedDomains": ["gist.github.com", "*.evil.com"], "allowLocalBinding": true},
       "filesystem": {"denyRead": ["~/.ssh", "/home"], "allowRead": ["."],
        "allowWrite": [".", "./src/", "/tmp", "~/c\\u0061che", "*.log"], "denyWrite": [".env"]}}
      """,
      .sandboxRuntime
    )
    let files = settings.document.filesystem
    #expect(
      files.write?.map(\.written) == ["$WORKSPACE", "$WORKSPACE/src?", "/tmp", "$HOME/cache?"]
    )
    #expect(files.deny.map(\.written) == ["$WORKSPACE/.env?", "$HOME/.ssh?"])
    let policy = NetworkPolicy(rules: settings.document.network)
    #expect(policy.knows(host: "api.github.com") && policy.knows(host: "a.example.com"))
    #expect(!policy.knows(host: "x.evil.com") && !policy.knows(host: "y.evil.com"))
    let gist = try CanonicalRequest(
      method: "GET",
      target: "/",
      scheme: "https",
      authority: "gist.github.com"
    )
    guard case .denied = policy.decide(gist, host: "gist.github.com", port: 443) else {
      Issue.record("gist.github.com is denied")
      return
    }
  }

  @Test(arguments: [
    #"{"filesystem": {"denyRead": ["**/secret"]}}"#, #"{"filesystem": {"denyRead": ["/home"]}}"#,
    #"{"filesystem": {"denyRead": ["."]}}"#, #"{"network": {"allowed": []}}"#, #"{"a": 1}"#,
    #"{"network": {"deniedDomains": ["a*b.com"]}}"#, "{", "[1", "{\"a\":}", "{\"a\":1,}", "tru",
    "{\"network\": {}, \"network\": {}}", "{} {}", "\"\\ud800\"", "\"\u{1}\"", "{'a': 1}",
  ])
  func `settings whose denials cannot be kept are refused`(text: String) {
    #expect(throws: PolicyError.self) { try imported(text, .sandboxRuntime) }
  }

  @Test func `the sandbox of Codex becomes a workspace`() throws {
    let codex = try imported(
      """
      # comment
      model = "x" # another
      sandbox_mode = "workspace-write"
      [sandbox_workspace_write]
      writable_roots = [
        "/srv/data", '~/cache',
      ]
      network_access = true
      exclude_slash_tmp = true
      """,
      .codex
    )
    #expect(
      codex.document.filesystem.write?.map(\.written) == [
        "$WORKSPACE", "/srv/data?", "$HOME/cache?",
      ]
    )
    #expect(codex.document.network.isEmpty)
    #expect(codex.differences.contains { $0.contains("'network_access' is not granted") })
    let closed = try imported("sandbox_mode = \"read-only\"", .codex)
    #expect(closed.document.workspace == .direct && closed.document.filesystem.write == [])
  }

  @Test(arguments: [
    "sandbox_mode = \"danger-full-access\"", "sandbox_mode = 'x'", "a = {b = 1}", "[[a]]",
    "a = \"\"\"x\"\"\"", "a", "a = ", "a = \"x\\n\"", "a = 1\na = 2", "[a]\n[a]", "[profiles.x]",
    "default_permissions = \":workspace\"", "[sandbox_workspace_write]\nother = true",
    "a = [\"b\" \"c\"]", "a = [1, 2", "a = \"b",
  ])
  func `what is not needed of TOML is refused, not guessed`(text: String) {
    #expect(throws: PolicyError.self) { try imported(text, .codex) }
  }
}
