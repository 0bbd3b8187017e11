import Foundation
import Glibc
import Journal
import SystemPackage
import Testing

struct WorkKillTests {
  @Test func `a worker that is killed leaves what it was told is done, and at most one step more`()
    async throws
  {
    let directory = NSTemporaryDirectory() + "caisson-kill-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    for round in 0..<4 {
      let lifetime = UInt32(15_000 + round * 23_000)
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [directory = directory as String, lifetime = lifetime as UInt32] in
        try await workUntilKilled(in: directory, after: lifetime)
      }
      let store = try SQLiteWorkStore(directory: FilePath(directory))
      let told = (try? Data(contentsOf: URL(filePath: "\(directory)/told")).count) ?? 0
      let steps = try await store.steps(of: "a", after: 0)
      let ended = steps.filter { $0.outcome != nil }.count
      // Each kill may fall between the end of a step and the byte for it.
      #expect(told...(told + round + 1) ~= ended, "round \(round)")
      #expect(steps.count - ended <= 1)
      #expect(steps.map(\.intent.sequence) == Array(steps.indices).map { $0 + 1 })
      guard case .intact(_, let uncovered) = try await store.verify() else {
        Issue.record("the chain does not hold")
        return
      }
      #expect(uncovered <= 2)
      await store.close()
    }
  }
}

/// Makes steps, and writes a byte for each that it was told is done.
private func workUntilKilled(in directory: String, after lifetime: UInt32) async throws {
  let store = try SQLiteWorkStore(directory: FilePath(directory))
  _ = try await store.assign(
    NewAssignment(id: "a", text: "t", settings: "{}", dedupe: "the only one")
  )
  let worker = WorkerIdentity(host: "here", process: .current())
  // Whoever had it before is dead.
  var request = LeaseRequest(worker: worker, duration: 60_000_000, limit: 1) { _ in .dead }
  request.largestRecoveries = 100
  guard let lease = try await store.lease(request).first else {
    throw WorkError.conflict("there is no lease")
  }
  let told = open("\(directory)/told", O_WRONLY | O_CREAT | O_APPEND, 0o600)
  var number = try await store.assignment("a")?.steps ?? 0
  if let last = try await store.steps(of: "a", after: number - 1).last, last.outcome == nil {
    try await store.commit(
      [.outcome(sequence: number, StepOutcome(.interrupted, body: "{}"))],
      under: lease
    )
    _ = write(told, "x", 1)
  }
  Thread.detachNewThread {
    usleep(lifetime)
    kill(getpid(), SIGKILL)
  }
  while true {
    number += 1
    let intent = StepIntent(
      sequence: number,
      kind: "tool:bash",
      effect: .opaque,
      hash: WorkFixture.hash,
      body: "{}"
    )
    try await store.commit([.intent(intent)], under: lease)
    try await store.commit(
      [.outcome(sequence: number, StepOutcome(.done, body: "{}"))],
      under: lease
    )
    _ = write(told, "x", 1)
  }
}
