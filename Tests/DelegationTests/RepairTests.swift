import Foundation
import Journal
import Testing

/// A real bug in a real project, repaired by our agent with scripted answers of the model.
@Suite(.takesTurns) struct RepairTests {
  private static let script = try? String(
    contentsOf: Household.example.appending(path: "script.json"),
    encoding: .utf8
  )

  @Test(.timeLimit(.minutes(3)))
  func `an assignment ends with a diff that repairs, a bill, and a whole record`() async throws {
    let script = try #require(Self.script)
    try await Household.with(script) { household in
      let id = try await household.assign("1ng2000000aa")
      let ended = try await household.wait(for: id, [.done, .failed, .parked])
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      #expect(ended.reason?.contains("all three tests pass") == true)
      let steps = try await household.store.steps(of: id, after: 0)
      #expect(steps.allSatisfy { $0.outcome != nil })
      let tests = steps.filter { $0.intent.kind == "tool:bash" }.compactMap(\.outcome?.body)
      #expect(tests.first?.contains("RecursionError") == true)
      #expect(tests.last?.contains("OK") == true)
      let difference = try household.run("diff", id)
      #expect(difference.output.contains("+    return gcd(b, a % b)"), "\(difference)")
      let bill = try household.run("bill", "--by", "run", "--json")
      #expect(bill.output.contains(id), "\(bill)")
      #expect(household.answers == 5)
      #expect(try household.run("apply", id).status == 0)
      #expect(try household.run("audit", "--verify").output.hasPrefix("intact"))
      let repaired = try String(contentsOfFile: household.project + "/gcd.py", encoding: .utf8)
      #expect(repaired.contains("gcd(b, a % b)"))
    }
  }
}
