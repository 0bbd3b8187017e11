import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import Journal

/// What the simulation believes of a store, held against a real one: the same calls at the same times
/// of the clock, with the same answers and the same assignments after each.
@Suite struct SimulatedSchedulesTests {
  /// A clock that says what a schedule's said.
  private final class Clock: Sendable {
    private let now = Mutex<Int64>(0)
    func set(_ value: Int64) { now.withLock { $0 = value } }
    func read() -> Int64 { now.withLock { $0 } }
  }

  /// Some, and the first of those in which a store that keeps the contract less than well is found out.
  private static let seeds: [UInt64] =
    Array(1...9)
    + [SimulatedMistake.looksOnce, .oldAnswersCount].flatMap { mistake in
      (10..<5_000 as Range<UInt64>).lazy.filter { seed in
        let simulation = Simulation(seed: seed, mistake: mistake)
        simulation.run()
        return simulation.broken?.contains(mistake.symptom) ?? false
      }.prefix(2)
    }

  @Test(arguments: seeds)
  func `the journal's file keeps what the simulated disk keeps`(seed: UInt64) async throws {
    let simulation = Simulation(seed: seed, keepsLog: true)
    simulation.run()
    let path = NSTemporaryDirectory() + "caisson-schedule-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let clock = Clock()
    let store = try SQLiteWorkStore(directory: FilePath(path), clock: clock.read)
    let log = try #require(simulation.store.log)
    for (number, entry) in log.enumerated() {
      clock.set(entry.now)
      try await Self.make(entry, of: store, number)
      for assignment in entry.after {
        let found = try await store.assignment(assignment.id)
        try #require(found == assignment, "call \(number): \(entry.call)")
      }
    }
    for record in simulation.store.records.compactMap(\.self) {
      let id = record.assignment.id
      let steps = try await store.steps(of: id, after: 0)
      #expect(steps.map(\.intent) == record.steps.map(\.intent))
      #expect(steps.map(\.outcome?.status) == record.steps.map(\.status))
      #expect(steps.map(\.attempts) == record.steps.map(\.attempts))
      let questions = try await store.approvals(nil, of: id)
      #expect(questions.sorted { $0.id < $1.id } == record.approvals.sorted { $0.id < $1.id })
    }
    clock.set(.max)
    let notices = try await store.takeNotices(limit: 1_000, for: 0)
    #expect(notices.count == simulation.store.notes.count)
    guard case .intact = try await store.verify() else {
      Issue.record("the chain does not hold")
      return
    }
    await store.close()
  }

  private static func make(
    _ entry: SimulatedCall.Entry,
    of store: SQLiteWorkStore,
    _ number: Int
  ) async throws {
    var isRefused = false
    do {
      switch entry.call {
      case .assign(let new): _ = try await store.assign(new)
      case .stop(let id): _ = try await store.stop(id, by: "user")
      case .resume(let id): _ = try await store.resume(id, by: "user")
      case .answer(let id, let answer): _ = try await store.answer(id, answer)
      case .lease(let worker, let alive, let limit, let lease):
        var request = LeaseRequest(worker: worker, duration: Simulation.leaseTime, limit: 1) {
          guard $0.host == worker.host else { return .unclear }
          return alive.contains($0.process.pid) ? .alive : .dead
        }
        request.largestRecoveries = limit
        let leases = try await store.lease(request)
        #expect(leases == [lease].compactMap(\.self), "call \(number)")
      case .renew(let lease, let duration):
        isRefused = try await store.renew([lease], for: duration) == [.lost]
      case .commit(let changes, let lease): try await store.commit(changes, under: lease)
      }
    } catch {
      switch error {
      case .fenced, .conflict: isRefused = true
      default: throw error
      }
    }
    #expect(isRefused == entry.isRefused, "call \(number): \(entry.call)")
  }
}
