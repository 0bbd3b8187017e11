import Foundation
import SystemPackage
import Testing

@testable import Sandbox

/// Branches as values and over real git, without a sandbox: their own parts.
@Suite(.serialized, .takesTurns) struct BranchTests {
  /// A user's repository with one commit, and the directory of a run.
  final class Place {
    let directory: String
    var repository: String { directory + "/repository" }
    var run: String { directory + "/run" }
    let environment = ProcessInfo.processInfo.environment

    init(_ setUp: String = "true") throws {
      var template = Array("/tmp/caisson-branch-XXXXXX".utf8CString)
      try #require(mkdtemp(&template) != nil)
      directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
      let script = """
        mkdir run repository && cd repository && git init -q -b main . && git config user.name Ann &&
        git config user.email ann@example.com && echo one > a.txt && mkdir d && echo two > d/b.txt &&
        git add . && git commit -qm first && { \(setUp)
        }
        """
      try #require(try sh(script, in: directory).status == 0)
    }

    deinit { _ = try? sh("chmod -R u+rwx .; rm -rf '\(directory)'", in: directory) }

    @discardableResult
    func sh(_ script: String, in place: String? = nil) throws -> (status: Int32, output: String) {
      let output = FilePath("\(directory).output")
      let whole = "cd '\(place ?? repository)' && { \(script)\n} > '\(output)' 2>&1"
      let status = whole.withCString { system($0) }
      defer { unlink(output.string) }
      return (status, HostTree.text(output.string) ?? "")
    }

    func workspace() throws -> BranchWorkspace {
      let found = try GitRepository.find(repository, environment: environment)
      let options = BranchWorkspace.Options(run: RunID(seconds: 1_800_000_000, random: 7))
      return try BranchWorkspace.make(of: found, in: run, options)
    }

    /// The intake of what a script commits in a clone of the repository, as a run would have.
    func intake(_ workspace: BranchWorkspace, _ script: String) throws -> BranchIntake {
      let base = workspace.record.base
      let made = try sh(
        """
        git clone -q . ../work && cd ../work && git config user.name Run && git config user.email r@r &&
        { \(script)
        } && git add -A && git commit -qm run && t=$(git rev-parse HEAD) && cd .. &&
        printf 'tip %s\\nfinal %s\\nhead \\npack\\n' $t $t > output &&
        printf '%s\\n^%s\\n' $t \(base) | git -C work pack-objects --revs --thin --stdout -q >> output
        """
      )
      try #require(made.status == 0, "\(made.output)")
      let output = directory + "/output"
      return try BranchIntake(
        BranchHarvest(output: output, nested: []),
        from: output,
        of: workspace,
        name: "test",
        environment: environment
      )
    }
  }

  @Test(
    arguments: [
      ("https://github.com/a/b", "https://github.com/a/b"),
      ("https://token@github.com/a/b", "https://github.com/a/b"),
      ("https://user:p@ss@github.com/a/b", "https://github.com/a/b"),
      ("ssh://git:secret@host/a", "ssh://git@host/a"), ("git@github.com:a/b", "git@github.com:a/b"),
      ("ext::sh -c id", nil), ("/srv/a.git", nil), ("../a", nil), ("--upload-pack=x:y", nil),
      ("https://a\n[core]", nil), ("file:///etc", nil),
    ] as [(String, String?)]
  )
  func `a run learns a remote's address without its password`(address: String, known: String?) {
    #expect(GitSettings.harmless(address) == known)
  }

  @Test func `what Caisson writes into a configuration git reads as it was meant`() throws {
    let place = try Place()
    let values = [
      "plain", "a \"quoted\" # ; text", "tab\there", "back\\slash", " blanks ", "two\nlines",
    ]
    let settings = values.enumerated().map { ("x.y\"\\\($0.offset).key", $0.element) }
    try GitConfigText.make(settings).write(
      toFile: place.directory + "/config",
      atomically: false,
      encoding: .utf8
    )
    let read = try place.sh("git config -f ../config --list -z").output
    #expect(read == settings.map { "\($0.0)\n\($0.1)\0" }.joined())
  }

  @Test(
    arguments: [
      "", "tip\n", "tip abc\nfinal abc\npack\n", "pack\n", "\npack\n",
      "tip \(String(repeating: "a", count: 40))\npack\n",
      "other x y\ntip \(String(repeating: "g", count: 40))\nfinal \(String(repeating: "a", count: 40))\npack\n",
    ]
  )
  func `what is no harvest is refused`(text: String) throws {
    let place = try Place()
    let path = place.directory + "/output"
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    #expect(throws: GitError.self) { try BranchHarvest(output: path, nested: []) }
  }

  @Test(arguments: ["x", ":1\0", ":100644 100644 a b M\0p\0", "\0\0", ":0 0 0 0 0\0../p\0"])
  func `what is no difference is refused`(text: String) {
    if text == "\0\0" {
      return #expect((try? RawDifference.parse(Array(text.utf8)))?.isEmpty == true)
    }
    #expect(throws: GitError.self) { try RawDifference.parse(Array(text.utf8)) }
  }

  @Test func `a workspace is made and opened again`() throws {
    let place = try Place()
    try place.sh("echo edited >> a.txt; rm d/b.txt; printf x > new; ln -s a.txt link")
    let made = try place.workspace()
    let opened = try BranchWorkspace.open(in: place.run)
    #expect(opened.record == made.record && made.record.carried == 4)
    #expect(made.record.base != made.record.start)
    let seen = try place.sh("cat a.txt; ls; readlink link", in: made.tree)
    #expect(seen.output == "one\nedited\na.txt\nlink\nnew\na.txt\n")
    // Nothing is borrowed from a path of the host, and nobody's hook is there.
    let alternates = try place.sh("cat .git/objects/info/alternates; ls .git/hooks", in: made.tree)
    #expect(alternates.output.hasPrefix("/caisson/objects/0\n/caisson/objects/1\nls: "))
    try place.sh("echo '{}' > ../run/branch.json")
    #expect(throws: GitError.self) { try BranchWorkspace.open(in: place.run) }
  }

  @Test func `merging takes branches in order, and goes on to find every conflict`() throws {
    let place = try Place()
    try place.sh(
      """
      for b in x y; do git checkout -qb $b main; echo $b > $b; git add .; git commit -qm $b; done
      for b in p q; do git checkout -qb $b main; echo $b > a.txt; git commit -qam $b; done
      git checkout -qb z main; echo z > x; git add .; git commit -qm z; git checkout -q main
      """
    )
    func name(_ revision: String) throws -> ObjectName {
      let text = try place.sh("git rev-parse \(revision)").output
      return try #require(ObjectName(text.trimmedLine))
    }
    var record = try place.workspace().record
    func parts(_ names: [String]) throws -> [BranchMerge.Part] {
      try names.map {
        record.run = $0
        return BranchMerge.Part(record, tip: try name($0))
      }
    }
    let merge = BranchMerge(
      try GitProcess(environment: place.environment),
      in: place.repository + "/.git",
      identity: record.identity
    )
    guard case .merged(let both) = try merge.merge(parts(["x", "y"]), onto: name("main")) else {
      Issue.record("x and y are in nobody's way")
      return
    }
    #expect(try place.sh("git ls-tree --name-only \(both)").output == "a.txt\nd\nx\ny\n")
    #expect(try place.sh("git log -1 --format=%s \(both)").output == "Merge branch 'caisson/y'\n")
    let result = try merge.merge(parts(["x", "p", "y", "q", "z"]), onto: name("main"))
    guard case .conflicts(let conflicts) = result else {
      Issue.record("p and q change the same line")
      return
    }
    #expect(
      conflicts.map { "\($0.path.display) \($0.branch)" } == ["a.txt caisson/q", "x caisson/z"]
    )
    #expect(
      conflicts[0].ours?.hasSuffix(" p") == true && conflicts[0].theirs?.hasSuffix(" q") == true
    )
    // Whoever is merged already is no conflict, and one that is ahead is taken as it is.
    guard case .merged(let same) = try merge.merge(parts(["x", "x"]), onto: name("main")) else {
      Issue.record("x is merged into itself")
      return
    }
    #expect(try same == name("x"))
  }

  @Test(arguments: [0, 1, 2, 3, 4])
  func `an interrupted merge is finished, or taken back, from wherever it stopped`(step: Int) throws
  {
    let place = try Place()
    let workspace = try place.workspace()
    let intake = try place.intake(
      workspace,
      "echo more >> a.txt; echo three > d/c.txt; rm d/b.txt; mkdir e; echo long text > e/f"
    )
    let transaction = try BranchTransaction(workspace, environment: place.environment)
    let (merge, conflicts) = try transaction.planMerge(intake)
    #expect(conflicts.isEmpty)
    let planned = try #require(merge)
    let state = BranchState(after: nil, tip: intake.harvest.final, former: nil, merge: planned)
    try state.write(in: place.run)
    if step > 0 {
      try intake.point("refs/caisson/merge", to: planned.to)
      let names = [workspace.record.reference, "refs/caisson/merge"]
      try transaction.delivery.fetch(names, from: intake.directory)
    }
    if step > 1 {
      try transaction.delivery.move(
        workspace.record.reference,
        from: nil,
        to: state.tip,
        because: "test"
      )
    }
    if step == 3 { try place.sh("printf 'one\\nmo' > a.txt; rm d/b.txt; mkdir e; printf lo > e/f") }
    if step == 4 { try transaction.delivery.checkOut(from: planned.from, to: planned.to) }
    let recovery = try transaction.recover()
    let isThere = step > 1
    switch recovery {
    case .finished: #expect(isThere)
    case .takenBack: #expect(!isThere)
    case nil: Issue.record("nothing was interrupted")
    }
    let files = try place.sh("git status --porcelain; cat a.txt; ls d; git rev-parse HEAD").output
    let head = isThere ? planned.to : planned.from
    #expect(files == (isThere ? "one\nmore\nc.txt\n\(head)\n" : "one\nb.txt\n\(head)\n"))
    #expect(try transaction.recover() == nil)
  }

  @Test func `an edit after an interrupted merge is left alone`() throws {
    let place = try Place()
    let workspace = try place.workspace()
    let intake = try place.intake(workspace, "echo more >> a.txt; echo x > x")
    let transaction = try BranchTransaction(workspace, environment: place.environment)
    let planned = try #require(try transaction.planMerge(intake).0)
    let state = BranchState(after: nil, tip: intake.harvest.final, former: nil, merge: planned)
    try state.write(in: place.run)
    try transaction.delivery.fetch([workspace.record.reference], from: intake.directory)
    try transaction.delivery.move(
      workspace.record.reference,
      from: nil,
      to: state.tip,
      because: "test"
    )
    try place.sh("echo precious > a.txt")
    #expect(throws: GitError.self) { try transaction.recover() }
    #expect(try place.sh("cat a.txt").output == "precious\n")
    try place.sh("git checkout -q a.txt")
    #expect(try transaction.recover() != nil)
    #expect(try place.sh("cat a.txt x; git status --porcelain").output == "one\nmore\nx\n")
  }
}
