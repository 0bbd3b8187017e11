import Agent
import Foundation
import Glibc
import Journal
import Testing

/// What is killed while work is under way; the model's answers are scripted.
@Suite(.takesTurns) struct DeathTests {
  private static let script = """
    [{"call":"bash","with":{"command":"echo one >> lines; sleep 3.125; echo two >> lines"}},
     {"call":"edit","with":{"path":"gcd.py","old":"a % b, b","new":"b, a % b"}},
     {"call":"bash","with":{"command":"cat lines"}},
     {"call":"done","with":{"summary":"so it is"}}]
    """

  @Test(.timeLimit(.minutes(10)))
  func `a command whose worker died is not repeated, and the agent is told`() async throws {
    try await Household.with(Self.script) { household in
      let id = try await household.assign("1ng2000000d1")
      // Its line is there; the other is not yet.
      try await household.runs("sleep", "3.125")
      for worker in household.workers { kill(worker, SIGKILL) }
      let ended = try await household.wait(for: id, [.done, .failed, .parked])
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      let steps = try await household.store.steps(of: id, after: 0)
      let first = try #require(steps.first { $0.intent.kind == "tool:bash" })
      #expect(first.outcome?.status == .interrupted)
      #expect(first.outcome?.body.contains("not repeated") == true)
      let last = steps.last { $0.intent.kind == "tool:bash" }?.outcome?.body
      #expect(last == #"{"text":"one\n"}"#, "\(last ?? "")")
      #expect(household.answers == 4)
      #expect(try household.run("audit", "--verify").output.hasPrefix("intact"))
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a daemon that dies loses nothing, and the next one goes on`() async throws {
    try await Household.with(Self.script) { household in
      let id = try await household.assign("1ng2000000d2")
      try await household.begun("tool:bash", of: id)
      household.killDaemon()
      try household.up()
      let ended = try await household.wait(for: id, [.done, .failed, .parked])
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      #expect(household.answers == 4)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a daemon that is asked to stop lets the step under way end`() async throws {
    try await Household.with(Self.script) { household in
      let id = try await household.assign("1ng2000000d3")
      try await household.begun("tool:bash", of: id)
      #expect(household.stopDaemon() == 0)
      let steps = try await household.store.steps(of: id, after: 0)
      #expect(steps.allSatisfy { $0.outcome != nil })
      #expect(try await household.store.assignment(id)?.state == .queued)
      try household.up()
      #expect(try await household.wait(for: id, [.done, .failed, .parked]).state == .done)
      let text = try await household.store.steps(of: id, after: 0).last {
        $0.intent.kind == "tool:bash"
      }?.outcome?.body
      #expect(text == #"{"text":"one\ntwo\n"}"#)
    }
  }
}
