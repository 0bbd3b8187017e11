import Agent
import Foundation
import Glibc
import Journal
import Synchronization
import Testing

/// Plans, with agents that work at the same time on branches of their own; the model's answers are
/// scripted.
@Suite(.takesTurns) struct PlanTests {
  private static let chain = """
    version: 1
    tasks:
      - { name: one, task: Make the first. }
      - { name: two, task: Make the second. }
      - { name: three, task: Make the third., after: [one, two] }
    """

  private static let chainScript = """
    {"Make the third.": [{"call":"bash","with":{"command":"cat one.txt two.txt > three.txt"}},
                         {"call":"done","with":{"summary":"third is made"}}],
     "Make the first.": [{"call":"bash","with":{"command":"echo 1 > one.txt"}},
                         {"call":"done","with":{"summary":"first is made"}}],
     "Make the second.": [{"call":"bash","with":{"command":"echo 2 > two.txt && git add . && git -c user.name=x -c user.email=x@y commit -qm two"}},
                          {"call":"done","with":{"summary":"second is made"}}]}
    """

  /// The same, with changes that can be looked for after a crash.
  private static let probedScript = """
    {"Make the third.": [{"call":"read","with":{"path":"one.txt"}},{"call":"write","with":{"path":"three.txt","content":"1\\n2\\n"}},
                         {"call":"done","with":{"summary":"third is made"}}],
     "Make the first.": [{"call":"write","with":{"path":"one.txt","content":"1\\n"}},
                         {"call":"done","with":{"summary":"first is made"}}],
     "Make the second.": [{"call":"write","with":{"path":"two.txt","content":"2\\n"}},
                          {"call":"done","with":{"summary":"second is made"}}]}
    """

  /// Two that change the same lines, and somebody who settles that.
  private static let quarrel = """
    version: 1
    CONFLICTS
    tasks:
      - { name: one, task: Make the first. }
      - { name: two, task: Make the second., after: [] }
    """

  private static let quarrelScript = """
    {"A branch is merged into": [{"call":"bash","with":{"command":"SETTLE"}},
                                 {"call":"done","with":{"summary":"kept both"}}],
     "Make the first.": [{"call":"bash","with":{"command":"echo 1 > same.txt"}},
                         {"call":"done","with":{"summary":"first is made"}}],
     "Make the second.": [{"call":"bash","with":{"command":"echo 2 > same.txt; echo 2 > two.txt"}},
                          {"call":"done","with":{"summary":"second is made"}}]}
    """

  private static func quarrelScript(_ settle: String) -> String {
    quarrelScript.replacing("SETTLE", with: settle)
  }

  private func settings(_ household: Household, _ plan: String) -> AgentSettings {
    var settings = household.settings("version: 1\nworkspace: { mode: branch }\n")
    settings.workspace = "branch"
    settings.plan = .init(document: plan, file: "plan.yaml", policies: [:])
    return settings
  }

  private func ended(_ id: String, _ household: Household) async throws -> Assignment {
    try await household.wait(for: id, [.done, .failed, .parked], seconds: 150)
  }

  @Test(.timeLimit(.minutes(10)))
  func `the example runs in one command, as it says`() throws {
    let output = NSTemporaryDirectory() + "example-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: output) }
    let example = try Spawned(
      Household.root.appending(path: "Examples/plan/run").path,
      [],
      environment: [
        "CAISSON": Household.program, "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
      ],
      output: output,
      errors: output
    )
    let status = example.wait()
    let text = try String(contentsOfFile: output, encoding: .utf8)
    #expect(status == 0, "\(text)")
    for words in [
      "tests (after length, weight)", "is given to ", "merged into", "Ran 2 tests",
      "- length.py: feet in metres", "- weight.py: pounds in kilograms", "intact: ",
    ] {
      #expect(text.contains(words), "\(text)")
    }
  }

  // MARK: Merging

  @Test(.timeLimit(.minutes(10)))
  func `a plan is worked off in its order, merged, shown and taken as one branch`() async throws {
    try await Household.with(Self.chainScript, workers: 2) { household in
      try household.makeRepository()
      let file = try household.write(Self.chain, to: "plan.yaml")
      let check = try household.run("assign", "--plan", file, "--check")
      #expect(check.status == 0, "\(check)")
      #expect(check.output.contains("three (after one, two)"), "\(check)")
      let given = try household.run("assign", "--plan", file, "--in", household.project)
      #expect(given.status == 0, "\(given)")
      #expect(given.output.contains("three begins: "), "\(given)")
      let plan = try #require(
        try await household.store.assignments(AssignmentFilter()).first { $0.parent == nil }
      )
      #expect(plan.reason == "one: done\ntwo: done\nthree: done")
      let children = try await household.store.assignments(AssignmentFilter(parent: plan.id))
      #expect(children.count == 3)
      let third = try #require(children.first { $0.text.hasPrefix("Make the third.") })
      #expect(third.text.contains("one: first is made"), "\(third.text)")
      #expect(household.answers == 6)
      let shown = try household.run("show", plan.id)
      #expect(shown.output.contains("three: Make the third."), "\(shown)")
      let difference = try household.run("diff", plan.id, "--name-only")
      #expect(difference.output == "one.txt\nthree.txt\ntwo.txt\n", "\(difference)")
      let applied = try household.run("apply", plan.id, "--merge")
      #expect(applied.status == 0, "\(applied)")
      let made = try String(contentsOfFile: household.project + "/three.txt", encoding: .utf8)
      #expect(made == "1\n2\n")
      // What each made is in the user's branch now: nothing is lost with its run.
      for run in children.map(\.id) + [plan.id] {
        let dropped = try household.run("discard", run)
        #expect(dropped.status == 0, "\(dropped)")
      }
      #expect(try household.run("audit", "--verify").output.hasPrefix("intact"))
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `with room for one assignment at a time a plan goes on`() async throws {
    try await Household.with(Self.chainScript, slots: 1) { household in
      try household.makeRepository()
      let id = try await household.assign("1ng2000000p1", settings(household, Self.chain))
      let end = try await ended(id, household)
      #expect(end.state == .done, "\(end.reason ?? "")")
      #expect(household.answers == 6)
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: [350, 800, 1_300])
  func `workers that are killed over and over lose nothing and repeat nothing`(
    milliseconds: Int
  ) async throws {
    try await Household.with(Self.probedScript, delay: 0.2) { household in
      try household.makeRepository()
      let id = try await household.assign("1ng2000000p2", settings(household, Self.chain))
      try await household.killWorkers(
        until: id,
        every: .milliseconds(milliseconds),
        atMost: 12
      )
      let end = try await ended(id, household)
      #expect(end.state == .done, "\(end.reason ?? "")")
      #expect(household.answers == 7)
      let steps = try await household.store.steps(of: id, after: 0)
      #expect(steps.filter { $0.intent.kind == StepKind.begin }.count == 3)
      #expect(steps.filter { $0.intent.kind == StepKind.merge }.count == 3)
      #expect(steps.allSatisfy { $0.outcome?.status == .done })
      #expect(try household.run("apply", id).status == 0)
      let merges = try household.git("rev-list", "--merges", "--count", "caisson/\(id)")
      // The first one's commit is what the branch is moved on to.
      #expect(merges == "2\n")
      #expect(try household.git("show", "caisson/\(id):three.txt") == "1\n2\n")
      #expect(try household.run("audit", "--verify").output.hasPrefix("intact"))
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `merges that are killed are done again, and once`() async throws {
    try await Household.with(Self.probedScript) { household in
      try household.makeRepository()
      let id = try await household.assign("1ng2000000p7", settings(household, Self.chain))
      let killed = Mutex(Set<Int32>())
      let isOver = Mutex(false)
      // On a thread of its own: other tests may keep those of tasks for longer than a merge takes.
      Thread.detachNewThread {
        while !isOver.withLock({ $0 }), killed.withLock({ $0.count }) < 7 {
          let known = killed.withLock { $0 }
          for process in household.processes("handover") where !known.contains(process) {
            // Anywhere in it: it takes up to half a second. The first at once, so that one is hit.
            if !known.isEmpty { usleep(UInt32.random(in: 0...500_000)) }
            if kill(process, SIGKILL) == 0 { killed.withLock { _ = $0.insert(process) } }
          }
          usleep(5_000)
        }
      }
      let ended = try await ended(id, household)
      isOver.withLock { $0 = true }
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      #expect(killed.withLock { !$0.isEmpty })
      #expect(household.answers == 7)
      #expect(try household.run("apply", id).status == 0)
      let merges = try household.git("rev-list", "--merges", "--count", "caisson/\(id)")
      #expect(merges == "2\n")
      #expect(try household.git("show", "caisson/\(id):three.txt") == "1\n2\n")
      #expect(try household.git("fsck", "--strict") == "")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a daemon that is killed leaves a plan to the next one`() async throws {
    try await Household.with(Self.probedScript, delay: 0.2) { household in
      try household.makeRepository()
      let id = try await household.assign("1ng2000000p9", settings(household, Self.chain))
      for kind in [StepKind.begin, StepKind.merge] {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
          let steps = try await household.store.steps(of: id, after: 0)
          if steps.contains(where: { $0.intent.kind == kind }) { break }
          await household.store.waitForChange(timeout: .milliseconds(100))
        }
        household.killDaemon()
        try household.up()
      }
      let end = try await ended(id, household)
      #expect(end.state == .done, "\(end.reason ?? "")")
      #expect(household.answers == 7)
      let difference = try household.run("diff", id, "--name-only")
      #expect(difference.output == "one.txt\nthree.txt\ntwo.txt\n", "\(difference)")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `another agent may do a part of it, on a branch like every other`() async throws {
    try await Household.with(Self.chainScript) { household in
      try household.makeRepository()
      try household.describe(
        "copier",
        """
        version: 1
        name: copier
        command: [sh, -c, "cat one.txt one.txt > twice.txt; echo it is copied", $TASK]
        """
      )
      let plan = """
        version: 1
        tasks:
          - { name: one, task: Make the first. }
          - { name: copy, task: Copy it., agent: copier, after: [one] }
        """
      let id = try await household.assign("1ng2000000pa", settings(household, plan))
      let end = try await ended(id, household)
      #expect(end.state == .done, "\(end.reason ?? "")")
      #expect(try household.run("apply", id).status == 0)
      #expect(try household.git("show", "caisson/\(id):twice.txt") == "1\n1\n")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a plan that was stopped goes on when it is resumed, and its agents with it`() async throws {
    try await Household.with(Self.probedScript, delay: 0.5) { household in
      try household.makeRepository()
      let id = try await household.assign("1ng2000000p8", settings(household, Self.chain))
      let end = ContinuousClock.now + .seconds(60)
      while ContinuousClock.now < end {
        let steps = try await household.store.steps(of: id, after: 0)
        if steps.contains(where: { $0.intent.kind == StepKind.begin }) { break }
        await household.store.waitForChange(timeout: .milliseconds(200))
      }
      #expect(try household.run("stop", id).status == 0)
      _ = try await household.wait(for: id, [.stopped])
      for child in try await household.store.assignments(AssignmentFilter(parent: id)) {
        _ = try await household.wait(for: child.id, [.stopped, .done])
      }
      let resumed = try household.run("resume", id)
      #expect(resumed.status == 0, "\(resumed)")
      let ended = try await ended(id, household)
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      let difference = try household.run("diff", id, "--name-only")
      #expect(difference.output == "one.txt\nthree.txt\ntwo.txt\n", "\(difference)")
    }
  }

  // MARK: Conflicts

  @Test(.timeLimit(.minutes(10)))
  func `a conflict is shown to a person, and an agent settles it as he says`() async throws {
    let script = Self.quarrelScript("grep -c '<<<<<<<' same.txt; printf '1\\\\n2\\\\n' > same.txt")
    try await Household.with(script) { household in
      try household.makeRepository()
      let plan = Self.quarrel.replacing("CONFLICTS", with: "conflicts: ask")
      let id = try await household.assign("1ng2000000p3", settings(household, plan))
      let question = try await question(of: id, household)
      let shown = try household.run("show", id)
      #expect(shown.output.contains("same.txt"), "\(shown)")
      #expect(shown.output.contains("<<<<<<< merged"), "\(shown)")
      #expect(shown.output.contains("caisson deny \(question)"), "\(shown)")
      let answer = try household.run("approve", question, "--comment", "Keep both lines.")
      #expect(answer.status == 0, "\(answer)")
      let end = try await ended(id, household)
      #expect(end.state == .done, "\(end.reason ?? "")")
      let children = try await household.store.assignments(AssignmentFilter(parent: id))
      let settler = try #require(children.first { $0.text.hasPrefix("A branch is merged into") })
      #expect(settler.text.contains("Keep both lines."))
      #expect(try household.run("apply", id).status == 0)
      #expect(try household.git("show", "caisson/\(id):same.txt") == "1\n2\n")
      // Both sides lead to it, and no commit on the way holds marks.
      #expect(
        try household.git("log", "--format=%h", "-S<<<<<<<", "caisson/\(id)", "--", "same.txt")
          == ""
      )
      let others = children.map(\.id).filter { $0 != settler.id }
      for child in others {
        let dropped = try household.run("discard", child)
        #expect(dropped.status == 0, "\(dropped)")
      }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `what a person leaves out stays in its own run, and is not thrown away`() async throws {
    try await Household.with(Self.quarrelScript("true")) { household in
      try household.makeRepository()
      let plan = Self.quarrel.replacing("CONFLICTS", with: "conflicts: ask")
      let id = try await household.assign("1ng2000000p4", settings(household, plan))
      let question = try await question(of: id, household)
      #expect(try household.run("deny", question).status == 0)
      let end = try await ended(id, household)
      #expect(end.state == .done, "\(end.reason ?? "")")
      #expect(end.reason?.contains("left out; its work stays in run") == true)
      let children = try await household.store.assignments(AssignmentFilter(parent: id))
      let left = try #require(children.first { end.reason?.contains($0.id) == true })
      #expect(try household.run("discard", id, "--force").status == 0)
      let dropped = try household.run("discard", left.id)
      #expect(dropped.status == 125, "\(dropped)")
      #expect(dropped.errors.contains("unmerged commit"), "\(dropped)")
      let difference = try household.run("diff", left.id, "--name-only")
      #expect(difference.output.contains("same.txt"), "\(difference)")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a plan's agent settles conflicts, and marks that it leaves are not taken`() async throws {
    // The first who is asked leaves the marks as they are.
    let script = Self.quarrelScript("echo # >> two.txt")
    try await Household.with(script) { household in
      try household.makeRepository()
      let plan = Self.quarrel.replacing("CONFLICTS", with: "conflicts: agent")
      let id = try await household.assign("1ng2000000p5", settings(household, plan))
      let question = try await question(of: id, household)
      let shown = try household.run("show", id)
      #expect(shown.output.contains("marks of conflicts are left in same.txt"), "\(shown)")
      #expect(try household.run("deny", question).status == 0)
      #expect(try await ended(id, household).state == .done)
    }
  }

  /// The question that somebody is asked, once it is.
  private func question(of id: String, _ household: Household) async throws -> String {
    let end = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < end {
      if let asked = try await household.store.approvals(.pending, of: id).first { return asked.id }
      await household.store.waitForChange(timeout: .milliseconds(200))
    }
    throw Household.Failure(description: "\(id) asks nothing")
  }

  /// One agent does as it is told; the other commits a name that no file system takes, in a place that
  /// is left out of what is committed for it.
  private static let namesScript = #"""
    {"Make the first.": [{"call":"bash","with":{"command":"echo 1 > one.txt"}},
                         {"call":"done","with":{"summary":"first is made"}}],
     "Make the second.": [{"call":"bash","with":{"command":"mkdir -p n/.git; b=$(echo x | git hash-object -w --stdin); l=$(printf '%0300d' 7); t=$(printf '100644 blob %s\t%s\n' $b $l | git mktree); r=$( (git ls-tree HEAD; printf '040000 tree %s\tn\n' $t) | git mktree); c=$(git -c user.name=x -c user.email=x@y commit-tree $r -p HEAD -m x); git reset -q --soft $c && git log --oneline | head -1"}},
                          {"call":"done","with":{"summary":"second is made"}}]}
    """#

  @Test(.timeLimit(.minutes(10)))
  func `a branch that no file system takes is left out, and the others' work can be had`()
    async throws
  {
    try await Household.with(Self.namesScript) { household in
      try household.makeRepository()
      let plan = """
        version: 1
        tasks:
          - { name: one, task: Make the first. }
          - { name: two, task: Make the second. }
        """
      let id = try await household.assign("1ng2000000pn", settings(household, plan))
      let end = try await ended(id, household)
      #expect(end.state != .done, "\(end)")
      #expect(end.reason?.contains("longer than file systems take") == true, "\(end.reason ?? "")")
      let shown = try household.run("diff", id, "--name-only")
      #expect(shown.status == 0 && shown.output == "one.txt\n", "\(shown)")
      #expect(try household.run("apply", id).status == 0)
    }
  }

  // MARK: What is held

  @Test(.timeLimit(.minutes(10)))
  func `an agent whose policy is wider than the plan's is refused before anything`() async throws {
    try await Household.with("[]") { household in
      try household.makeRepository()
      _ = try household.write("version: 1\nnetwork: [{ host: example.com }]\n", to: "wide.yaml")
      let file = try household.write(
        "version: 1\ntasks: [{ name: one, task: Do it., policy: wide.yaml }]\n",
        to: "plan.yaml"
      )
      let given = try household.run("assign", "--plan", file, "--in", household.project)
      #expect(given.status == 126, "\(given)")
      #expect(given.errors.contains("allows more than the plan's"), "\(given)")
      #expect(given.errors.contains("example.com"), "\(given)")
      #expect(try await household.store.assignments(AssignmentFilter()).isEmpty)
      let cycle = try household.write(
        "version: 1\ntasks: [{ name: one, task: Do it., after: [one] }]\n",
        to: "cycle.yaml"
      )
      let refused = try household.run("assign", "--plan", cycle, "--in", household.project)
      #expect(refused.status == 64, "\(refused)")
      #expect(refused.errors.contains("cycle.yaml:2:"), "\(refused)")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `the daemon holds what is given to it, whoever asks`() async throws {
    try await Household.with("[]") { household in
      try household.makeRepository()
      func plan(_ tasks: String, _ policies: String = "{}") -> String {
        #""plan":{"document":"version: 1\ntasks: \#(tasks)","file":"p.yaml","policies":\#(policies)}"#
      }
      let branch = #""workspace":"branch""#
      let wide = #"{"w":"version: 1\nnetwork: [{ host: example.com }]\n"}"#
      for (members, words) in [
        (#""parallel":2,"workspace":"overlay""#, "have branches"),
        (#""parallel":0,"# + branch, "parallel is 0"),
        (#""parallel":2,"agent":"aider","# + branch, "gives nobody work"),
        (#""parallel":2,"# + branch + "," + plan("[{ name: a, task: b }]"), "a plan says at-once"),
        (
          branch + "," + plan("[{ name: a, task: b, policy: w }]", wide),
          "It may ask anything of example.com"
        ),
        (
          branch + "," + plan("[{ name: a, task: b, policy: w }]"), "nothing is known of its policy"
        ),
        (branch + "," + plan("[{ name: a, task: b, agent: nobody }]"), "there is no agent nobody"),
        (branch + "," + plan("[{ name: a, task: b, after: [c] }]"), "no task is called that"),
      ] {
        let order =
          #"{"text":"x","directory":"\#(household.project)","model":"m","#
          + #""policy":"version: 1\n","policyName":"p",\#(members)}"#
        let said = try household.post(order, to: "/v1/assignments")
        #expect(said.contains(words), "\(members): \(said)")
      }
      #expect(try await household.store.assignments(AssignmentFilter()).isEmpty)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `an agent whose budget is used up sets the plan aside, and others are merged`()
    async throws
  {
    try await Household.with(Self.chainScript) { household in
      try household.makeRepository()
      let plan = Self.chain.replacing(
        "task: Make the first.",
        with: "task: Make the first., budget: 0.0001 USD"
      )
      let id = try await household.assign("1ng2000000p6", settings(household, plan))
      let end = try await ended(id, household)
      #expect(end.state == .parked, "\(end.reason ?? "")")
      #expect(end.reason?.contains("the budget is used up") == true, "\(end.reason ?? "")")
      #expect(end.reason?.contains("two: done\nthree: not begun") == true, "\(end.reason ?? "")")
      let difference = try household.run("diff", id, "--name-only")
      #expect(difference.output == "two.txt\n", "\(difference)")
    }
  }
}
