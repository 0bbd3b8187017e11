import Agent
import Foundation
import Journal
import SystemPackage
import Testing

/// Agents below an agent, and the money that they share; the model's answers are scripted.
@Suite(.takesTurns) struct ManyAgentsTests {
  private static let tasks = (1...16).map { #""part \#($0)""# }.joined(separator: ",")

  /// The one who gives the work is told apart by its own words.
  private static let script = """
    {"Repair what": [{"call":"spawn","with":{"tasks":[\(tasks)]}},{"call":"done","with":{"summary":"all parts"}}],
     "": [{"call":"bash","with":{"command":"echo done > part"}},
          {"call":"bash","with":{"command":"cat part"}},
          {"call":"done","with":{"summary":"one part"}}]}
    """

  @Test(.timeLimit(.minutes(10)))
  func `sixteen agents work for one, and it hears of each`() async throws {
    try await Household.with(Self.script, workers: 2) { household in
      let id = try await household.assign("1ng2000000c1")
      let ended = try await household.wait(for: id, [.done, .failed, .parked], seconds: 150)
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      let children = try await household.store.assignments(AssignmentFilter(parent: id))
      #expect(children.count == 16)
      #expect(children.allSatisfy { $0.state == .done })
      let heard = try await household.store.steps(of: id, after: 0)
        .first { $0.intent.kind == "tool:spawn" }?.outcome?.body
      for child in children { #expect(heard?.contains(child.id) == true) }
      #expect(household.answers == 2 + 16 * 3)
      // The provider's books, the bill, the gateway's calls and the sums of the ledger are of one mind.
      let booked = try household.booked()
      #expect(booked > 0)
      #expect(try household.billed(id) == booked)
      let ledger = try Ledger.open(directory: FilePath(household.home))
      defer { ledger.close() }
      #expect(try ledger.bill(by: .run, Bill.Selection()).total.charged == booked)
      let account = try #require(try ledger.accounts().first { $0.account.id == "run:\(id)" })
      #expect(account.sums.spent == booked)
      #expect(try household.run("bill", "--verify").status == 0)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `together they spend no more than the one who gave the work may`() async throws {
    try await Household.with(Self.script, workers: 2) { household in
      var settings = household.settings()
      // Enough for some of the parts, not for all: an answer's ceiling is about 10^10 pico-dollars.
      settings.bounds.answer = 1_000
      settings.budget = 20_000_000_000
      let id = try await household.assign("1ng2000000c2", settings)
      _ = try await household.wait(for: id, [.done, .failed, .parked], seconds: 150)
      let children = try await household.store.assignments(AssignmentFilter(parent: id))
      #expect(children.contains { $0.state == .parked && $0.reason?.contains("budget") == true })
      let ledger = try Ledger.open(directory: FilePath(household.home))
      defer { ledger.close() }
      func found() throws -> AccountState? {
        try ledger.accounts().first { $0.account.id == "run:\(id)" }
      }
      // The gateway settles its last call a moment after it has answered.
      for _ in 0..<100 where try found()?.sums.reserved != 0 {
        await household.store.waitForChange(timeout: .milliseconds(100))
      }
      let account = try #require(try found())
      #expect(account.sums.spent <= 20_000_000_000)
      #expect(account.sums.reserved == 0)
      #expect(try household.booked() == account.sums.spent)
      #expect(try ledger.verify() == [])
    }
  }
}
