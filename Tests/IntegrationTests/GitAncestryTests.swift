import Foundation
import SystemPackage
import Testing

/// Runs that push onto what others pushed: git over HTTPS, sealed, against `git http-backend` behind
/// nginx.
@Suite(
  .enabled(
    if: Upstreams.areThere && Upstreams.has("fcgiwrap"),
    "nginx, fcgiwrap, openssl or git is missing; ./test brings nginx and fcgiwrap"
  ),
  .timeLimit(.minutes(5))
)
struct GitAncestryTests {
  /// A repository of the test's own, with a branch `agent/x` of two commits, and `main` behind it.
  private struct Repository {
    let name = "ancestry-\(UUID().uuidString.lowercased())"
    private let place: FilePath
    private var path: String { place.appending("git").appending(name + ".git").string }

    init() async throws {
      place = try Upstreams.running().place
      let made = try await Command.named(
        "sh",
        "-ec",
        """
        git clone -q --bare "$1/seed" "$2"; git -C "$2" config http.receivepack true
        git -C "$2" branch -f agent/x main; git -C "$2" branch agent/ahead main
        git -C "$2" update-ref refs/heads/main main~1
        """,
        "sh",
        place.string,
        path
      ).run()
      try #require(made.status == .exited(0), "\(made.error)")
    }

    func git(_ arguments: String...) async throws -> String {
      var command = Command.named("git", "-C", path)
      command.arguments += arguments
      return try await command.run().output
    }

    /// What must be as before: the branches of others, and all objects.
    func state() async throws -> String {
      try await git("for-each-ref", "refs/heads/agent/x", "refs/heads/agent/ahead")
        + git("cat-file", "--batch-all-objects", "--batch-check")
    }

    /// How often the server was asked to take a push.
    func pushes() throws -> Int {
      let log = try String(contentsOfFile: place.appending("git.log").string, encoding: .utf8)
      return log.split(separator: "\n").count { $0.contains("POST /git/\(name)/git-receive-pack") }
    }

    /// Runs a script in a clone, in a run of its own.
    func run(_ script: String) async throws -> NetworkWorkflow.Outcome {
      try await NetworkWorkflow(
        grants: """
          - git: up.example.com/git/\(name)
            ports: [TLS]
            addresses: [127.0.0.1]
            push: [agent/*]
          """,
        script: """
          export GIT_TERMINAL_PROMPT=0
          git config --global user.name A; git config --global user.email a@example.com
          git clone -q -b agent/x $TLS/git/\(name) copy && cd copy || exit 1
          commit() { echo $1 > $1; git add $1; git commit -qm $1; }
          \(script)
          """
      ).run()
    }
  }

  @Test func `a later run pushes onto the branch of an earlier one`() async throws {
    let repository = try await Repository()
    for script in [
      "commit three; git push -q origin HEAD",
      "commit four; commit five; git push -q origin HEAD",
      """
      git checkout -qb mine origin/main; commit six; git merge -q --no-edit agent/x
      git push -q origin HEAD:agent/x HEAD:agent/new
      """,
      """
      git clone -q --depth 1 -b agent/x $(git remote get-url origin) ../flat; cd ../flat
      commit seven; git push -q origin HEAD
      """,
    ] {
      let outcome = try await repository.run(script)
      #expect(outcome.result.status == .exited(0), "\(outcome.result.error)")
      #expect(outcome.denials.isEmpty)
    }
    let log = try await repository.git("log", "--format=%s", "agent/x")
    let subjects = Set(log.split(separator: "\n"))
    #expect(subjects.isSuperset(of: ["one", "two", "three", "four", "five", "six", "seven"]))
  }

  @Test(arguments: [
    ("git commit -q --amend -m other; git push -q -f origin HEAD", "do not lead back"),
    ("git push -q -f origin HEAD~1:agent/x", "does not come with the push"),
    (
      "git checkout -q --orphan fresh; git commit -qm fresh; git push -q -f origin HEAD:agent/x",
      "do not lead back"
    ),
    // On from what was there, but the commit is upstream's already: it cannot be seen.
    (
      "git push -q origin origin/main:refs/heads/agent/y; git push -q -f origin HEAD~1:agent/ahead",
      "does not come with the push"
    ),
    // More than is held back, which is known before all of it has come.
    (
      """
      git reset -q --hard HEAD~1; head -c 12000000 /dev/urandom > big; git add big
      git commit -qm big; git push -q -f origin HEAD:agent/x
      """, "beginning of its pack does not show"
    ),
    // One of two would be fine.
    (
      """
      git checkout -qb agent/fine; commit fine; git checkout -q agent/x
      git commit -q --amend -m other; git push -q -f origin agent/fine agent/x
      """, "do not lead back"
    ),
  ])
  func `what would drop commits of others does not reach the server`(
    script: String,
    doubt: String
  ) async throws {
    let repository = try await Repository()
    let before = try await repository.state()
    let outcome = try await repository.run(script)
    #expect(outcome.result.status != .exited(0))
    let error = outcome.result.error
    #expect(error.contains("refused by Caisson"), "\(error)")
    #expect(error.contains(doubt), "\(error)")
    #expect(error.contains("to allow it: force: [agent/"), "\(error)")
    #expect(outcome.denials.count == 1)
    #expect(try await repository.state() == before)
    // What was allowed: a branch that is made, and git's question whether it may push much.
    let taken = outcome.rows.count {
      $0.verdict == "allowed" && $0.path?.hasSuffix("/git-receive-pack") == true
    }
    #expect(try repository.pushes() == taken)
  }

  @Test func `a long history is pushed, and a large file behind it`() async throws {
    let repository = try await Repository()
    let outcome = try await repository.run(
      """
      { for number in $(seq 10000); do
          printf 'commit refs/heads/agent/x\\ncommitter A <a@example.com> %d +0000\\n' $number
          printf 'data 7\\n%06d\\n' $number; [ $number -gt 1 ] || echo "from $(git rev-parse HEAD)"
      done; } | git fast-import --quiet
      git push -q origin agent/x
      """
    )
    #expect(outcome.result.status == .exited(0), "\(outcome.result.error)")
    let large = try await repository.run(
      "head -c 12000000 /dev/urandom > big; git add big; git commit -qm big; git push -q origin HEAD"
    )
    #expect(large.result.status == .exited(0), "\(large.result.error)")
    #expect(try await repository.git("rev-list", "--count", "agent/x") == "10003\n")
  }
}
