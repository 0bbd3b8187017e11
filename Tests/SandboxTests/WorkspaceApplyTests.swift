import Sandbox
import Testing

/// A change that a run makes, applied, undone and applied again.
struct WorkspaceCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let setUp: String
  let run: String
  let changes: [String]
  /// What was only touched is no change, and keeps its time.
  var touchesOnly = false

  static let all = [
    WorkspaceCase(
      testDescription: "files added, changed and removed",
      setUp: "echo a > a; echo b > b; mkdir d; echo c > d/c",
      run: "echo A >> a; rm b; echo n > d/n",
      changes: ["M a", "D b", "A d/n"]
    ),
    WorkspaceCase(
      testDescription: "directories added, removed and emptied",
      setUp: "mkdir -p gone/deep/er emptied; echo 1 > gone/deep/er/f; echo 2 > emptied/f",
      run: "rm -r gone; rm emptied/f; mkdir -p new/empty; echo 3 > new/f",
      changes: [
        "D emptied/f", "D gone", "D gone/deep", "D gone/deep/er", "D gone/deep/er/f", "A new",
        "A new/empty", "A new/f",
      ]
    ),
    WorkspaceCase(
      testDescription: "a directory made anew over an old one is opaque",
      setUp: "mkdir -p d/sub; echo 1 > d/a; echo 2 > d/b; echo 3 > d/sub/c",
      run: "rm -r d; mkdir d; echo 22 > d/b; echo 4 > d/n",
      changes: ["D d/a", "M d/b", "A d/n", "D d/sub", "D d/sub/c"],
      touchesOnly: true
    ),
    WorkspaceCase(
      testDescription: "a directory becomes a file and a file a directory",
      setUp: "mkdir d; echo 1 > d/a; mkdir d/e; echo 2 > f",
      run: "rm -r d; echo file > d; rm f; mkdir f; echo in > f/in",
      changes: ["M d", "D d/a", "D d/e", "M f", "A f/in"]
    ),
    WorkspaceCase(
      testDescription: "files and links trade places",
      setUp: "echo 1 > f; ln -s f l; ln -s /etc/passwd o; mkdir d; echo 3 > d/x; ln -s f keep",
      run: """
        rm f; ln -s elsewhere f; rm l; echo file > l; rm -r d; ln -s /etc d
        rm o; ln -s ../../../outside o; ln -s /etc/shadow new; chmod 0 keep || true
        """,
      changes: ["M d", "D d/x", "M f", "M l", "A new", "M o"]
    ),
    WorkspaceCase(
      testDescription: "renames, which an overlay makes copies of",
      setUp: "mkdir d; echo 1 > d/a; echo 2 > b; mkdir -p e/f; echo 3 > e/f/g",
      run: "mv b c; mv d D; mv D/a D/z; mv e/f e/h",
      changes: [
        "A D", "A D/z", "D b", "A c", "D d", "D d/a", "D e/f", "D e/f/g", "A e/h", "A e/h/g",
      ]
    ),
    WorkspaceCase(
      testDescription: "hard links on both sides",
      setUp: "echo one > a; ln a b; echo solo > s",
      run: "echo two >> a; echo n > n; ln n m; ln s t",
      changes: ["M a", "A m", "A n", "A t"]
    ),
    WorkspaceCase(
      testDescription: "permissions of files and directories",
      setUp: "echo 1 > f; mkdir d e; echo 2 > d/x; echo 3 > run.sh",
      run: "chmod 600 f; chmod 555 d; chmod 755 run.sh; chmod 700 e; echo more >> run.sh",
      changes: ["M d", "M e", "M f", "M run.sh"]
    ),
    WorkspaceCase(
      testDescription: "read-only directories",
      setUp: "mkdir -p r/s t; echo 1 > r/a; echo 2 > r/s/b; chmod 555 r/s r",
      run: """
        chmod 755 r r/s; echo 1 >> r/a; echo new > r/n; rm r/s/b; chmod 555 r/s r
        mkdir -p ro/in; echo x > ro/in/x; chmod 555 ro/in ro
        """,
      changes: ["M r/a", "A r/n", "D r/s/b", "A ro", "A ro/in", "A ro/in/x"]
    ),
    WorkspaceCase(
      testDescription: "names in every alphabet, with newlines and escapes",
      setUp: "echo 1 > $'new\\nline'; echo 2 > 'ärger'; mkdir '日本'; echo 3 > '日本/x y'",
      run: """
        echo 1 >> $'new\\nline'; rm 'ärger'; echo 4 > '日本/✓'; echo e > $'\\e[31mred'
        echo q > 'quo"te'; echo b > 'back\\slash'
        """,
      changes: [
        #"A "\033[31mred""#, #"A "back\\slash""#, #"M "new\nline""#, #"A "quo\"te""#, "D ärger",
        "A 日本/✓",
      ]
    ),
    WorkspaceCase(
      testDescription: "a file that was removed and made again",
      setUp: "echo same > a; echo b > b",
      run: "rm a; echo same > a; rm b; echo other > b; touch -d 2001-01-01 b",
      changes: ["M b"],
      touchesOnly: true
    ),
    WorkspaceCase(
      testDescription: "large and sparse files",
      setUp: "truncate -s 3M sparse; head -c 2000000 /dev/zero > zeros",
      run: "echo tail >> sparse; printf x | dd of=zeros bs=1 seek=1000000 conv=notrunc status=none",
      changes: ["M sparse", "M zeros"]
    ),
  ]
}

extension WorkspaceTests {
  @Test(arguments: WorkspaceCase.all, ["/tmp", WorkspaceFixture.otherFileSystem])
  func `applies, undoes and applies again`(_ example: WorkspaceCase, place: String) throws {
    let fixture = try WorkspaceFixture(setUp: example.setUp, place: place)
    let before = try listing(fixture.lower)
    try fixture.run(example.run)
    #expect(try fixture.changes() == example.changes)

    let applied = try fixture.apply()
    #expect(applied.selection.left.isEmpty)
    let times = !example.touchesOnly
    #expect(
      try difference(listing(fixture.expected, times: times), listing(fixture.lower, times: times))
        == []
    )
    #expect(try fixture.changes() == [])

    _ = try fixture.undo()
    #expect(try difference(before, listing(fixture.lower)) == [])
    #expect(try fixture.changes() == example.changes)

    _ = try fixture.apply()
    #expect(
      try difference(listing(fixture.expected, times: times), listing(fixture.lower, times: times))
        == []
    )
    _ = try fixture.undo()
    #expect(try difference(before, listing(fixture.lower)) == [])
  }
}
