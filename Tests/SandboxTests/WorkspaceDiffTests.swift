import Sandbox
import Testing

extension WorkspaceTests {
  private func diff(_ fixture: WorkspaceFixture) throws -> String {
    let diff = try ChangeDiff(fixture.record)
    var text = ""
    for change in try ChangeSet.scan(fixture.record).changes {
      try diff.write(change) { line in
        text += line.sign + String(decoding: line.text, as: UTF8.self) + "\n"
      }
    }
    return text
  }

  @Test func `shows text, modes, links, binaries and removals`() throws {
    let fixture = try WorkspaceFixture(
      setUp: """
        seq 1 20 > numbers; echo gone > gone; echo run > run.sh; ln -s old link
        printf 'a\\0b' > binary; mkdir empty
        """
    )
    try fixture.run(
      """
      sed -i 's/^10$/ten/; $d' numbers; rm gone; chmod 755 run.sh; ln -sfn new link
      printf 'a\\0bc' > binary; printf 'no newline' > new; rmdir empty
      """
    )
    #expect(
      try diff(fixture) == """
        diff a/binary b/binary
        Binary files a/binary and b/binary differ, 3 B → 4 B
        diff a/empty b/empty
        deleted directory mode 040755
        diff a/gone b/gone
        deleted file mode 100644
        --- a/gone
        +++ /dev/null
        @@ -1 +0,0 @@
        -gone
        diff a/link b/link
        --- a/link
        +++ b/link
        @@ -1 +1 @@
        -old
        \\ No newline at end of file
        +new
        \\ No newline at end of file
        diff a/new b/new
        new file mode 100644
        --- /dev/null
        +++ b/new
        @@ -0,0 +1 @@
        +no newline
        \\ No newline at end of file
        diff a/numbers b/numbers
        --- a/numbers
        +++ b/numbers
        @@ -7,7 +7,7 @@
         7
         8
         9
        -10
        +ten
         11
         12
         13
        @@ -17,4 +17,3 @@
         17
         18
         19
        -20
        diff a/run.sh b/run.sh
        old mode 100644
        new mode 100755

        """
    )
  }

  @Test(arguments: 0..<24)
  func `what it shows turns the old text into the new`(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let count = Int.random(in: 0..<400, using: &random)
    let old = (0..<count).map { _ in "line \(Int.random(in: 0..<60, using: &random))" }
    var new = old
    for _ in 0..<Int.random(in: 0..<60, using: &random) {
      let index = Int.random(in: 0...new.count, using: &random)
      if Bool.random(using: &random) || new.isEmpty {
        new.insert("line \(Int.random(in: 0..<90, using: &random))", at: index)
      } else {
        new.remove(at: min(index, new.count - 1))
      }
    }
    let fixture = try WorkspaceFixture(
      setUp: "cat > f <<'END'\n\(old.joined(separator: "\n"))\nEND"
    )
    try fixture.run("cat > f <<'END'\n\(new.joined(separator: "\n"))\nEND")
    let patch = try diff(fixture)
    if old == new {
      #expect(patch.isEmpty)
      return
    }
    try fixture.edit("patch -p1 --batch --silent <<'END'\n\(patch)END\n")
    #expect(
      try difference(
        listing(fixture.expected + "/f", times: false),
        listing(fixture.lower + "/f", times: false)
      ) == []
    )
  }

  @Test func `compares files that are too large for line by line`() throws {
    let fixture = try WorkspaceFixture(setUp: "seq 1 600000 > big; seq 1 3000000 > edited")
    try fixture.run("seq 700000 1200000 > big; sed -i 's/^1500000$/here/' edited")
    let diff = try ChangeDiff(fixture.record)
    let changes = try ChangeSet.scan(fixture.record).changes
    #expect(try diff.counts(of: changes[0]) == LineCounts(added: 500_001, removed: 600_000))
    var lines: [String] = []
    try diff.write(changes[1]) { lines.append($0.sign + String(decoding: $0.text, as: UTF8.self)) }
    #expect(
      lines.dropFirst(3) == [
        "@@ -1499997,7 +1499997,7 @@", " 1499997", " 1499998", " 1499999", "-1500000", "+here",
        " 1500001", " 1500002", " 1500003",
      ]
    )
  }

  @Test func `prints nothing that steers a terminal`() {
    let line = Array("a\u{1B}[31mred\u{07}\t\u{9B}x\u{202E}gnp.exe\r".utf8) + [0xff]
    #expect(
      String(decoding: PrintableText.terminalLine(line), as: UTF8.self)
        == "a^[[31mred^G\t<U+009B>x<U+202E>gnp.exe^M<FF>"
    )
    #expect(PrintableText.quotedName(Array("a\nb\u{1B}".utf8) + [0xff]) == #""a\nb\033\377""#)
  }
}
