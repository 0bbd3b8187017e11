import Foundation
import Testing

@testable import Egress
@testable import Policy

/// Packs that git made, and whether they show that a branch keeps what it held.
@Suite(.timeLimit(.minutes(5))) struct PackAncestryTests {
  private static let similar = """
    start=$(git rev-parse HEAD)
    for number in $(seq 60); do
      { seq 1000 1100; echo $number; } | git commit -q --allow-empty -F -
    done

    """

  @Test(arguments: [
    "commit three; save HEAD~1 HEAD",
    "commit three; commit four; commit five; save HEAD~2 HEAD --thin --delta-base-offset",
    "commit three; git tag -am v1 v1; save HEAD~1 v1; git rev-parse HEAD > new",
    // The way back leads through the other parent of a merge, and through that of many.
    """
    git checkout -qb theirs; commit three; git checkout -qb mine main; commit four other
    git merge -q --no-edit theirs; save theirs HEAD
    """,
    """
    for name in a b c; do git checkout -qb $name main; commit $name $name; done
    git checkout -q main; git merge -q --no-edit a b c; commit four; save b HEAD
    """,
    // What upstream has besides is not sent, and not needed.
    """
    git checkout -qb theirs; commit three; git checkout -q main; commit four other
    git merge -q --no-edit theirs; git rev-parse HEAD^1 > old; git rev-parse HEAD > new
    printf 'main\\n^theirs\\n^main^1\\n' | git pack-objects -q --revs --stdout --thin > pack
    """,
    // Commits that are told by what sets them apart from others, by place and by name.
    similar + """
      save $start HEAD --window=50 --depth=50 --delta-base-offset
      test $(commits_that_are_deltas) -gt 20
      """,
    similar + "save $start HEAD --window=50 --depth=50; test $(commits_that_are_deltas) -gt 20",
    similar + "save $start HEAD --thin --window=250 --depth=250 --compression=0",
    similar + "save $start HEAD --window=0 --compression=9",
    // A clone without its history.
    """
    git clone -q --depth 1 file://$PWD shallow; cd shallow; commit three; save HEAD~1 HEAD --shallow
    mv old new pack ..
    """,
  ])
  func `commits on top of what was there keep it, however git packs them`(
    script: String
  ) async throws {
    let history = try await PackedHistory.made(by: script)
    for cut in [1, 7, 64, 1000, .max] { #expect(history.progress(cut: cut) == .proven) }
  }

  @Test func `ids may be those of SHA-256`() async throws {
    let history = try await PackedHistory.made(
      by: Self.similar + "save $start HEAD --window=50 --depth=50",
      format: "sha256"
    )
    #expect(history.old.count == 64)
    #expect(history.progress(cut: 100) == .proven)
    let other = RefUpdate(
      old: String(history.old.prefix(40)),
      new: history.new,
      ref: "refs/heads/x"
    )
    #expect(PackedHistory.progress(of: history.pack, other) != .proven)
  }

  @Test(arguments: [
    ("git commit -q --amend -m other; save HEAD@{1} HEAD", "lead back"),
    ("git checkout -q --orphan fresh; git commit -qm fresh; save main HEAD", "lead back"),
    ("git checkout -qb mine HEAD~1; commit three; save main HEAD --thin", "lead back"),
    // A branch that is moved back, or on to what upstream has, comes with an empty pack.
    ("save HEAD HEAD~1", "does not come with the push"),
    (
      "git rev-parse HEAD~1 > old; git rev-parse HEAD > new; git pack-objects --stdout </dev/null > pack",
      "does not come with the push"
    ),
    // Commits of something else show nothing.
    (
      "git checkout -qb mine; commit three; save main mine; git rev-parse main~1 > new",
      "does not come with the push"
    ),
    // The old commit is named by another one than those that the branch will hold.
    (
      """
      git checkout -qb decoy; commit three; git checkout -qb mine main~1; commit four
      git rev-parse main > old; git rev-parse mine > new
      printf 'decoy\\nmine\\n^main\\n' | git pack-objects -q --revs --stdout > pack
      """, "lead back"
    ),
    // It is named in the text, and not as a parent.
    (
      """
      git checkout -q --orphan mine; git commit -qm "parent $(git rev-parse main)"; save main mine
      """, "lead back"
    ),
  ])
  func `what drops commits is seen, and so is what cannot be seen`(
    script: String,
    doubt: String
  ) async throws {
    let history = try await PackedHistory.made(by: script)
    for cut in [1, 64, .max] {
      guard case .unproven(history.update, let seen) = history.progress(cut: cut) else {
        Issue.record("\(history.progress(cut: cut))")
        return
      }
      #expect(seen.contains(doubt), "\(seen)")
    }
  }

  @Test func `no way leads through a commit that the server shall take without its parents`()
    async throws
  {
    let history = try await PackedHistory.made(by: "commit three; commit four; save HEAD~2 HEAD")
    #expect(history.progress(shallow: [history.old]) == .proven)
    #expect(history.progress(shallow: [history.new]) != .proven)
  }

  @Test func `every branch of a push must keep what it held`() async throws {
    let history = try await PackedHistory.made(by: "commit three; save HEAD~1 HEAD")
    let other = RefUpdate(
      old: String(repeating: "1", count: 40),
      new: history.new,
      ref: "refs/heads/y"
    )
    let progress = PackedHistory.progress(of: history.pack, history.update, other)
    guard case .unproven(other, _) = progress else {
      Issue.record("\(progress)")
      return
    }
    let many = (0..<40).map {
      RefUpdate(old: history.old, new: history.new, ref: "refs/heads/\($0)")
    }
    var ancestry = PackAncestry(many, shallow: []) { $0 }
    guard case .unproven(many[32], let doubt) = ancestry.read(history.pack) else {
      Issue.record("more branches than are looked into")
      return
    }
    #expect(doubt.contains("no more than 32 branches"))
  }

  @Test func `a pack of many commits is read in time, and only as far as its bounds`() async throws
  {
    let history = try await PackedHistory.made(
      by: """
        { for number in $(seq 3000); do
            printf 'commit refs/heads/main\\ncommitter A <a@b.test> %d +0000\\ndata 40\\n' $number
            printf '%039d\\n' $number; [ $number -gt 1 ] || echo "from $(git rev-parse main)"
        done; } | git fast-import --quiet
        save main~3000 main
        """
    )
    #expect(history.progress(cut: 32_768) == .proven)
    for bounds in [
      PackReader.Bounds(commits: 1000), PackReader.Bounds(kept: 100_000),
      PackReader.Bounds(made: 100_000),
    ] {
      guard case .unproven(history.update, let doubt) = history.progress(bounds: bounds) else {
        Issue.record("beyond \(bounds)")
        continue
      }
      #expect(doubt.contains("than is looked at") || doubt.contains("than are looked at"))
    }
  }
}
