import Agent
import Foundation
import Journal
import Testing

/// What the policy or the agent asks of a person; the model's answers are scripted.
@Suite(.takesTurns) struct QuestionTests {
  private static let asks = """
    [{"call":"ask","with":{"question":"Which name?"}},
     {"call":"done","with":{"summary":"asked"}}]
    """
  private static let removes = """
    [{"call":"bash","with":{"command":"rm gcd.py"}},
     {"call":"bash","with":{"command":"ls"}},
     {"call":"done","with":{"summary":"removed"}}]
    """
  private static let policy = """
    version: 1
    approvals: [{ when: "command rm*", ask: always }]
    """

  private func question(_ household: Household, of id: String) async throws -> Approval {
    _ = try await household.wait(for: id, [.waiting])
    return try #require(try await household.store.approvals(.pending, of: id).first)
  }

  private func answer(_ asked: Approval, _ isApproved: Bool, _ comment: String?) -> ApprovalAnswer {
    ApprovalAnswer(
      isApproved: isApproved,
      scope: .once,
      by: "a test",
      comment: comment,
      hash: asked.hash
    )
  }

  private func results(_ household: Household, of id: String) async throws -> [String] {
    try await household.store.steps(of: id, after: 0).filter { $0.intent.kind.hasPrefix("tool:") }
      .compactMap(\.outcome?.body)
  }

  @Test(.timeLimit(.minutes(4)))
  func `each way in which a question ends reaches the agent as itself`() async throws {
    try await Household.with(Self.asks) { household in
      for (name, isApproved, comment, words) in [
        ("1ng2000000a1", true, "Ada", "Ada"), ("1ng2000000a2", false, "no idea", "No: no idea"),
        ("1ng2000000a3", false, nil, "No."),
      ] {
        let id = try await household.assign(name)
        let asked = try await question(household, of: id)
        #expect(asked.action.contains("Which name?"))
        // No answer is lost with the daemon.
        if comment == "Ada" {
          household.killDaemon()
          try household.up()
        }
        _ = try await household.store.answer(asked.id, answer(asked, isApproved, comment))
        #expect(try await household.wait(for: id, [.done, .failed, .parked]).state == .done)
        let first = try await results(household, of: id).first
        #expect(first?.contains(words) == true, "\(first ?? "")")
      }
      var settings = household.settings()
      settings.patience = 1
      let late = try await household.assign("1ng2000000a4", settings)
      #expect(try await household.wait(for: late, [.done, .failed, .parked]).state == .done)
      let said = try await results(household, of: late).first
      #expect(said?.contains("Nobody answered in time") == true, "\(said ?? "")")
      // Withdrawn by a stop, and asked anew when the work goes on.
      let stopped = try await household.assign("1ng2000000a5")
      let before = try await question(household, of: stopped)
      _ = try await household.store.stop(stopped, by: "a test")
      #expect(try await household.store.approval(before.id)?.state == .superseded)
      _ = try await household.store.resume(stopped, by: "a test")
      let again = try await question(household, of: stopped)
      _ = try await household.store.answer(again.id, answer(again, true, "Grace"))
      #expect(try await household.wait(for: stopped, [.done, .failed, .parked]).state == .done)
    }
  }

  @Test(.timeLimit(.minutes(4)))
  func `what the policy wants seen waits for a word about exactly that`() async throws {
    try await Household.with(Self.removes) { household in
      let yes = try await household.assign("1ng2000000b1", household.settings(Self.policy))
      let asked = try await question(household, of: yes)
      #expect(asked.action.contains("rm gcd.py") && asked.action.contains("command rm*"))
      await #expect(throws: WorkError.self) {
        try await household.store.answer(
          asked.id,
          ApprovalAnswer(
            isApproved: true,
            scope: .once,
            by: "a test",
            hash: String(repeating: "0", count: 64)
          )
        )
      }
      await #expect(throws: WorkError.self) {
        let wide = ApprovalAnswer(isApproved: true, scope: .always, by: "a test", hash: asked.hash)
        return try await household.store.answer(asked.id, wide)
      }
      _ = try await household.store.answer(asked.id, answer(asked, true, nil))
      #expect(try await household.wait(for: yes, [.done, .failed, .parked]).state == .done)
      let after = try await results(household, of: yes)
      #expect(after.dropFirst().first == #"{"text":"test_gcd.py\n"}"#, "\(after)")

      let no = try await household.assign("1ng2000000b2", household.settings(Self.policy))
      let other = try await question(household, of: no)
      _ = try await household.store.answer(other.id, answer(other, false, "keep it"))
      #expect(try await household.wait(for: no, [.done, .failed, .parked]).state == .done)
      let kept = try await results(household, of: no)
      #expect(kept.first?.contains("keep it") == true)
      #expect(kept.dropFirst().first?.contains("gcd.py") == true)
    }
  }
}
