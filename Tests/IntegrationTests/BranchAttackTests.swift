import Foundation
import SystemPackage
import Testing

/// What a run could do to whoever looks at its repository and its work tree afterwards.
@Suite struct BranchAttackTests {
  /// Looks at the run in every way, and takes it.
  private func look(_ place: BranchPlace, _ run: String) async throws -> [Command.Result] {
    [
      try await place.caisson("diff", run), try await place.caisson("diff", run, "--json"),
      try await place.caisson("apply", run, "--accept-held"),
      try await place.caisson("apply", run, "--merge", "--accept-held"),
      try await place.caisson("merge", run), try await place.caisson("discard", run),
    ]
  }

  /// The mark is a file that every attack makes where it runs; outside it must never be. The place is
  /// one that the sandbox of a sealed git has none of.
  @Test(
    arguments: [
      "git config core.fsmonitor 'touch MARK; false'; echo x >> a.txt",
      "git config core.hooksPath /tmp/h; mkdir -p .git/hooks; for h in pre-commit post-commit post-checkout reference-transaction post-index-change; do printf '#!/bin/sh\\ntouch MARK' > .git/hooks/$h; chmod +x .git/hooks/$h; done; git config --unset core.hooksPath; echo x >> a.txt",
      "git config alias.status '!touch MARK'; git config alias.add '!touch MARK'; echo x >> a.txt",
      "git config filter.x.clean 'touch MARK; cat'; git config filter.x.smudge 'touch MARK; cat'; git config filter.x.required true; echo '* filter=x' > .gitattributes; echo x >> a.txt",
      "printf '[include]\\n\\tpath = /etc/passwd\\n[core]\\n\\tfsmonitor = touch MARK\\n\\tsshCommand = touch MARK\\n\\tpager = touch MARK\\n\\talternateRefsCommand = touch MARK\\n[diff]\\n\\texternal = touch MARK\\n[uploadpack]\\n\\tpackObjectsHook = touch MARK\\n' >> .git/config; echo x >> a.txt",
      "git config core.worktree /etc; echo x >> a.txt",
      "git config diff.x.textconv 'touch MARK'; git config merge.x.driver 'touch MARK'; echo '* diff=x merge=x' > .gitattributes; echo x >> a.txt; git add .; git commit -qm x",
    ]
  )
  func `nothing that a run wrote into its repository runs outside`(attack: String) async throws {
    try await BranchPlace.with { place in
      let mark = place.directory.appending("mark").string
      let run = try await place.sealed(attack.replacing("MARK", with: mark) + "; true")
      try await place.shell("echo mine > mine.txt; git add .; git commit -qm mine")
      let results = try await look(place, run)
      #expect(!place.exists("mark"))
      #expect(results[0].output.contains("+x\n"), "\(results[0].error)")
      #expect(results[2].status == .exited(0), "\(results[2].error)")
      #expect(
        try await place.shell("git fsck --strict; git show caisson/\(run):a.txt") == "one\nx\n"
      )
    }
  }

  @Test func `the mark is one that git leaves where it runs unsealed`() async throws {
    try await BranchPlace.with { place in
      let mark = place.directory.appending("mark").string
      try await place.shell("git config core.fsmonitor 'touch \(mark); false'; git status")
      #expect(place.exists("mark"))
    }
  }

  /// The objects of another repository of the host, which the run knows by name.
  @Test(arguments: ["alternates", "symlink", "gitfile", "commondir"])
  func `no object of another repository is pulled in`(way: String) async throws {
    try await BranchPlace.with { place in
      let other = place.directory.appending("other").string
      let blob = try await place.shell(
        """
        git init -q \(other); cd \(other); git config user.name a; git config user.email a@b
        echo 'a secret of another repository' > s; git add s; git commit -qm s; git rev-parse HEAD:s
        """
      ).trimmingCharacters(in: .newlines)
      let attack =
        switch way {
        case "alternates": "echo \(other)/.git/objects >> .git/objects/info/alternates"
        case "symlink": "mv .git .g; ln -s \(other)/.git .git"
        case "gitfile": "mv .git .g; echo 'gitdir: \(other)/.git' > .git"
        default: "echo \(other)/.git > .git/commondir"
        }
      // The control: where it can be read, git finds it this way.
      let control = try await place.shell(
        """
        cp -r . ../copy; cd ../copy; \(attack); git cat-file -p \(blob)
        """
      )
      #expect(control.contains("a secret of another repository"))
      let run = try await place.sealed(
        """
        tree=$(printf '100644 blob %s\\tstolen\\n' \(blob) | git mktree --missing)
        git update-ref HEAD $(git commit-tree -p HEAD -m stolen $tree)
        echo kept > kept.txt
        \(attack)
        """
      )
      let results = try await look(place, run)
      for result in results {
        #expect(!(result.output + result.error).contains("a secret of another"))
      }
      let found = try await place.shell("git cat-file -e \(blob) && echo found; git fsck --strict")
      #expect(!found.contains("\nfound") && !found.hasPrefix("found"), "\(found)")
      // What lies in the work tree is not lost by it.
      #expect(results[0].output.contains("+kept\n"), "\(results[0].error)")
      #expect(results[0].error.contains("cannot be read"), "\(results[0].error)")
    }
  }

  @Test(
    arguments: [
      "rm -rf .git", "rm .git/HEAD", "echo '[core' > .git/config", "rm -rf .git/objects",
      "ln -sf /dev/zero .git/index; ln -sf /dev/zero .git/HEAD", "rm -rf .git; mkfifo .git",
      "git config core.repositoryformatversion 99",
      "for f in $(find .git/objects -type f -path '*/??/*'); do chmod u+w $f; echo junk > $f; done",
    ]
  )
  func `work in a repository that was broken is still shown and taken`(attack: String) async throws
  {
    try await BranchPlace.with { place in
      let run = try await place.sealed(
        "echo more >> a.txt; git commit -qam more; echo x > new.txt; \(attack); true"
      )
      let diff = try await place.caisson("diff", run)
      #expect(diff.error.contains("cannot be read"), "\(diff.error)")
      #expect(diff.output.contains("+more\n") && diff.output.contains("+x\n"))
      let kept = try await place.caisson("discard", run)
      #expect(kept.error.contains("a repository that cannot be read"))
      let applied = try await place.caisson("apply", run)
      #expect(applied.status == .exited(0), "\(applied.error)")
      #expect(try await place.shell("git fsck --strict; git show caisson/\(run):new.txt") == "x\n")
    }
  }

  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      "rm .git/config; mkfifo .git/config", "mkfifo .gitignore", "mkfifo sub/.gitattributes",
      "mkdir n; cd n; git init -q; mkfifo .gitignore; rm .git/HEAD; mkfifo .git/HEAD",
      "f=$(find .git/objects -type f -path '*/??/*' | head -n 1); rm -f $f; mkfifo $f",
      "rm .git/HEAD; ln -s /dev/tty .git/HEAD", "mkfifo pipe; ln -sf ../pipe .git/index",
    ]
  )
  func `nothing that a run left makes git wait for ever`(attack: String) async throws {
    try await BranchPlace.with { place in
      let run = try await place.sealed("echo more >> a.txt; git commit -qam more; \(attack)")
      let diff = try await place.caisson("diff", run)
      #expect(diff.status == .exited(0) && diff.output.contains("+more\n"), "\(diff.error)")
    }
  }

  @Test func `a tree that holds a repository's files is not taken in`() async throws {
    try await BranchPlace.with { place in
      let run = try await place.sealed(
        """
        blob=$(echo '[core] fsmonitor = touch /tmp/x' | git hash-object -w --stdin)
        inner=$(printf '100644 blob %s\\tconfig\\n' $blob | git mktree)
        tree=$( { git ls-tree HEAD; printf '040000 tree %s\\t.git\\n' $inner; } | git mktree)
        git update-ref refs/heads/caisson/$CAISSON_RUN $(git commit-tree -p HEAD -m bad $tree)
        """
      )
      let diff = try await place.caisson("diff", run)
      #expect(diff.error.contains("cannot be read"), "\(diff.error)")
      _ = try await place.caisson("apply", run)
      #expect(
        try await place.shell("git log --all --format=%s | grep bad; git fsck --strict") == ""
      )
    }
  }

  @Test func `objects of the repository cannot be written through what is borrowed`() async throws {
    try await BranchPlace.with { place in
      let before = try await place.everything()
      let run = try await place.sealed(
        """
        for p in /caisson/objects/*; do
          touch $p/x; mkdir $p/dd; rm -rf $p/pack $p/??; mv $p $p.away; chmod 777 $p; ln -s / $p/l
        done 2>/dev/null
        ls \(place.repository)/../home && echo seen > seen; echo x > new.txt
        """
      )
      #expect(try await place.everything() == before)
      #expect(try await place.caisson("diff", run, "--name-only").output == "new.txt\n")
    }
  }

  @Test func `odd names and large files do no harm`() async throws {
    try await BranchPlace.with { place in
      let run = try await place.sealed(
        """
        printf 'x' > "$(printf 'new\\nline \\033[2J')"; printf 'y' > ' -rf'; printf 'z' > ':(exclude)a'
        truncate -s 257M large; git add -A
        git commit -qm "$(printf 'subject \\033[2J here')"
        mkdir -p .git/refs/heads/'a b'; cp .git/refs/heads/caisson/$CAISSON_RUN .git/refs/heads/'a b/c'
        git update-ref refs/heads/--upload-pack=x HEAD; git update-ref 'refs/heads/$(id)' HEAD
        """
      )
      let diff = try await place.caisson("diff", run)
      #expect(diff.status == .exited(0), "\(diff.error)")
      #expect(diff.output.contains("269484032 bytes as "))
      #expect(!diff.output.contains("\u{1B}"))
      #expect(try await place.caisson("apply", run).status == .exited(0))
      let names = try await place.shell(
        "git ls-tree -r --name-only -z caisson/\(run) | tr '\\0' '|'"
      )
      #expect(names == " -rf|:(exclude)a|a.txt|large|new\nline \u{1B}[2J|sub/b.txt|", "\(names)")
    }
  }
}
