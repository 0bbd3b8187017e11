import Testing

@testable import Policy

struct DecisionTests {
  @Test(arguments: [
    ("/usr/bin/git", true), ("/lib/x86_64-linux-gnu/libc.so.6", true), ("/etc/ssl/certs/a", true),
    ("/etc/java-17-openjdk/x", true), ("/repo/src/a", true), ("/tmp/x", true), ("/repo", true),
    ("/proc/self/status", true), ("/dev/null", true), ("/etc/resolv.conf", true),
    ("/etc/shadow", false), ("/etc/sudoers", false), ("/etc/ssh/ssh_host_ed25519_key", false),
    ("/etc/ssl/private/key.pem", false), ("/etc/machine-id", false), ("/home/ann/.ssh/id", false),
    ("/home/ann", false), ("/repository/x", false), ("/rep", false), ("/", false), ("/etc", false),
    ("/run/docker.sock", false), ("/var/run/docker.sock", false), ("/sys/kernel", false),
    ("/srv/.bashrc", false), ("relative", false), ("/repo/../etc/shadow", false), ("", false),
    ("/usr/bin/../../etc/shadow", false), ("/usrlocal", false), ("/tmpx", false),
    ("/repo/\0", false),
  ])
  func `the default profile reads this much and no more`(path: String, allowed: Bool) throws {
    let policy = try Policies.profile("default")
    #expect((policy.decide(.read(path)).verdict == .allow) == allowed)
    #expect((policy.decide(.execute(path)).verdict == .allow) == allowed)
  }

  @Test(arguments: [
    ("/repo/a", Decision.Verdict.allow), ("/tmp/a", .allow), ("/usr/bin/x", .deny),
    ("/repo/.git/hooks/x", .heldAtApply), ("/repo/deep/.bashrc", .heldAtApply),
    ("/etc/hosts", .deny), ("/dev/null", .allow), ("/home/ann/x", .deny), ("/var/tmp/x", .deny),
  ])
  func `the default profile writes the workspace and a private tmp`(
    path: String,
    verdict: Decision.Verdict
  ) throws {
    #expect(try Policies.profile("default").decide(.write(path)).verdict == verdict)
  }

  @Test func `read-only writes nothing of the workspace`() throws {
    let policy = try Policies.profile("read-only")
    let decision = policy.decide(.write("/repo/a"))
    #expect(decision.verdict == .deny)
    #expect(decision.remedy == "filesystem.write: [/tmp, $WORKSPACE]")
    #expect(policy.decide(.read("/repo/a")).verdict == .allow)
  }

  @Test func `a denial wins under any grant, and says how to lift it`() throws {
    let policy = try Policies.compiled(
      "filesystem: { write: [$WORKSPACE], deny: [$WORKSPACE/.env, $WORKSPACE/keys] }"
    )
    let decision = policy.decide(.read("/repo/keys/a"))
    #expect(
      decision
        == Decision(
          .deny,
          rule: "filesystem.deny: $WORKSPACE/keys (line 2)",
          remedy: "filesystem.deny: [$WORKSPACE/.env]"
        )
    )
    #expect(policy.decide(.write("/repo/.env")).verdict == .deny)
    #expect(policy.decide(.read("/repo/.envrc")).verdict == .allow)
  }

  @Test func `direct mode refuses start-up files at once`() throws {
    let policy = try Policies.compiled("workspace: { mode: direct }")
    #expect(policy.decide(.write("/repo/.envrc")).verdict == .deny)
  }

  @Test func `credentials below a grant stay hidden until they are named`() throws {
    let wide = try Policies.compiled("filesystem: { read: [$HOME] }")
    #expect(wide.decide(.read("/home/ann/notes")).verdict == .allow)
    let decision = wide.decide(.read("/home/ann/.aws/config"))
    #expect(decision.rule == "the built-in rule 'credentials'")
    #expect(decision.remedy == "filesystem.read: [$HOME, $HOME/.aws]")
    let named = try Policies.compiled("filesystem: { read: [$HOME, $HOME/.aws] }")
    #expect(named.decide(.read("/home/ann/.aws/config")).verdict == .allow)
    #expect(named.decide(.read("/home/ann/.ssh/id_ed25519")).verdict == .deny)
  }

  @Test func `a home as the workspace hides its credentials, too`() throws {
    let policy = try Policies.profile("default", workspace: "/home/ann")
    #expect(policy.decide(.read("/home/ann/.ssh/id_ed25519")).verdict == .deny)
    #expect(policy.decide(.write("/home/ann/.ssh/config")).verdict == .deny)
    #expect(policy.decide(.read("/home/ann/.local/state/caisson/journal.sqlite")).verdict == .deny)
  }

  @Test func `nothing grants Caisson's own state`() throws {
    let policy = try Policies.compiled(
      "filesystem: { write: [$HOME/.local/state/caisson/runs, $WORKSPACE] }"
    )
    let decision = policy.decide(.write("/home/ann/.local/state/caisson/runs/x"))
    #expect(decision == Decision(.deny, rule: "the built-in rule 'Caisson's own state'"))
  }

  @Test func `a granted private tmp is not the host's`() throws {
    let policy = try Policies.profile("default")
    #expect(policy.write.map(\.source) == [.host, .fresh])
  }

  @Test func `an installation of a program is read where it was found`() throws {
    let policy = try Policies.compiled(
      "filesystem: { programs: [node, deno] }",
      installations: ["node": ["/srv/node-20"]]
    )
    #expect(policy.decide(.execute("/srv/node-20/bin/node")).verdict == .allow)
    #expect(policy.programs == ["node", "deno"])
  }

  @Test(arguments: [
    ("api.example.com", UInt16(443), Decision.Verdict.allow), ("api.example.com", 80, .deny),
    ("API.Example.COM.", 443, .allow), ("example.com", 443, .deny),
    ("api.example.com.evil.org", 443, .deny), ("a.internal.example.com", 8443, .allow),
    ("a.b.internal.example.com", 8443, .deny), ("github.com", 443, .allow),
    ("github.com", 22, .deny), ("localhost", 5432, .allow), ("127.0.0.1", 80, .allow),
    ("::1", 80, .allow), ("[::1]", 80, .allow), ("127.1", 80, .deny),
    ("169.254.169.254", 80, .deny), ("0x7f000001", 443, .deny), ("10.1.2.3", 443, .deny),
    ("*", 443, .deny), ("", 443, .deny), ("a b", 443, .deny), ("..", 443, .deny),
    ("https://api.example.com", 443, .deny),
  ])
  func `a connection needs its name and its port`(
    host: String,
    port: UInt16,
    verdict: Decision.Verdict
  ) throws {
    let document = try PolicyDocument.parse(Fixtures.text("good/design.yaml"), file: "p")
    let policy = try CompiledPolicy(
      document,
      PolicyVariables(workspace: "/repo", home: "/home/ann")
    )
    #expect(policy.decide(.connect(host: host, port: port)).verdict == verdict)
  }

  @Test func `no profile reaches any host`() throws {
    for name in Profile.names {
      let policy = try Policies.profile(name)
      #expect(!policy.grantsNetwork)
      #expect(policy.decide(.connect(host: "example.com", port: 443)).verdict == .deny)
    }
  }

  @Test(arguments: ["/", "/tmp", "/usr", "relative", "/a/../b", "/home/ann/.local/state/caisson/x"])
  func `a directory of the machine is no workspace`(path: String) {
    #expect(throws: PolicyError.self) { try Policies.profile("default", workspace: path) }
  }

  @Test func `a run without a workspace needs none`() throws {
    let policy = try Policies.compiled("workspace: { mode: none }", workspace: nil)
    #expect(policy.workspace == nil)
    #expect(policy.write.map(\.path) == ["/tmp"])
    #expect(throws: PolicyError.self) { try Policies.compiled("", workspace: nil) }
  }

  @Test func `the system set holds no credentials`() throws {
    let policy = try Policies.profile("default")
    for path in CredentialPaths.system {
      #expect(policy.decide(.read(path)).verdict == .deny, "\(path)")
      #expect(policy.decide(.read(path + "/x")).verdict == .deny, "\(path)")
    }
  }

  /// Whatever `decide` proposes to write must be a document, and must then allow.
  @Test(arguments: [
    Request.read("/etc/shadow"), .read("/srv/a b"), .write("/srv/x"), .read("/home/ann/.ssh/id"),
    .write("/repo/.git/hooks/pre-commit"), .write("/repo/a/.vscode/tasks.json"),
    .connect(host: "x.example.com", port: 8080), .connect(host: "x.example.com", port: 443),
    .execute("/home/ann/bin/tool"), .write("/repo/.BASHRC"), .write("/repo/lib/a.pth"),
  ])
  func `a remedy is the change that allows it`(request: Request) throws {
    let before = try Policies.profile("default").decide(request)
    #expect(before.verdict != .allow)
    let remedy = try #require(before.remedy)
    let parts = try #require(remedy.firstRange(ofASCII: ": "))
    let keys = remedy[..<parts.lowerBound].split(separator: ".")
    let value = remedy[parts.upperBound...]
    let yaml =
      keys.count == 2 ? "\(keys[0]): { \(keys[1]): \(value) }" : "\(keys[0]): \(value)"
    #expect(try Policies.compiled(yaml).decide(request).verdict == .allow)
  }
}
