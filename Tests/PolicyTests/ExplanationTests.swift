import Testing

@testable import Policy

struct ExplanationTests {
  private func explain(_ request: Request, _ policy: CompiledPolicy) -> String {
    Explanation(request, by: policy).text
  }

  @Test func `a held write is explained as a person would`() throws {
    #expect(
      explain(.write("/repo/.git/hooks/x"), try Policies.profile("default"))
        == "writing /repo/.git/hooks/x: held back at apply by the built-in rule 'start-up files'; "
        + "to allow: filesystem.write: [$WORKSPACE, /tmp, $WORKSPACE/.git/hooks]"
    )
  }

  @Test func `an allowed read names its rule`() throws {
    let policy = try Policies.profile("default")
    #expect(
      explain(.read("/usr/bin/git"), policy)
        == "reading /usr/bin/git: allowed by filesystem.read: $SYSTEM"
    )
    #expect(
      explain(.read("/repo/a"), policy)
        == "reading /repo/a: allowed by filesystem.write: $WORKSPACE"
    )
  }

  @Test func `a denied read names the smallest change`() throws {
    #expect(
      explain(.read("/srv/data/x"), try Policies.profile("default"))
        == "reading /srv/data/x: denied by the built-in rule 'default deny'; "
        + "to allow: filesystem.read: [$SYSTEM, /srv/data/x]"
    )
  }

  @Test func `a denied host names the smallest change`() throws {
    #expect(
      explain(.connect(host: "api.example.com", port: 8443), try Policies.profile("default"))
        == "connecting to api.example.com port 8443: denied by the built-in rule 'default deny'; "
        + "to allow: network: [{ host: api.example.com, ports: [8443] }]"
    )
  }

  @Test func `a request is explained by its rule`() throws {
    let policy = try Policies.compiled(
      "network: [{ host: api.example.com, rules: [{ allow: \"GET /v1/**\" }] }]"
    )
    #expect(
      explain(.ask(method: "GET", address: "https://api.example.com/v1/x?y=1"), policy)
        == "asking GET https://api.example.com/v1/x?y=1: allowed by network: host api.example.com "
        + "(line 2) { allow: \"GET /v1/**\" }"
    )
    #expect(
      explain(.ask(method: "GET", address: "https://api.example.com/v2"), policy)
        == "asking GET https://api.example.com/v2: denied by the built-in rule 'default deny'; to "
        + "allow: network: [{ host: api.example.com, ports: [443], rules: [{ allow: "
        + "\"GET /v1/**\" }, { allow: \"GET /v2\" }] }]"
    )
    #expect(
      explain(.connect(host: "api.example.com", port: 443), policy)
        .hasSuffix("; what is asked there is judged request by request")
    )
    for address in ["api.example.com", "https://api.example.com/../x", "https://u@h/", "ftp://h/"] {
      #expect(policy.decide(.ask(method: "GET", address: address)).verdict == .deny)
    }
  }

  @Test func `a granted host is said to be passed on`() throws {
    let policy = try Policies.compiled("network: [{ host: api.example.com }]")
    #expect(
      explain(.connect(host: "api.example.com", port: 443), policy)
        == "connecting to api.example.com port 443: allowed by network: host api.example.com "
        + "(line 2); what is said there is not looked into, and whoever answers at its address is "
        + "trusted"
    )
  }

  @Test func `what nothing grants is said to be so`() throws {
    #expect(
      explain(.read("/run/docker.sock"), try Policies.profile("default"))
        == "reading /run/docker.sock: denied by the built-in rule 'the machine's own places'; "
        + "nothing grants it: it reaches the whole machine"
    )
  }

  @Test func `a program that was not found is mentioned`() throws {
    #expect(
      explain(.execute("/srv/py/bin/python3"), try Policies.profile("python")).hasSuffix(
        "; unless it belongs to the installation of python3, python, uv"
      )
    )
  }

  @Test func `a path that would move the cursor is shown in escapes`() throws {
    #expect(
      explain(.read("/srv/\u{1B}[2J"), try Policies.profile("default")).hasPrefix(
        "reading '/srv/\\u{1B}[2J': denied"
      )
    )
  }

  @Test func `a long path is shown whole`() throws {
    let path = "/srv/" + String(repeating: "long/", count: 100) + "x"
    #expect(
      explain(.read(path), try Policies.profile("default")).hasPrefix("reading \(path): denied")
    )
  }

  @Test func `a policy is summed up in sentences`() throws {
    #expect(
      try Policies.profile("default").summary == [
        "A run works on a copy-on-write view of /repo; changes wait until they are applied.",
        "It may read the system's programs and libraries ($SYSTEM).",
        "It may write the workspace, a private /tmp.",
        "Of your environment it sees COLORTERM, COLUMNS, LANG, LANGUAGE, LC_*, LINES, NO_COLOR, "
          + "TERM, TZ.",
        "It may use 4h of time, 8GiB of memory, 1024 processes, 8GiB of disk.",
        "It has no network.",
        "Start-up files (git hooks, shells, editors, tool servers) are held at apply.",
      ]
    )
  }
}
