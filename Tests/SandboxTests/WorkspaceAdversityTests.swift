import Glibc
import Sandbox
import SystemPackage
import Testing

/// Full disks, other file systems, many files, and someone else at work in the same place.
extension WorkspaceTests {
  @Test(
    .enabled(if: geteuid() == 0, "mounts a small file system, which takes root"),
    arguments: ["size=3m", "size=32m,nr_inodes=140"]
  )
  func `a full disk changes nothing and loses nothing`(mount: String) throws {
    let fixture = try WorkspaceFixture(
      setUp:
        "for i in $(seq 1 50); do head -c 20000 /dev/urandom > f$i; done; mkdir d; echo x > d/x",
      mount: mount
    )
    try fixture.run(
      "for i in $(seq 1 50); do echo x >> f$i; done; for i in $(seq 1 150); do head -c 9000 /dev/zero > n$i; done; rm -r d"
    )
    let before = try listing(fixture.lower)
    do {
      _ = try fixture.apply()
      Issue.record("it went through")
    } catch let error as WorkspaceError {
      #expect(error.number == 28)
      #expect("\(error)".contains("free some space"))
    }
    #expect(try difference(before, listing(fixture.lower)) == [])

    let options = try ApplySelection.Options(paths: [path("d"), path("f1")])
    #expect(try fixture.apply(options).totals == ChangeSet.Totals(modified: 1, deleted: 2))
    // What undo needs is in the run's state, so a workspace that filled up since can be undone.
    _ = try fixture.undo()
    #expect(try difference(before, listing(fixture.lower)) == [])
  }

  @Test(
    .enabled(if: geteuid() == 0, "mounts a small file system, which takes root"),
    arguments: ["size=3m", "size=32m,nr_inodes=80"]
  )
  func `state on a full disk changes nothing either`(mount: String) throws {
    let fixture = try WorkspaceFixture(
      setUp: "for i in $(seq 1 100); do head -c 40000 /dev/urandom > f$i; done"
    )
    try fixture.run("for i in $(seq 1 100); do echo x > f$i; done")
    let before = try listing(fixture.lower)
    // The old content has to be copied into this state, and does not fit.
    #expect(
      shell(
        "mkdir -p \(fixture.layer)/apply && mount -t tmpfs -o \(mount) tmpfs \(fixture.layer)/apply"
      ) == 0
    )
    #expect(throws: WorkspaceError.self) { try fixture.apply() }
    #expect(try difference(before, listing(fixture.lower)) == [])
    #expect(shell("umount \(fixture.layer)/apply") == 0)
    _ = try fixture.apply()
    #expect(try difference(listing(fixture.expected), listing(fixture.lower)) == [])
  }

  @Test(arguments: ["/tmp", WorkspaceFixture.otherFileSystem])
  func `ten thousand files`(place: String) throws {
    let fixture = try WorkspaceFixture(
      setUp:
        "for d in $(seq 1 100); do mkdir $d; for f in $(seq 1 90); do echo $f > $d/$f; done; done",
      place: place
    )
    let before = try listing(fixture.lower)
    try fixture.run(
      """
      for d in $(seq 1 100); do
        for f in $(seq 1 30); do echo more >> $d/$f; done
        rm $d/4? $d/5?; for f in $(seq 1 10); do mkdir -p $d/n/$f; echo $f > $d/n/$f/f; done
      done; rm -r 7 8; mkdir 8; echo back > 8/1
      """
    )
    let clock = ContinuousClock()
    var set = try ChangeSet.scan(fixture.record)
    let scan = try clock.measure { set = try ChangeSet.scan(fixture.record) }
    #expect(set.changes.count == set.totals.added + set.totals.modified + set.totals.deleted)
    let apply = try clock.measure { _ = try fixture.apply() }
    #expect(try difference(listing(fixture.expected), listing(fixture.lower)) == [])
    let undo = try clock.measure { _ = try fixture.undo() }
    #expect(try difference(before, listing(fixture.lower)) == [])
    print("\(set.changes.count) changes in \(place): scan \(scan), apply \(apply), undo \(undo)")
  }

  @Test(arguments: [
    ("echo mine >> f3", "f3"), ("rm f2; mkdir f2", "f2"), ("echo mine > n", "n"),
    ("echo mine > d/late", "d"), ("mv f4 moved", "f4"), ("chmod 600 f1; echo mine >> f1", "f1"),
  ])
  func `an edit in the last moment takes everything back`(edit: String, where name: String) throws {
    let fixture = try WorkspaceFixture(
      setUp: "for i in 1 2 3 4; do echo $i > f$i; done; mkdir d; echo x > d/x"
    )
    try fixture.run("for i in 1 2 3 4; do echo run >> f$i; done; rm -r d; echo n > n")
    var edited: [String] = []
    do {
      _ = try Apply(
        fixture.record,
        judge: { _ in .allow },
        willCommit: { _, _ in
          try fixture.edit(edit)
          edited = try listing(fixture.lower, times: false)
        }
      ).run()
      Issue.record("it went through")
    } catch WorkspaceError.interference(let path, let restored) {
      #expect(path.display == name)
      #expect(restored)
    }
    // Nothing of the run's is there, and nothing of the user's is lost.
    #expect(try difference(edited, listing(fixture.lower, times: false)) == [])
    #expect(try fixture.changes().count == (name == "d" ? 8 : 7))
    // Everything but what was edited can be applied.
    let others = ["d", "f1", "f2", "f3", "f4", "n"].filter { $0 != name }
    _ = try fixture.apply(ApplySelection.Options(paths: others.map { try path($0) }))
    #expect(try fixture.changes().allSatisfy { $0.contains(" \(name)") })
  }

  @Test func `names that are not UTF-8`() throws {
    let fixture = try WorkspaceFixture(
      setUp: #"echo x > $'b\xffd'; mkdir $'d\xff'; echo y > $'d\xff/y'"#
    )
    try fixture.run(#"rm $'b\xffd'; echo n > $'n\xfe\nx'; echo z > $'d\xff/\x01'; rm $'d\xff/y'"#)
    #expect(
      try fixture.changes()
        == [#"D "b\377d""#, #"A "d\377/\001""#, #"D "d\377/y""#, #"A "n\376\nx""#]
    )
    let one = try #require(RelativePath(PrintableText.unquoted(#""n\376\nx""#)))
    _ = try fixture.apply(ApplySelection.Options(paths: [one]))
    _ = try fixture.apply()
    #expect(
      shell(
        #"cd \#(fixture.lower) && test ! -e $'b\xffd' -a -e $'n\xfe\nx' -a -e $'d\xff/\x01'"#
      ) == 0
    )
    _ = try fixture.undo()
    #expect(
      shell(
        #"cd \#(fixture.lower) && test -e $'b\xffd' -a ! -e $'n\xfe\nx' -a -e $'d\xff/y'"#
      ) == 0
    )
  }

  @Test(
    .enabled(if: geteuid() == 0, "gives files to another user, which takes root"),
    arguments: ["/tmp", WorkspaceFixture.otherFileSystem]
  )
  func `what root applies belongs to whom the workspace belongs`(place: String) throws {
    let fixture = try WorkspaceFixture(
      setUp: "echo 1 > f; echo 2 > g; mkdir d; echo x > d/x; chown -R 65534:65534 .; chgrp 7 f",
      place: place
    )
    let list = "find . -printf '%p %U %G\\n' | sort"
    try fixture.edit("\(list) > \(fixture.base)/owners")
    try fixture.run(
      "echo 1 >> f; mkdir -p n/m; echo n > n/m/x; ln -s x l; rm -r d; chmod 600 g",
      namespaces: "-m"
    )
    #expect(shell("chown -hR 65534:65534 \(fixture.upper)") == 0)
    _ = try fixture.apply()
    #expect(shell("cd \(fixture.lower) && test -z \"$(find . ! -user 65534 -print)\"") == 0)
    #expect(
      shell("cd \(fixture.lower) && test $(stat -c %g f) = 7 -a $(stat -c %g n/m/x) = 65534") == 0
    )
    _ = try fixture.undo()
    #expect(shell("cd \(fixture.lower) && \(list) | cmp - \(fixture.base)/owners") == 0)
  }

  @Test func `a private copy gives the same changes as an overlay`() throws {
    let fixture = try WorkspaceFixture(
      setUp: "echo a > a; echo b > b; mkdir -p d/e empty; echo c > d/e/c; ln -s a l; chmod 555 d/e"
    )
    let before = try listing(fixture.lower)
    let record = fixture.record.copying()
    try PrivateCopy.make(of: record.lower, in: record.layer, limit: 1 << 20)
    #expect(try ChangeSet.scan(record).changes.isEmpty)
    #expect(
      shell(
        "cd \(fixture.layer)/copy && echo more >> a && rm b && echo n > d/n && ln -sfn b l && rmdir empty"
      )
        == 0
    )
    try fixture.edit("echo mine > mine")
    #expect(
      try ChangeSet.scan(record).changes.map(\.summary) == [
        "M a", "D b", "A d/n", "D empty", "M l",
      ]
    )
    _ = try Apply(record, judge: { _ in .allow }).run()
    #expect(shell("cd \(fixture.lower) && grep -q more a && test ! -e b -a -e mine") == 0)
    _ = try Undo(record).run()
    try fixture.edit("rm mine")
    #expect(try difference(before, listing(fixture.lower)).filter { !$0.contains(":  4") } == [])
    try fixture.edit("echo mine > b")
    #expect(throws: WorkspaceError.self) { try Apply(record, judge: { _ in .allow }).run() }
    #expect(throws: WorkspaceError.self) {
      try PrivateCopy.make(of: record.lower, in: FilePath(fixture.base), limit: 3)
    }
  }
}

extension WorkspaceRecord {
  fileprivate func copying() -> WorkspaceRecord {
    var record = self
    record.mode = .copy
    return record
  }
}
