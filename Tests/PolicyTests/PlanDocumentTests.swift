import Policy
import Testing

/// Work in parts, as a document says it.
struct PlanDocumentTests {
  private func parse(_ text: String) throws -> PlanDocument {
    try PlanDocument.parse(text, file: "plan.yaml")
  }

  @Test func `a plan says who does what, after what, and for how much`() throws {
    let plan = try parse(
      """
      version: 1
      at-once: 3
      conflicts: agent aider
      tasks:
        - name: lexer
          task: Write the lexer.
          agent: aider
          model: cheap
          policy: strict.yaml
          budget: 0.50 USD
          turns: 40
        - { name: parser, task: Write the parser., after: [lexer] }
        - { name: review, task: Read it., after: [parser, lexer], merge: false }
      """
    )
    #expect(plan.atOnce == 3)
    #expect(plan.conflicts == .agent("aider"))
    #expect(plan.parts.map(\.name) == ["lexer", "parser", "review"])
    let lexer = try #require(plan.part("lexer"))
    #expect(lexer.agent == "aider" && lexer.model == "cheap" && lexer.policy == "strict.yaml")
    #expect(lexer.budget?.text == "0.50 USD" && lexer.turns == 40 && lexer.merges)
    #expect(plan.part("review")?.merges == false)
    #expect(plan.groups.map { $0.map(\.name) } == [["lexer"], ["parser"], ["review"]])
    let least = try parse("version: 1\ntasks: [{ name: a, task: b }]\n")
    #expect(least.atOnce == PlanDocument.mostAtOnce && least.conflicts == .ask)
  }

  @Test(
    arguments: [
      ("tasks: [{ name: a, task: b }]", 1, "version: the key is missing"),
      ("version: 1", 1, "tasks: the key is missing"),
      ("version: 1\ntasks: []", 2, "there are 0 tasks"),
      ("version: 1\ntasks: [{ name: a }]", 2, "tasks[0].task: the key is missing"),
      ("version: 1\ntasks: [{ task: a }]", 2, "tasks[0].name: the key is missing"),
      ("version: 1\ntasks: [{ name: a, task: ' ' }]", 2, "the task is empty"),
      ("version: 1\ntasks: [{ name: a b, task: c }]", 2, "is no name of a task"),
      ("version: 1\ntasks:\n- { name: a, task: b }\n- { name: a, task: b }", 4, "two tasks are"),
      ("version: 1\ntasks:\n- { name: ab, task: b, after: [ac] }\n", 3, "no task is called that"),
      ("version: 1\ntasks:\n- { name: a, task: b, after: [a] }\n", 3, "a after a"),
      (
        "version: 1\ntasks:\n- { name: x, task: b }\n- { name: a, task: b, after: [b] }\n"
          + "- { name: b, task: b, after: [c, x] }\n- { name: c, task: b, after: [a] }\n",
        4, "a after b after c after a"
      ),
      ("version: 1\nat-once: 17\ntasks: [{ name: a, task: b }]", 2, "write 1 to 16"),
      ("version: 1\nconflicts: me\ntasks: [{ name: a, task: b }]", 2, "write ask, agent"),
      ("version: 1\ntasks: [{ name: a, task: b, merge: perhaps }]", 2, "neither true nor false"),
      ("version: 1\ntasks: [{ name: a, task: b, needs: [c] }]", 2, "did you mean 'after'?"),
      ("version: 1\ntasks: [{ name: a, task: b, budget: much }]", 2, "budget"),
      ("version: 1\ntasks: 3", 2, "a list is expected"),
      ("[", 2, ""), ("", 1, ""),
    ] as [(String, Int, String)]
  )
  func `what cannot be is refused with its place`(text: String, line: Int, words: String) throws {
    let error = #expect(throws: PolicyError.self) { _ = try parse(text) }
    let first = try #require(error?.problems.first)
    #expect(first.line == line || text.isEmpty, "\(first)")
    #expect("\(error.map { "\($0)" } ?? "")".contains(words), "\(String(describing: error))")
  }

  @Test func `whatever the text is, it is read or refused`() {
    var random = SplitMix(seed: 7)
    let good = Array(
      "version: 1\nat-once: 2\ntasks:\n- { name: a, task: b, after: [c] }\n- { name: c, task: d }\n"
        .utf8
    )
    for _ in 0..<2_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        default: bytes.insert(UInt8.random(in: 9...126, using: &random), at: place)
        }
      }
      guard let plan = try? parse(String(decoding: bytes, as: UTF8.self)) else { continue }
      #expect(plan.cycle.isEmpty)
      #expect(plan.groups.joined().count == plan.parts.count)
    }
  }

  // MARK: Policies of those who do the parts

  private func policy(_ text: String) throws -> PolicyDocument {
    try PolicyDocument.parse("version: 1\n" + text, file: "p")
  }

  @Test func `an agent's policy is no wider than that of whoever gives it work`() throws {
    let wide = try policy(
      "network: [{ host: a.example.com }]\nlimits: { memory: 2GiB }\nworkspace: { mode: branch }\n"
    )
    let same = try PolicyNarrowing.narrowed(policy("limits: { memory: 1GiB }\n"), within: wide)
    #expect(same.workspace == .branch)
    #expect(same.limits.memoryBytes == 1 << 30)
    for (text, words) in [
      ("network: [{ host: b.example.com }]\nlimits: { memory: 1GiB }\n", "b.example.com"),
      ("network: [{ host: a.example.com }]\n", "memory"),
      ("filesystem: { read: [$SYSTEM, /srv] }\nlimits: { memory: 1GiB }\n", "/srv"),
    ] {
      let error = #expect(throws: PolicyNarrowing.Wider.self) {
        _ = try PolicyNarrowing.narrowed(policy(text), within: wide)
      }
      #expect(error?.sentences.joined().contains(words) == true, "\(String(describing: error))")
    }
  }

  @Test func `what a policy does not say of models is as above it`() throws {
    let wide = try policy("models: { allow: [m, n], budget: 1.00 USD }\n")
    let silent = try PolicyNarrowing.narrowed(policy(""), within: wide)
    #expect(silent.models == wide.models)
    let fewer = try PolicyNarrowing.narrowed(policy("models: { allow: [n] }\n"), within: wide)
    #expect(fewer.models?.allow == ["n"])
    #expect(fewer.models?.budget?.text == "1.00 USD")
    #expect(throws: PolicyNarrowing.Wider.self) {
      _ = try PolicyNarrowing.narrowed(policy("models: { allow: [o] }\n"), within: wide)
    }
    let free = try PolicyNarrowing.narrowed(policy("models: { allow: [o] }\n"), within: policy(""))
    #expect(free.models?.allow == ["o"])
  }

  @Test func `rules that ask stay before those that a narrower policy adds`() throws {
    let strict = "{ when: \"command rm*\", ask: always }"
    let lax = "{ when: command, ask: once }"
    let narrowed = try PolicyNarrowing.narrowed(
      policy("approvals: [\(lax), \(strict)]\n"),
      within: policy("approvals: [\(strict)]\n")
    )
    #expect(narrowed.approvals.map(\.condition.text) == ["command rm*", "command"])
  }
}
