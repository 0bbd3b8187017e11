import Foundation
import SystemPackage
import Testing

/// Runs with `--workspace branch`, and what becomes of their branches.
@Suite struct BranchCommandTests {
  @Test func `a run commits on a branch of its own, and nothing of the repository changes`()
    async throws
  {
    try await BranchPlace.with { place in
      let before = try await place.everything()
      let run = try await place.sealed(
        """
        pwd > where; git branch --show-current >> where; git config user.email >> where
        echo more >> a.txt; git commit -qam 'more of it'; git checkout -q main
        git checkout -q -; echo loose > new.txt
        """
      )
      #expect(try await place.everything() == before)
      let places = try String(contentsOfFile: place.tree(run).string + "/where", encoding: .utf8)
      #expect(places == "\(place.repository)\ncaisson/\(run)\nann@example.com\n")
      let runs = try await place.caisson("runs").output
      #expect(runs.contains("held") && runs.contains("+2 ~1"), "\(runs)")
      let diff = try await place.caisson("diff", run)
      #expect(
        diff.output.contains("more of it (Ann <ann@example.com>)\n  and 2 paths not committed")
      )
      #expect(diff.output.contains("--- a/a.txt\n+++ b/a.txt\n@@ -1 +1,2 @@\n one\n+more\n"))
      #expect(diff.output.contains("--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+loose\n"))
      #expect(
        try await place.caisson("diff", run, "--name-only").output == "a.txt\nnew.txt\nwhere\n"
      )
      #expect(try await place.everything() == before)
    }
  }

  @Test func `apply fetches the branch, and the user's work tree stays as it is`() async throws {
    try await BranchPlace.with { place in
      try await place.shell("echo mine > mine.txt; echo edited >> sub/b.txt")
      let run = try await place.sealed("echo more >> a.txt; git commit -qam more; echo x > new.txt")
      let status = try await place.shell(
        "git status --porcelain; git rev-parse HEAD; cat .git/HEAD"
      )
      let digest = try await Self.digest(place, run)
      let applied = try await place.caisson("apply", run, "--expect", digest)
      #expect(applied.status == .exited(0), "\(applied.error)")
      #expect(applied.output.contains("branch caisson/\(run) of \(place.repository): 2 commits"))
      #expect(applied.output.contains("git merge caisson/\(run)\n"))
      let after = try await place.shell("git status --porcelain; git rev-parse HEAD; cat .git/HEAD")
      #expect(after == status)
      let log = try await place.shell("git log --format=%s caisson/\(run); git fsck --strict")
      #expect(
        log == """
          Uncommitted work of run \(run)
          more
          Work in progress, carried in by Caisson
          first

          """
      )
      #expect(try await place.caisson("apply", run).error.contains("already"))
      // What was uncommitted is committed in the run's own repository, too.
      #expect(try await !place.caisson("diff", run).output.contains("path not committed"))
      #expect(try await place.caisson("undo", run).status == .exited(0))
      #expect(
        try await place.shell("git for-each-ref --format='%(refname)'") == "refs/heads/main\n"
      )
      let audit = try await place.caisson("audit", run, "--json").output
      for kind in ["apply-started", "apply-finished", "undo-started", "undo-finished"] {
        #expect(audit.contains(kind))
      }
    }
  }

  private static func digest(_ place: BranchPlace, _ run: String) async throws -> String {
    struct Seen: Decodable {
      struct Commit: Decodable { var subject: String }
      var digest: String
      var branch: String
      var uncommitted: Int
      var commits: [Commit]
    }
    let json = try await place.caisson("diff", run, "--json").output
    let seen = try JSONDecoder().decode(Seen.self, from: Data(json.utf8))
    #expect(seen.branch == "caisson/\(run)" && seen.uncommitted == 1)
    #expect(seen.commits.map(\.subject) == ["more"])
    let refused = try await place.caisson("apply", run, "--expect", "00")
    #expect(refused.error.contains("not the ones that were seen"))
    return seen.digest
  }

  @Test func `merges what is in nobody's way, and takes it back`() async throws {
    try await BranchPlace.with { place in
      let before = try await place.everything()
      let run = try await place.sealed("echo more >> a.txt; git commit -qam more; rm sub/b.txt")
      #expect(try await place.caisson("apply", run, "--merge").output.contains("merged into main"))
      #expect(
        try await place.shell("cat a.txt; ls; git status --porcelain") == "one\nmore\na.txt\n"
      )
      #expect(try await place.caisson("undo", run).status == .exited(0))
      let files = try await place.shell(
        "git status --porcelain; git for-each-ref; cat a.txt sub/b.txt"
      )
      #expect(before.contains(files.split(separator: "\n")[0]))
      #expect(files.hasSuffix("one\ntwo\n"))
      // Two lines of work: a merge.
      try await place.shell("echo mine > mine.txt; git add .; git commit -qm mine")
      #expect(try await place.caisson("apply", run, "--merge").status == .exited(0))
      let log = try await place.shell("git log -1 --format='%s by %an'; ls; git status --porcelain")
      #expect(log == "Merge branch 'caisson/\(run)' by Ann\na.txt\nmine.txt\n")
      try await place.shell("echo later >> a.txt")
      let refused = try await place.caisson("undo", run)
      #expect(refused.error.contains("uncommitted changes (a.txt)"))
      try await place.shell("git commit -qam later")
      let moved = try await place.caisson("undo", run)
      #expect(moved.error.contains("main of \(place.repository) is no longer at the merge"))
    }
  }

  @Test func `a conflict names both sides and changes nothing`() async throws {
    try await BranchPlace.with { place in
      let run = try await place.sealed("echo theirs > a.txt; git commit -qam theirs")
      try await place.shell("echo ours > a.txt; git commit -qam ours")
      let before = try await place.everything()
      let result = try await place.caisson("apply", run, "--merge")
      #expect(result.status == .exited(125))
      #expect(result.error.contains("conflict: a.txt\n"))
      #expect(result.error.contains(" ours\n") && result.error.contains(" theirs (caisson/\(run))"))
      #expect(try await place.everything() == before)
      try await place.shell("echo dirt >> a.txt")
      let dirty = try await place.caisson("apply", run, "--merge")
      #expect(dirty.error.contains("has uncommitted changes (a.txt); commit or stash them first"))
      #expect(
        try await place.shell("git for-each-ref --format='%(refname)'") == "refs/heads/main\n"
      )
    }
  }

  @Test func `a merge over an unknown file of the user's is refused`() async throws {
    try await BranchPlace.with { place in
      let run = try await place.sealed("echo theirs > same.txt; git add .; git commit -qm theirs")
      try await place.shell("echo precious > same.txt")
      let result = try await place.caisson("apply", run, "--merge")
      #expect(result.status == .exited(125))
      #expect(result.error.contains("same.txt"))
      #expect(try await place.shell("cat same.txt; git log --format=%s") == "precious\nfirst\n")
      #expect(try await place.shell("git status --porcelain") == "?? same.txt\n")
    }
  }

  @Test func `start-up files are held, those in commits on the way, too`() async throws {
    try await BranchPlace.with { place in
      let run = try await place.sealed(
        """
        mkdir .vscode; echo '{}' > .vscode/tasks.json; git add .; git commit -qm tasks
        echo 'rm -rf ~' > .bashrc; git add .; git commit -qm shell; git rm -q .bashrc; git commit -qm x
        echo '*.bin filter=lfs' > .gitattributes; git add .; git commit -qm attributes
        """
      )
      let held = try await place.caisson("apply", run)
      #expect(held.status == .exited(126))
      for line in [
        ".vscode/tasks.json: held back",
        ".bashrc: held back by the built-in rule 'start-up files', in a",
        ".gitattributes: held back",
      ] { #expect(held.error.contains(line), "\(held.error)") }
      #expect(
        try await place.shell("git for-each-ref --format='%(refname)'") == "refs/heads/main\n"
      )
      let some = try await place.caisson("apply", run, "--accept", ".vscode", "--accept", ".bashrc")
      #expect(some.status == .exited(126))
      let all = try await place.caisson("apply", run, "--accept-held")
      #expect(all.status == .exited(0), "\(all.error)")
    }
  }

  @Test func `work in progress is carried in, and counts for nobody else's`() async throws {
    let setUp = "seq 1 9 > l.txt; echo 'ignored*' > .gitignore; git add .; git commit -qm l"
    try await BranchPlace.with(setUp) { place in
      try await place.shell(
        "sed -i s/5/five/ l.txt; rm a.txt; echo u > 'odd \"name'; echo i > ignored.txt; chmod +x sub/b.txt"
      )
      let run = try await place.sealed(
        """
        test ! -e a.txt && test ! -e ignored.txt && test -x sub/b.txt && cat 'odd "name' >/dev/null &&
        test -z "$(git status --porcelain)" && sed -i s/five/FIVE/ l.txt && git commit -qam F
        """
      )
      let names = try await place.caisson("diff", run, "--name-only")
      #expect(names.output == "l.txt\n")
      #expect(try await place.caisson("diff", run).output.contains("-five\n+FIVE\n"))
      // Thrown away by the user: then only the run's own change is left, and it is in conflict.
      try await place.shell("git add -A; git commit -qm mine")
      #expect(try await place.caisson("apply", run, "--merge").status == .exited(0))
      #expect(try await place.shell("sed -n 5p l.txt; git status --porcelain") == "FIVE\n")
    }
  }

  @Test func `discard keeps what is nowhere else`() async throws {
    try await BranchPlace.with { place in
      let run = try await place.sealed(
        "git checkout -qb other; echo o > o; git add o; git commit -qm o; git checkout -q -; echo x > new.txt"
      )
      let refused = try await place.caisson("discard", run)
      #expect(refused.status == .exited(125))
      #expect(refused.error.contains("1 uncommitted path, 1 commit of other"), "\(refused.error)")
      #expect(try await place.caisson("apply", run).error.contains("not taken: other has 1 commit"))
      #expect(try await place.caisson("discard", run).error.contains("1 commit of other"))
      _ = try await place.caisson("runs")
      #expect(FileManager.default.fileExists(atPath: place.tree(run).string))
      #expect(try await place.caisson("discard", run, "--force").status == .exited(0))
      #expect(!FileManager.default.fileExists(atPath: place.tree(run).string))
      let merged = try await place.sealed("echo y > y.txt; git add .; git commit -qm y")
      #expect(try await place.caisson("apply", merged).status == .exited(0))
      #expect(try await place.caisson("discard", merged).status == .exited(0))
      #expect(
        try await place.shell("git show --format= --name-only caisson/\(merged)") == "y.txt\n"
      )
    }
  }

  @Test func `settings of the user's for fetching and hooks of his do not take part`() async throws
  {
    let setUp = """
      git tag kept; git config fetch.prune true; git config fetch.pruneTags true
      git config core.fsmonitor 'touch ../mark; false'; git config alias.fetch '!touch ../mark'
      for h in post-checkout reference-transaction post-merge post-index-change; do
        printf '#!/bin/sh\ntouch %s/../mark' "$PWD" > .git/hooks/$h; chmod +x .git/hooks/$h
      done; rm -f ../mark
      """
    try await BranchPlace.with(setUp) { place in
      #expect(!place.exists("mark"))
      let run = try await place.sealed("echo x > x.txt; git add .; git commit -qm x")
      #expect(try await place.caisson("apply", run, "--merge").status == .exited(0))
      #expect(try await place.caisson("undo", run).status == .exited(0))
      #expect(try await place.caisson("apply", run).status == .exited(0))
      #expect(!place.exists("mark"))
      let names = try await place.shell("git for-each-ref --format='%(refname)'")
      #expect(names == "refs/heads/caisson/\(run)\nrefs/heads/main\nrefs/tags/kept\n")
      // The control: they are there, and work.
      try await place.shell("git commit -q --allow-empty -m later")
      #expect(place.exists("mark"))
    }
  }

  @Test func `what git ignores stays, and is told of`() async throws {
    try await BranchPlace.with("echo out > .gitignore; git add .; git commit -qm i") { place in
      let run = try await place.sealed("mkdir out; echo built > out/result")
      #expect(FileManager.default.fileExists(atPath: place.tree(run).string + "/out/result"))
      #expect(
        try await place.caisson("diff", run).error.contains("1 path that the run's work tree")
      )
      let empty = try await place.sealed("true")
      #expect(!FileManager.default.fileExists(atPath: place.tree(empty).string))
      #expect(try await place.caisson("diff", empty).error.contains("holds no changes"))
      #expect(try await place.caisson("apply", empty).status == .exited(0))
      #expect(try await place.caisson("discard", empty).status == .exited(0))
    }
  }

  @Test func `branches of several runs are merged in order`() async throws {
    try await BranchPlace.with { place in
      var runs: [String] = []
      for name in ["x", "y", "z"] {
        runs.append(
          try await place.sealed("echo \(name) > \(name).txt; git add .; git commit -qm \(name)")
        )
      }
      runs.append(try await place.sealed("echo other > x.txt; git add .; git commit -qm other"))
      let before = try await place.everything()
      let conflict = try await place.caisson("merge", runs[0], runs[1], runs[3])
      #expect(conflict.status == .exited(125))
      #expect(conflict.error.contains("conflict: x.txt\n"))
      #expect(conflict.error.contains("(caisson/\(runs[3]))"))
      #expect(try await place.everything() == before)
      let merged = try await place.caisson("merge", runs[0], runs[1], runs[2], "--json")
      #expect(merged.status == .exited(0), "\(merged.error)")
      struct Report: Decodable { var branch: String }
      let branch = try JSONDecoder().decode(Report.self, from: Data(merged.output.utf8)).branch
      #expect(
        try await place.shell("git ls-tree -r --name-only \(branch); git fsck --strict")
          == "a.txt\nsub/b.txt\nx.txt\ny.txt\nz.txt\n"
      )
      #expect(try await place.shell("git status --porcelain; git log --format=%s") == "first\n")
    }
  }

  @Test(
    arguments: [
      ("rm -rf .git", "lies in no git repository"),
      ("rm -rf .git; git init -q .", "has no commit yet"),
      ("git branch caisson", "has a branch named 'caisson'"),
      ("git config remote.o.url x; git config remote.o.promisor true", "is a partial clone"),
    ]
  )
  func `what cannot have a branch is refused with the reason`(setUp: String, reason: String)
    async throws
  {
    try await BranchPlace.with(setUp) { place in
      let result = try await place.caisson("run", "--workspace", "branch", "--", "true")
      #expect(result.status == .exited(126))
      #expect(result.error.contains(reason), "\(result.error)")
      #expect(try await place.shell("ls '\(place.home)/runs' 2>/dev/null") == "")
    }
  }

  @Test(arguments: ["linked", "shallow", "sha256", "borrowing", "below"])
  func `repositories of every kind have branches`(kind: String) async throws {
    let setUp =
      switch kind {
      case "linked": "git worktree add -q --detach ../other; mv .git ../away; true"
      case "shallow":
        "git commit -q --allow-empty -m two; git clone -q --depth 1 file://$PWD ../other"
      case "sha256":
        "git init -q --object-format=sha256 ../other; cp -r a.txt sub ../other; cd ../other; git add .; git -c user.name=a -c user.email=a@b commit -qm sha"
      case "borrowing": "git clone -q --shared . ../other"
      default: "true"
      }
    try await BranchPlace.with(setUp.replacing("mv .git ../away; true", with: "true")) { place in
      let name = kind == "below" ? "sub" : "../other"
      let run = try await place.sealed(
        "test -z \"$(git status --porcelain 2>&1)\"; git log --oneline >/dev/null; echo x > x.txt; git add x.txt; git -c user.name=a -c user.email=a@b commit -qm x",
        in: name
      )
      let applied = try await place.caisson("apply", run, in: name)
      #expect(applied.status == .exited(0), "\(applied.error)")
      let shown = try await place.shell(
        "cd \(name); git show --format=%s --name-only caisson/\(run)"
      )
      #expect(shown.hasPrefix("x\n") && shown.hasSuffix("x.txt\n"), "\(shown)")
    }
  }

  @Test func `a policy without the workspace for writing gives no branch`() async throws {
    try await BranchPlace.with { place in
      let result = try await place.caisson(
        "run",
        "--workspace",
        "branch",
        "--policy",
        "read-only",
        "--",
        "true"
      )
      #expect(result.status == .exited(126))
      #expect(result.error.contains("filesystem.write: [$WORKSPACE]"))
    }
  }

  @Test func `what the policy denies is masked, and its mask is no change`() async throws {
    try await BranchPlace.with("echo secret > .env; git add .; git commit -qm env") { place in
      let policy = """
        version: 1
        workspace: { mode: branch }
        filesystem: { deny: [$WORKSPACE/.env, $WORKSPACE/later.txt] }
        """
      try policy.write(toFile: "\(place.directory)/p.yaml", atomically: false, encoding: .utf8)
      try await place.shell("echo private > later.txt")
      let result = try await place.caisson(
        "run",
        "--policy",
        "\(place.directory)/p.yaml",
        "--",
        "sh",
        "-c",
        "cat .env; ls; git status --porcelain; echo x >> a.txt; git add -A; git commit -qm all"
      )
      #expect(!result.output.contains("secret") && !result.output.contains("later.txt"))
      #expect(result.error.contains("not in the run: later.txt: the policy denies it"))
      #expect(try await place.caisson("diff", "last", "--name-only").output == "a.txt\n")
    }
  }
}
