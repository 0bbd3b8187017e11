import Foundation
import Glibc
import Journal
import Testing

/// A disk that is full, or nearly, where the journal, the spool of answers and the workspaces' overlays
/// lie; the model's answers are scripted.
@Suite(.takesTurns, .enabled(if: geteuid() == 0, "needs uid 0 to mount a small tmpfs"))
struct FullDiskTests {
  private static let script = """
    [{"call":"bash","with":{"command":"echo one >> lines; sleep 3"}},
     {"call":"bash","with":{"command":"cat lines"}},
     {"call":"done","with":{"summary":"so it is"}}]
    """

  @Test(.timeLimit(.minutes(10)))
  func `before the disk is full work stops and says why, and goes on by itself`() async throws {
    try await Household.with(Self.script, size: "64m") { household in
      let id = try await household.assign("1ng2000000f1")
      try await household.begun("tool:bash", of: id)
      try household.fill(leaving: 1 << 20)
      // The command that was under way has ended, and its end is on record.
      _ = try await household.wait(for: id, [.queued])
      #expect(try await household.store.steps(of: id, after: 0).allSatisfy { $0.outcome != nil })
      let tasks = try household.run("tasks")
      #expect(tasks.errors.contains("work stands still: the file system of"), "\(tasks)")
      #expect(tasks.errors.contains("make room there"))
      for words in [["show", id], ["logs", id]] {
        let shown = try household.run(words)
        #expect((shown.output + shown.errors).contains("stands still"), "\(shown)")
      }
      #expect(try household.run("tasks", "--json").output.contains("stands still"))
      #expect(household.answers == 1)
      household.makeRoom()
      #expect(try await household.wait(for: id, [.done, .failed, .parked]).state == .done)
      #expect(household.answers == 3)
      #expect(try await outputs(of: id, household).last == #"{"text":"one\n"}"#)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a disk without a byte left loses nothing, and repeats nothing`() async throws {
    try await Household.with(Self.script, size: "64m") { household in
      let id = try await household.assign("1ng2000000f2")
      try await household.begun("tool:bash", of: id)
      try household.fill()
      // Until the end of the command could not be put on record.
      try await household.says("disk is full")
      #expect(try household.run("tasks").errors.contains("has 0.0 MiB left"))
      household.makeRoom()
      #expect(try await household.wait(for: id, [.done, .failed, .parked]).state == .done)
      #expect(try await outputs(of: id, household).last == #"{"text":"one\n"}"#)
      #expect(household.answers == 3)
      #expect(try household.run("audit", "--verify").output.hasPrefix("intact"))
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `an answer that cannot be kept is asked for anew when there is room, and both are billed`()
    async throws
  {
    try await Household.with(Self.script, delay: 2, size: "64m") { household in
      let id = try await household.assign("1ng2000000f3")
      try await household.begun("model", of: id)
      try await Task.sleep(for: .milliseconds(500))
      try household.fill()
      try await household.says("stands still")
      try await Task.sleep(for: .seconds(3))
      household.makeRoom()
      let ended = try await household.wait(for: id, [.done, .failed, .parked], seconds: 120)
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      let books = try household.booked()
      let bill = try household.billed(id)
      #expect(bill >= books, "\(bill) \(books)")
      #expect((3...4).contains(household.answers), "\(household.answers)")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `an agent that fills the disk itself stands still, and goes on when it has grown`()
    async throws
  {
    let script = """
      [{"call":"bash","with":{"command":"head -c 100m /dev/zero > big; echo ended with $?"}},
       {"call":"bash","with":{"command":"rm -f big; echo small > small; cat small"}},
       {"call":"done","with":{"summary":"so it is"}}]
      """
    try await Household.with(script, size: "64m") { household in
      let id = try await household.assign("1ng2000000f4")
      try await household.says("stands still")
      let tasks = try household.run("tasks")
      #expect(tasks.errors.contains("work stands still"), "\(tasks)")
      try household.resize("256m")
      #expect(try await household.wait(for: id, [.done, .failed, .parked]).state == .done)
      let outputs = try await outputs(of: id, household)
      // Whichever of its ends could be put on record.
      let ends = ["No space left", "Interrupted"]
      #expect(ends.contains { outputs.first?.contains($0) == true }, "\(outputs)")
      #expect(outputs.last == #"{"text":"small\n"}"#)
      #expect(household.answers == 3)
      let applied = try household.run("apply", id)
      #expect(applied.status == 0, "\(applied)")
      #expect(FileManager.default.fileExists(atPath: household.project + "/small"))
    }
  }

  private func outputs(of id: String, _ household: Household) async throws -> [String] {
    try await household.store.steps(of: id, after: 0)
      .filter { $0.intent.kind == "tool:bash" }.map { $0.outcome?.body ?? "" }
  }
}
