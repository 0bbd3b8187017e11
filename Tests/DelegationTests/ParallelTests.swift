import Agent
import Foundation
import Glibc
import Journal
import Testing

/// An agent that gives parts of its work to others, whose branches are merged into its own; the model's
/// answers are scripted.
@Suite(.takesTurns) struct ParallelTests {
  private static let script = """
    {"Split it.": [{"call":"bash","with":{"command":"echo before > before.txt"}},
                   {"call":"spawn","with":{"tasks":["Part one.","Part two.","Part three."]}},
                   {"call":"bash","with":{"command":"cat one.txt two.txt three.txt"}},
                   {"call":"done","with":{"summary":"all three"}}],
     "Part one.": [{"call":"bash","with":{"command":"cat before.txt > one.txt"}},{"call":"done","with":{"summary":"1"}}],
     "Part two.": [{"call":"bash","with":{"command":"echo 2 > two.txt"}},{"call":"done","with":{"summary":"2"}}],
     "Part three.": [{"call":"bash","with":{"command":"echo 3 > three.txt"}},{"call":"done","with":{"summary":"3"}}]}
    """

  /// Each change is one that can be looked for after a crash.
  private static let probedScript = """
    {"Split it.": [{"call":"write","with":{"path":"before.txt","content":"0\\n"}},
                   {"call":"spawn","with":{"tasks":["Part one.","Part two.","Part three."]}},
                   {"call":"read","with":{"path":"three.txt"}},
                   {"call":"done","with":{"summary":"all three"}}],
     "Part one.": [{"call":"write","with":{"path":"one.txt","content":"1\\n"}},{"call":"done","with":{"summary":"1"}}],
     "Part two.": [{"call":"write","with":{"path":"two.txt","content":"2\\n"}},{"call":"done","with":{"summary":"2"}}],
     "Part three.": [{"call":"write","with":{"path":"three.txt","content":"3\\n"}},{"call":"done","with":{"summary":"3"}}]}
    """

  private func settings(_ household: Household) -> AgentSettings {
    var settings = household.settings("version: 1\nworkspace: { mode: branch }\n")
    settings.workspace = "branch"
    settings.parallel = 3
    return settings
  }

  @Test(.timeLimit(.minutes(10)))
  func `what agents make is merged into the work tree of whoever gave them work`() async throws {
    try await Household.with(Self.script, workers: 2) { household in
      try household.makeRepository()
      let given = try household.run(
        "assign",
        "Split it.",
        "--parallel",
        "3",
        "--in",
        household.project
      )
      #expect(given.status == 0, "\(given)")
      #expect(given.output.contains("    before\n    2\n    3\n"), "\(given)")
      let planner = try #require(
        try await household.store.assignments(AssignmentFilter()).first { $0.parent == nil }
      )
      let difference = try household.run("diff", planner.id, "--name-only")
      #expect(difference.output == "before.txt\none.txt\nthree.txt\ntwo.txt\n", "\(difference)")
      #expect(household.answers == 4 + 3 * 2)
      #expect(try household.run("apply", planner.id, "--merge").status == 0)
      for child in try await household.store.assignments(AssignmentFilter(parent: planner.id)) {
        let dropped = try household.run("discard", child.id)
        #expect(dropped.status == 0, "\(dropped)")
      }
      let told = try await household.store.steps(of: planner.id, after: 0)
        .first { $0.intent.kind == StepKind.start }?.outcome?.body
      #expect(told?.contains("up to 3 agents") == true)
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: [500, 1_100])
  func `workers that are killed over and over merge each branch once`(
    milliseconds: Int
  ) async throws {
    try await Household.with(Self.probedScript, delay: 0.2) { household in
      try household.makeRepository()
      let id = try await household.assign("1ng2000000q1", settings(household), text: "Split it.")
      try await household.killWorkers(until: id, every: .milliseconds(milliseconds), atMost: 10)
      let end = try await household.wait(for: id, [.done, .failed, .parked], seconds: 150)
      #expect(end.state == .done, "\(end.reason ?? "")")
      #expect(household.answers == 10)
      let children = try await household.store.assignments(AssignmentFilter(parent: id))
      #expect(children.count == 3)
      #expect(try household.run("apply", id).status == 0)
      #expect(try household.git("rev-list", "--merges", "--count", "caisson/\(id)") == "3\n")
      #expect(try household.run("audit", "--verify").output.hasPrefix("intact"))
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `marks of a conflict are left for it, and it is not done before they are settled`()
    async throws
  {
    let script = """
      {"Split it.": [{"call":"spawn","with":{"tasks":["Part one.","Part two."]}},
                     {"call":"done","with":{"summary":"too soon"}},
                     {"call":"bash","with":{"command":"cat same.txt; printf '1\\\\n2\\\\n' > same.txt"}},
                     {"call":"done","with":{"summary":"settled"}}],
       "Part one.": [{"call":"bash","with":{"command":"echo 1 > same.txt"}},{"call":"done","with":{"summary":"1"}}],
       "Part two.": [{"call":"bash","with":{"command":"echo 2 > same.txt"}},{"call":"done","with":{"summary":"2"}}]}
      """
    try await Household.with(script) { household in
      try household.makeRepository()
      let id = try await household.assign("1ng2000000q2", settings(household), text: "Split it.")
      let end = try await household.wait(for: id, [.done, .failed, .parked], seconds: 150)
      #expect(end.state == .done && end.reason == "settled", "\(end.reason ?? "")")
      let steps = try await household.store.steps(of: id, after: 0)
      let heard = steps.first { $0.intent.kind == "tool:spawn" }?.outcome?.body ?? ""
      #expect(heard.contains("Settle the marks in same.txt"), "\(heard)")
      #expect(heard.contains("<<<<<<< merged"), "\(heard)")
      let refused = steps.first { $0.intent.kind == "tool:done" }?.outcome
      #expect(refused?.status == .failed)
      #expect(refused?.body.contains("Marks of conflicts are left in same.txt") == true)
      #expect(try household.run("apply", id).status == 0)
      #expect(try household.git("show", "caisson/\(id):same.txt") == "1\n2\n")
    }
  }
}
