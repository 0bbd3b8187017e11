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

  @Test(.timeLimit(.minutes(10)))
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

  @Test(.timeLimit(.minutes(10)))
  func `work that failed goes on under its key when it is resumed`() async throws {
    let script = """
      [{"call":"nothing","with":{}}, {"call":"nothing","with":{}}, {"call":"nothing","with":{}},
       {"call":"nothing","with":{}}, {"call":"bash","with":{"command":"echo again"}},
       {"call":"done","with":{"summary":"after all"}}]
      """
    try await Household.with(script) { household in
      let id = try await household.assign("1ng2000000a6")
      let ends: Set<Assignment.State> = [.done, .failed, .parked]
      #expect(try await household.wait(for: id, ends).state == .failed)
      _ = try await household.store.resume(id, by: "a test")
      let ended = try await household.wait(for: id, ends)
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      #expect(household.answers == 6)
    }
  }

  @Test(.timeLimit(.minutes(10)))
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

  private static let spends = """
    [{"call":"bash","with":{"command":"echo 1"}},
     {"call":"bash","with":{"command":"echo 2"}},
     {"call":"done","with":{"summary":"spent"}}]
    """

  @Test(.timeLimit(.minutes(10)))
  func `a yes to one amount is none to a higher one`() async throws {
    try await Household.with(Self.spends) { household in
      let rules = [1, 2].map { "{ when: \"spend > 0.000\($0) USD\", ask: session }" }
      let policy = "version: 1\napprovals: [\(rules.joined(separator: ", "))]\n"
      let id = try await household.assign("1ng2000000e4", household.settings(policy))
      for amount in ["0.0001", "0.0002"] {
        let asked = try await question(household, of: id)
        #expect(asked.action.contains("spend > \(amount) USD"), "\(asked)")
        _ = try await household.store.answer(asked.id, answer(asked, true, nil))
      }
      #expect(try await household.wait(for: id, [.done, .failed, .parked]).state == .done)
    }
  }

  private func spending(_ ask: String) -> String {
    // Less than any answer of the model costs.
    "version: 1\napprovals: [{ when: \"spend > 0.0002 USD\", ask: \(ask) }]\n"
  }

  @Test(.timeLimit(.minutes(10)))
  func `money is spent beyond an amount when a person has said so, once or each time`()
    async throws
  {
    try await Household.with(Self.spends) { household in
      for (name, ask, questions) in [("1ng2000000e1", "session", 1), ("1ng2000000e2", "always", 2)]
      {
        let id = try await household.assign(name, household.settings(spending(ask)))
        for _ in 0..<questions {
          let asked = try await question(household, of: id)
          #expect(asked.action.contains("spend > 0.0002 USD"))
          let shown = try household.run("show", id).output
          #expect(shown.contains("wants to go on"), "\(shown)")
          _ = try await household.store.answer(asked.id, answer(asked, true, nil))
        }
        #expect(try await household.wait(for: id, [.done, .failed, .parked]).state == .done)
        #expect(try await household.store.approvals(nil, of: id).count == questions)
      }
      #expect(household.answers == 6)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `who says no to spending more sets the work aside, and is asked anew by a resume`()
    async throws
  {
    try await Household.with(Self.spends) { household in
      let id = try await household.assign(
        "1ng2000000e3",
        household.settings(spending("session"))
      )
      let asked = try await question(household, of: id)
      _ = try await household.store.answer(asked.id, answer(asked, false, "too dear"))
      let parked = try await household.wait(for: id, [.done, .failed, .parked])
      #expect(parked.state == .parked)
      #expect(parked.reason?.contains("a person said no: too dear") == true, "\(parked)")
      #expect(household.answers == 1)
      #expect(try household.run("resume", id).status == 0)
      let again = try await question(household, of: id)
      #expect(again.id != asked.id)
      _ = try await household.store.answer(again.id, answer(again, true, nil))
      #expect(try await household.wait(for: id, [.done, .failed, .parked]).state == .done)
      #expect(household.answers == 3)
    }
  }
}
