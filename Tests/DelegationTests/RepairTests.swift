import Agent
import Foundation
import Glibc
import Journal
import Testing

/// A real bug in a real project, repaired by our agent with scripted answers of the model.
@Suite(.takesTurns) struct RepairTests {
  private static let script = try? String(
    contentsOf: Household.example.appending(path: "script.json"),
    encoding: .utf8
  )

  @Test(.timeLimit(.minutes(10)))
  func `the example runs in one command, as the README says`() throws {
    let output = NSTemporaryDirectory() + "example-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: output) }
    let example = try Spawned(
      Household.example.appending(path: "run").path,
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
    for words in ["+    return gcd(b, a % b)", "scripted/scripted  5", "applied to", "intact: "] {
      #expect(text.contains(words), "\(text)")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `in a repository it works on a branch of its own, which a crash leaves as it is`()
    async throws
  {
    let script = try #require(Self.script)
    try await Household.with(script, delay: 0.3) { household in
      for arguments in [
        ["init", "-q"], ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"],
      ] {
        let git = try Spawned(
          "/usr/bin/git",
          ["-C", household.project] + arguments,
          environment: household.environment
        )
        #expect(git.wait() == 0)
      }
      var settings = household.settings("version: 1\nworkspace: { mode: branch }\n")
      settings.workspace = "branch"
      let id = try await household.assign("1ng2000000ab", settings)
      for _ in 0..<3 {
        await household.store.waitForChange(timeout: .seconds(1))
        try await Task.sleep(for: .milliseconds(400))
        for worker in household.workers { kill(worker, SIGKILL) }
      }
      let ended = try await household.wait(for: id, [.done, .failed, .parked])
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      let difference = try household.run("diff", id)
      #expect(difference.output.contains("+    return gcd(b, a % b)"), "\(difference)")
      let applied = try household.run("apply", id, "--merge")
      #expect(applied.status == 0, "\(applied)")
      let repaired = try String(contentsOfFile: household.project + "/gcd.py", encoding: .utf8)
      #expect(repaired.contains("gcd(b, a % b)"))
      #expect(household.answers == 5)
    }
  }

  @Test(.timeLimit(.minutes(10)))
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
