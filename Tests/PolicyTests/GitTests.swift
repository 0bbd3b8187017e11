import Testing

@testable import Policy

struct GitTests {
  private static let zero = String(repeating: "0", count: 40)
  private static let first = String(repeating: "a", count: 40)
  private static let second = String(repeating: "b", count: 40)

  private func policy(_ yaml: String) throws -> NetworkPolicy {
    NetworkPolicy(
      rules: try PolicyDocument.parse("version: 1\nnetwork: [\(yaml)]", file: "p").network
    )
  }

  private func decide(
    _ policy: NetworkPolicy,
    _ method: String,
    _ target: String
  ) throws -> RequestDecision {
    let request = try CanonicalRequest(
      method: method,
      target: target,
      scheme: "https",
      authority: "github.com"
    )
    return policy.decide(request, host: "github.com", port: 443)
  }

  private func rule(_ yaml: String) throws -> GitRule {
    let document = try PolicyDocument.parse("version: 1\nnetwork: [\(yaml)]", file: "p")
    guard case .git(let rule) = document.network[0] else { throw Missing() }
    return rule
  }

  private struct Missing: Error {}

  @Test(arguments: [
    ("GET", "/acme/app.git/info/refs?service=git-upload-pack", true),
    ("GET", "/acme/app/info/refs?service=git-upload-pack", true),
    ("POST", "/acme/app.git/git-upload-pack", true),
    ("GET", "/acme/app.git/info/refs?service=git-receive-pack", true),
    ("POST", "/acme/app.git/git-receive-pack", true),
    ("GET", "/acme/other.git/info/refs?service=git-upload-pack", false),
    ("GET", "/Acme/app.git/info/refs?service=git-upload-pack", false),
    ("GET", "/acme/app.git.git/info/refs?service=git-upload-pack", false),
    ("GET", "/x/acme/app.git/info/refs?service=git-upload-pack", false),
    ("GET", "/acme/app2/info/refs?service=git-upload-pack", false),
    ("GET", "/acme/app.git/info/refs", false),
    ("GET", "/acme/app.git/info/refs?service=git-upload-pack&service=git-receive-pack", false),
    ("POST", "/acme%2Fapp.git/git-upload-pack", false),
    ("GET", "/acme/app.git/HEAD", false), ("GET", "/acme/app", false),
    ("POST", "/acme/app.git/Git-Receive-Pack", false),
    ("GET", "/acme/app.git/git-upload-pack", false),
    ("POST", "/acme/app.git/git-upload-pack?x=1", false),
    ("POST", "/acme/app.git/info/lfs/objects/batch", false), ("GET", "/", false),
  ])
  func `an entry grants its repository and nothing beside`(
    method: String,
    target: String,
    allowed: Bool
  ) throws {
    let policy = try policy("{ git: github.com/acme/app, push: [main] }")
    if case .allowed(let grant) = try decide(policy, method, target) {
      #expect(allowed, "\(target)")
      #expect(grant.git?.rule.repository == "acme/app")
    } else {
      #expect(!allowed, "\(target)")
    }
  }

  @Test func `an entry without branches grants no push`() throws {
    let policy = try policy("{ git: github.com/acme/app }")
    let target = "/acme/app/info/refs?service=git-receive-pack"
    guard case .denied(let rule, _, let remedy) = try decide(policy, "GET", target) else {
      Issue.record("denied")
      return
    }
    #expect(rule == "network: git github.com/acme/app (line 2)")
    #expect(remedy == "network: [{ git: github.com/acme/app, push: [\"caisson/*\"] }]")
  }

  @Test func `a grant of the host is no grant of other repositories to git`() throws {
    let policy = try policy("{ git: github.com/acme/app }, { host: github.com }")
    guard case .allowed = try decide(policy, "GET", "/acme/other"),
      case .denied(let rule, _, _) = try decide(
        policy,
        "POST",
        "/acme/other.git/git-receive-pack"
      )
    else {
      Issue.record("the page is granted, the push is not")
      return
    }
    #expect(rule == "the built-in rule 'git by its own entries'")
    for target in [
      "/acme/other.git/git-receive-pack;x=1", "/acme/other.git/git-receive-pack/",
      "/acme/other.git;x/Git-Receive-Pack", "/acme/app.git/git-upload-pack;x",
    ] {
      guard case .denied = try decide(policy, "POST", target) else {
        Issue.record("\(target) is denied")
        continue
      }
    }
  }

  @Test(arguments: [
    (zero, first, "refs/heads/caisson/x", true), (zero, first, "refs/heads/main", false),
    (zero, first, "refs/heads/caisson/x/y", false), (first, second, "refs/heads/caisson/x", false),
    (second, first, "refs/heads/caisson/mine", true), (first, zero, "refs/heads/caisson/x", false),
    (first, zero, "refs/heads/caisson/gone", true),
    (first, second, "refs/heads/caisson/wip-1", true),
    (zero, first, "refs/tags/v1", true), (zero, first, "refs/tags/x", false),
    (first, second, "refs/tags/v1", false), (first, zero, "refs/tags/v1", false),
    (zero, first, "refs/notes/x", false), (zero, first, "HEAD", false),
    (zero, first, "refs/heads/caisson/..", false), (zero, first, "refs/heads/caisson/", false),
    (first, first, "refs/heads/caisson/x", true),
    (zero, first, "refs/heads/refs/heads/caisson/x", false),
  ])
  func `a push is judged by its commands`(
    old: String,
    new: String,
    ref: String,
    allowed: Bool
  ) throws {
    let rule = try rule(
      """
      { git: github.com/acme/app, push: ["caisson/*"], tags: ["v*"], force: ["caisson/wip-*"],
      delete: [caisson/gone] }
      """
    )
    var pushed = PushedTips()
    let own = RefUpdate(old: Self.zero, new: Self.second, ref: "refs/heads/caisson/mine")
    pushed.record([own], done: ["refs/heads/caisson/mine"])
    let decision = rule.decide([RefUpdate(old: old, new: new, ref: ref)], pushed: pushed)
    #expect((decision == .allowed) == allowed, "\(decision)")
    guard !allowed else { return }
    let good = RefUpdate(old: Self.zero, new: Self.first, ref: "refs/heads/caisson/good")
    let both = rule.decide([good, RefUpdate(old: old, new: new, ref: ref)], pushed: pushed)
    #expect(both != .allowed)
  }

  @Test func `what the commands do not show is left to the pack, and refused with its remedy`()
    throws
  {
    let rule = try rule("{ git: github.com/acme/app, push: [\"caisson/*\"], force: [caisson/wip] }")
    let own = RefUpdate(old: Self.zero, new: Self.second, ref: "refs/heads/caisson/own")
    let theirs = RefUpdate(old: Self.first, new: Self.second, ref: "refs/heads/caisson/theirs")
    let main = RefUpdate(old: Self.first, new: Self.second, ref: "refs/heads/main")
    #expect(rule.decide([own, theirs], pushed: PushedTips()) == .undecided([theirs]))
    guard case .denied = rule.decide([theirs, main], pushed: PushedTips()) else {
      Issue.record("a branch that is not granted")
      return
    }
    let denial = PushDecision.denied(
      rule: "network: git github.com/acme/app (line 2)",
      reason:
        "the branch 'caisson/theirs' holds commits that this run did not push, and the update "
        + "might drop them: it is too long",
      remedy: "force: [caisson/wip, caisson/theirs] in the entry git: github.com/acme/app"
    )
    #expect(rule.denial(of: theirs, because: "it is too long") == denial)
  }

  @Test func `the pack begins behind the commands, and options of the push are refused`() throws {
    let shallow = line("shallow \(Self.second)")
    let commands =
      shallow + line("\(Self.zero) \(Self.first) refs/heads/x\0 atomic") + Array("0000".utf8)
    var push = GitPush()
    guard case .commands(let updates) = try push.read(commands + Array("PACK".utf8)) else {
      Issue.record("the commands are over")
      return
    }
    #expect(updates.count == 1)
    #expect(push.length == commands.count)
    #expect(push.shallow == [Self.second])
    let withOptions =
      line("\(Self.zero) \(Self.first) refs/heads/x\0 push-options atomic") + Array("0000".utf8)
      + line("merge_request.create") + Array("0000PACK".utf8)
    var other = GitPush()
    #expect(throws: RequestProblem.self) { try other.read(withOptions) }
  }

  private func line(_ text: String) -> [UInt8] {
    let size = String(text.utf8.count + 4, radix: 16)
    return Array((String(repeating: "0", count: 4 - size.count) + size + text).utf8)
  }

  @Test func `commands are read however the body is cut`() throws {
    let caps = "\0 report-status-v2 side-band-64k object-format=sha1 agent=git/2.39"
    let body =
      line("shallow \(Self.first)\n")
      + line("\(Self.zero) \(Self.first) refs/heads/caisson/x\(caps)\n")
      + line("\(Self.first) \(Self.second) refs/heads/caisson/y\n") + Array("0000PACK…".utf8)
    let expected = [
      RefUpdate(old: Self.zero, new: Self.first, ref: "refs/heads/caisson/x"),
      RefUpdate(old: Self.first, new: Self.second, ref: "refs/heads/caisson/y"),
    ]
    for size in [1, 2, 3, 5, 17, 64, 100, 10_000] {
      var push = GitPush()
      var progress = GitPush.Progress.more
      var rest = body[...]
      while !rest.isEmpty {
        progress = try push.read(rest.prefix(size))
        rest = rest.dropFirst(size)
      }
      #expect(progress == .commands(expected))
      #expect(push.reportsStatus && push.usesSideBand)
    }
  }

  @Test(arguments: [
    "zzzz", "0001", "0003", "0004", "ffff", "0008push", "000cpush-cert",
  ])
  func `what is no command is refused`(text: String) throws {
    var push = GitPush()
    #expect(throws: RequestProblem.self) {
      let progress = try push.read(Array(text.utf8))
      if progress == .more { throw RequestProblem("waits for the rest") }
    }
  }

  @Test func `only what the server took counts as pushed`() {
    let inner = line("unpack ok\n") + line("ok refs/heads/a\n") + line("ng refs/heads/b no\n")
    let banded = line("\u{1}" + String(decoding: inner + Array("0000".utf8), as: UTF8.self))
    for size in [1, 7, 1000] {
      var report = GitPushReport(usesSideBand: true)
      var rest = (line("\u{2}remote: hello\n") + banded + Array("0000".utf8))[...]
      while !rest.isEmpty {
        report.read(rest.prefix(size))
        rest = rest.dropFirst(size)
      }
      #expect(report.done == ["refs/heads/a"])
    }
    var broken = GitPushReport(usesSideBand: false)
    broken.read(line("ok refs/heads/a\n"))
    #expect(broken.done.isEmpty)
  }
}
