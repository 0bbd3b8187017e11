import Testing

/// git over HTTPS, sealed, against `git http-backend` behind nginx.
@Suite(
  .enabled(
    if: Upstreams.areThere && Upstreams.has("fcgiwrap"),
    "nginx, fcgiwrap, openssl or git is missing; ./test brings nginx and fcgiwrap"
  ),
  .timeLimit(.minutes(4))
)
struct NetworkGitTests {
  private static func entry(_ repository: String, _ more: String = "") -> String {
    "- { git: up.example.com/git/\(repository), ports: [TLS], addresses: [127.0.0.1]\(more) }"
  }

  private static let prelude = """
    export GIT_TERMINAL_PROMPT=0
    git config --global user.name A; git config --global user.email a@example.com
    git clone -q $TLS/git/acme.git copy && cd copy || exit 1
    commit() { echo $1 > $1; git add $1; git commit -qm $1; }

    """

  @Test func `git clones and fetches a repository that is named, and no other`() async throws {
    try await NetworkWorkflow(
      grants: Self.entry("acme"),
      script: Self.prelude + "git fetch -q && git log --format=%s && git -c protocol.version=0 pull"
    ).check(
      prints: "two\none\nAlready up to date.\n",
      denied: Self.entry("other"),
      by: "git by its own entries"
    )
  }

  @Test func `git pushes a branch of its own, and moves it on`() async throws {
    let script = """
      git checkout -qb agent/own$$-$CAISSON_RUN; commit three
      git push -q origin HEAD && commit four && git push -q origin HEAD && echo pushed
      """
    try await NetworkWorkflow(
      grants: Self.entry("acme", ", push: [agent/*]"),
      script: Self.prelude + script
    ).check(prints: "pushed\n", denied: Self.entry("acme"), by: "network: git up.example.com")
  }

  @Test(arguments: [
    ("commit three; git push -q origin HEAD:main", "main"),
    (
      "git checkout -q agent/old; git commit -q --amend -m three; git push -q -f origin HEAD",
      "agent/old"
    ),
    ("git push -q origin :agent/old", "agent/old"),
    ("git tag v1; git push -q origin v1", "v1"),
  ])
  func `git is refused what its entry does not name, and says so`(
    command: String,
    name: String
  ) async throws {
    let outcome = try await NetworkWorkflow(
      grants: Self.entry("acme", ", push: [agent/*]"),
      script: Self.prelude + "git rev-parse -q --verify HEAD > /dev/null && echo cloned\n" + command
    ).run()
    #expect(outcome.result.output == "cloned\n")
    #expect(outcome.result.status != .exited(0))
    #expect(outcome.result.error.contains("refused by Caisson"))
    #expect(outcome.result.error.contains(name))
    #expect(outcome.denials.map(\.rule).allSatisfy { $0.contains("network: git up.example.com") })
    #expect(outcome.denials.count == 1)
  }

  @Test func `git forces and deletes where its entry names the branch`() async throws {
    let branch = "agent/forced-$CAISSON_RUN"
    try await NetworkWorkflow(
      grants: Self.entry("acme", ", push: [agent/*], force: [agent/*], delete: [agent/*]"),
      script: Self.prelude + """
        git checkout -qb \(branch); commit three; git push -q origin HEAD
        git reset -q --hard HEAD~2; git push -q -f origin HEAD && echo forced
        git push -q origin :\(branch) && echo deleted
        """
    ).check(
      prints: "forced\ndeleted\n",
      denied: Self.entry("acme", ", push: [agent/*]"),
      by: "network: git up.example.com"
    )
  }
}
