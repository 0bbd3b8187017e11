import Foundation
import Glibc
import Journal
import JournalPostgres
import Testing

/// Assignments that a PostgreSQL keeps, by real processes; the model's answers are scripted.
@Suite(
  .takesTurns,
  .enabled(if: PostgresServer.programs != nil, "PostgreSQL is not installed")
)
struct ServerJournalTests {
  private static let script = """
    [{"call":"bash","with":{"command":"echo one >> lines; sleep 2.125"}},
     {"call":"bash","with":{"command":"cat lines"}},
     {"call":"done","with":{"summary":"so it is"}}]
    """

  @Test(.timeLimit(.minutes(10)))
  func `work goes on after deaths of a worker and of the server, and the chain is checked`()
    async throws
  {
    let server = try await PostgresServer()
    defer { server.stop() }
    let url = try await server.create()
    try await Household.with(Self.script, journal: url) { household in
      let given = try household.run(
        "assign",
        "Repair it.",
        "--model",
        "m",
        "--in",
        household.project,
        "--detach"
      )
      let id = given.output.trimmingCharacters(in: .whitespacesAndNewlines)
      let store = try await PostgresWorkStore.open(url: url)
      try await household.runs("sleep", "2.125")
      for worker in household.workers { kill(worker, SIGKILL) }
      try await server.kill()
      try await server.start()
      let log = try household.run("logs", "-f", id)
      #expect(log.output.contains("done: so it is"), "\(log)")
      #expect(household.answers == 3)
      let outputs = try await store.steps(of: id, after: 0)
        .filter { $0.intent.kind == "tool:bash" }.compactMap(\.outcome?.body)
      #expect(outputs.last == #"{"text":"one\n"}"#, "\(outputs)")
      await store.close()

      let verified = try household.run("audit", "--verify")
      #expect(verified.status == 0)
      #expect(verified.output.contains("on the server: intact: "), "\(verified)")
      try await PostgresServer.execute(
        "UPDATE caisson.entry SET payload = payload || ' ' WHERE sequence = 3",
        at: url
      )
      let broken = try household.run("audit", "--verify")
      #expect(broken.status == 1)
      #expect(broken.output.contains("on the server: broken: row 3 was edited"), "\(broken)")
    }
  }
}
