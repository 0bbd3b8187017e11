import CLinux
import Glibc
import Sandbox
import SystemPackage
import Testing

/// What apply and undo refuse, hold back and never carry.
extension WorkspaceTests {
  /// The conflicts that an apply refuses with.
  private func conflicts(_ fixture: WorkspaceFixture) throws -> [String] {
    do {
      _ = try fixture.apply()
      return []
    } catch WorkspaceError.conflicts(let conflicts) {
      return conflicts.map { "\($0.path.display): \($0.conflict)" }
    }
  }

  @Test func `applies nothing where a path changed meanwhile, and names each`() throws {
    let fixture = try WorkspaceFixture(
      setUp: """
        for f in kept edited removed replaced gone; do echo $f > $f; done
        mkdir d d/sub; echo x > d/sub/x
        """
    )
    try fixture.run(
      "for f in kept edited removed replaced; do echo run >> $f; done; rm gone; rm -r d; echo n > new"
    )
    try fixture.edit(
      """
      echo mine >> edited; rm removed; rm replaced; mkdir replaced; echo mine > gone
      echo mine > d/sub/late; echo mine > new
      """
    )
    let before = try listing(fixture.lower)
    #expect(
      try conflicts(fixture) == [
        "d/sub: changed", "d/sub/late: changed", "edited: changed", "gone: changed",
        "new: appeared",
        "removed: removed", "replaced: changed",
      ]
    )
    #expect(try difference(before, listing(fixture.lower)) == [])

    let result = try fixture.apply(ApplySelection.Options(paths: [path("kept")]))
    #expect(result.selection.chosen.map(\.summary) == ["M kept"])
    #expect(shell("grep -q run \(fixture.lower)/kept") == 0)
  }

  @Test func `a rename inside the run is no conflict, whatever happens beside it`() throws {
    let fixture = try WorkspaceFixture(setUp: "echo a > a; mkdir d; echo b > d/b; echo c > c")
    try fixture.run("mv a a2; mv d/b d/b2; ln c c2")
    try fixture.edit("echo mine > mine; echo mine > d/mine")
    #expect(try conflicts(fixture) == [])
  }

  @Test func `a directory's mode that both changed is a conflict, its entries are none`() throws {
    let fixture = try WorkspaceFixture(setUp: "mkdir both one; echo x > one/x")
    try fixture.run("chmod 700 both one")
    try fixture.edit("chmod 711 both; echo mine > one/mine")
    #expect(try conflicts(fixture) == ["both: changed"])
  }

  @Test func `applies in parts, and remembers each`() throws {
    let fixture = try WorkspaceFixture(
      setUp: "mkdir d old; echo 1 > d/a; echo 2 > d/b; echo 3 > old/c"
    )
    let before = try listing(fixture.lower)
    try fixture.run(
      "echo x >> d/a; echo x >> d/b; rm -r old; mkdir -p new/deep; echo n > new/deep/n; echo m > new/m"
    )
    let parts = [["d/a"], ["new/deep"], ["old/c"], []]
    let chosen = try parts.map { part in
      let options = try ApplySelection.Options(paths: part.map { try path($0) })
      return try fixture.apply(options).selection.chosen.map(\.summary)
    }
    #expect(
      chosen == [
        ["M d/a"], ["A new", "A new/deep", "A new/deep/n"], ["D old/c"],
        ["M d/b", "A new/m", "D old"],
      ]
    )
    #expect(try difference(listing(fixture.expected), listing(fixture.lower)) == [])
    let undone = try fixture.undo()
    #expect(undone.undone.count == 4)
    #expect(try difference(before, listing(fixture.lower)) == [])
    #expect(throws: WorkspaceError.self) { try fixture.undo() }
  }

  @Test func `holds and refuses paths as the policy says`() throws {
    let fixture = try WorkspaceFixture(
      setUp: "mkdir -p full/hooks; echo 1 > full/hooks/h; echo 2 > full/x"
    )
    try fixture.run("mkdir hooks; echo evil > hooks/h; echo key > secret; rm -r full; echo ok > ok")
    let judge = { (change: Change) -> ApplyVerdict in
      if change.path.display.contains("hooks") { return .hold(rule: "start-up", remedy: nil) }
      if change.path.display == "secret" { return .deny(rule: "deny", remedy: nil) }
      return .allow
    }
    var result = try fixture.apply(judge: judge)
    #expect(result.selection.chosen.map(\.summary) == ["D full/x", "A ok"])
    #expect(
      result.selection.left.map { "\($0.change.path.display) \($0.reason)" } == [
        "full dependsOn(full/hooks/h)", #"full/hooks held(rule: "start-up", remedy: nil)"#,
        #"full/hooks/h held(rule: "start-up", remedy: nil)"#,
        #"hooks held(rule: "start-up", remedy: nil)"#,
        #"hooks/h held(rule: "start-up", remedy: nil)"#,
        #"secret denied(rule: "deny", remedy: nil)"#,
      ]
    )
    result = try fixture.apply(ApplySelection.Options(accepted: [path("hooks")]), judge: judge)
    #expect(result.selection.chosen.map(\.summary) == ["A hooks", "A hooks/h"])
    result = try fixture.apply(ApplySelection.Options(acceptsAllHeld: true), judge: judge)
    #expect(result.selection.chosen.map(\.summary) == ["D full", "D full/hooks", "D full/hooks/h"])
    #expect(result.selection.left.map(\.change.path.display) == ["secret"])
  }

  @Test func `never carries special bits, devices, pipes, sockets and reserved names`() throws {
    let fixture = try WorkspaceFixture(setUp: "echo 1 > f; mkdir shared; chmod 2775 shared")
    try fixture.run(
      """
      echo s > suid; chmod 6755 suid; chmod 4755 f; mkfifo pipe; mkdir sticky; chmod 1777 sticky
      chmod 2700 shared; mkdir .caisson-apply-x; mkdir -p in; mkfifo in/pipe; echo y > in/y
      """
    )
    if geteuid() == 0 { #expect(shell("mknod \(fixture.upper)/disk b 7 200") == 0) }
    let result = try fixture.apply()
    #expect(
      result.selection.left.map(\.change.path.display)
        == [".caisson-apply-x"] + (geteuid() == 0 ? ["disk"] : []) + ["in/pipe", "pipe"]
    )
    let notes = Dictionary(result.selection.chosen.map { ($0.path.display, $0.notes) }) { $1 }
    #expect(notes["suid"] == [.setuid, .setgid])
    #expect(notes["f"] == .setuid)
    #expect(notes["sticky"] == .sticky)
    #expect(shell("find \(fixture.lower) -perm /7000 ! -name shared | grep -q .") == 1)
    #expect(shell("test $(stat -c %a \(fixture.lower)/shared) = 2700") == 0)
    #expect(shell("test $(stat -c %a \(fixture.lower)/suid) = 755") == 0)
  }

  @Test func `carries user attributes, and none of overlayfs's or of the system's`() throws {
    let fixture = try WorkspaceFixture(setUp: "echo 1 > f; mkdir d; echo 3 > g")
    set("user.old", "1", of: "f", in: fixture.lower)
    let before = try listing(fixture.lower)
    try fixture.run("touch f g d; echo 2 > n")
    for (name, key) in [
      ("f", "user.new"), ("n", "user.n"), ("d", "user.d"), ("n", "user.overlay.x"),
    ] {
      set(key, "value", of: name, in: fixture.upper)
    }
    _ = withUnsafePointer(to: fixture) { _ in
      cl_fs_remove_attribute(openDirectory(fixture.upper), "f", "user.old")
    }
    if geteuid() == 0 {
      // VFS_CAP_REVISION_2 with CAP_SYS_ADMIN.
      let capability: [UInt8] = [1, 0, 0, 2, 0, 0, 32, 0] + [UInt8](repeating: 0, count: 12)
      #expect(
        cl_fs_set_attribute(
          openDirectory(fixture.upper),
          "n",
          "security.capability",
          capability,
          20
        )
          == 0
      )
    }
    #expect(try fixture.changes() == ["M d", "M f", "A n"])
    _ = try fixture.apply()
    let lines = try listing(fixture.lower).joined(separator: "\n")
    #expect(lines.contains("user.new=118") && lines.contains("user.d=118"))
    #expect(!lines.contains("user.old"))
    #expect(shell("test -z \"$(getcap \(fixture.lower)/n 2>/dev/null)\"") == 0)
    var buffer = [UInt8](repeating: 0, count: 64)
    #expect(
      cl_fs_attribute(openDirectory(fixture.lower), "n", "security.capability", &buffer, 64) == -61
    )
    #expect(
      cl_fs_attribute(openDirectory(fixture.lower), "n", "user.overlay.x", &buffer, 64) == -61
    )
    _ = try fixture.undo()
    #expect(try difference(before, listing(fixture.lower)) == [])
  }

  private func openDirectory(_ path: String) -> Int32 { cl_fs_open(path, CL_FS_READ, 0) }

  private func set(_ key: String, _ value: String, of name: String, in directory: String) {
    let bytes = Array(value.utf8)
    #expect(
      cl_fs_set_attribute(openDirectory(directory), name, key, bytes, bytes.count) == 0
    )
  }

  @Test func `undo refuses where a later edit would be lost`() throws {
    let fixture = try WorkspaceFixture(setUp: "echo 1 > a; echo 2 > b; echo 3 > c")
    try fixture.run("echo x >> a; rm b; mkdir new; echo n > new/n; echo x >> c")
    _ = try fixture.apply()
    try fixture.edit("echo mine >> a; echo mine > b; echo mine > new/mine; echo mine > unrelated")
    let before = try listing(fixture.lower)
    do {
      _ = try fixture.undo()
      Issue.record("the undo went through")
    } catch WorkspaceError.editedSince(let paths) {
      #expect(paths.map(\.display) == ["a", "b", "new/mine"])
    }
    #expect(try difference(before, listing(fixture.lower)) == [])
  }

  @Test func `refuses while the run is at work, and a change set that was not seen`() throws {
    let fixture = try WorkspaceFixture(setUp: "echo 1 > a")
    try fixture.run("echo 2 > a")
    #expect(throws: WorkspaceError.self) {
      try Apply(fixture.record, judge: { _ in .allow }, isRunning: { true }).run()
    }
    #expect(throws: WorkspaceError.self) { try Discard.run(fixture.record, isRunning: { true }) }
    #expect(throws: WorkspaceError.self) {
      try Apply(
        fixture.record,
        judge: { _ in .allow },
        inspect: { set throws(WorkspaceError) in
          throw .digestDiffers(expected: "a", found: "b")
        }
      ).run()
    }
    #expect(throws: WorkspaceError.self) {
      try fixture.apply(ApplySelection.Options(paths: [path("unknown")]))
    }
    #expect(try fixture.changes() == ["M a"])
  }

  @Test func `a link in the workspace leads nobody outside`() throws {
    let fixture = try WorkspaceFixture(
      setUp: "mkdir d; echo 1 > d/f; mkdir ../outside; echo o > ../outside/f"
    )
    try fixture.run("echo x >> d/f; echo n > d/n")
    try fixture.edit("mv d moved; ln -s ../outside d")
    let outside = try listing(fixture.base + "/outside")
    #expect(throws: WorkspaceError.self) { try fixture.apply() }
    #expect(try difference(outside, listing(fixture.base + "/outside")) == [])
  }

  @Test func `discard removes layers that nobody may enter`() throws {
    let fixture = try WorkspaceFixture(setUp: "echo 1 > a")
    let before = try listing(fixture.lower)
    try fixture.run("echo 2 > a; mkdir -p locked/in; echo x > locked/in/x; chmod 0 locked")
    let deep = (0..<40).map { _ in "mkdir -p d/d/d/d/d && cd d/d/d/d/d" }.joined(separator: " && ")
    #expect(shell("cd \(fixture.upper) && \(deep)") == 0)
    try Discard.run(fixture.record)
    #expect(try difference(before, listing(fixture.lower)) == [])
    #expect(shell("test -z \"$(ls -A \(fixture.layer))\"") == 0)
  }
}
