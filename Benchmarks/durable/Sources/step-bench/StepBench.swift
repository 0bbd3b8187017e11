import Foundation
import Journal
import JournalPostgres
import SystemPackage

/// What a durable step costs: an intent on the disk, then an outcome, beside the floor of two commits
/// of one row each, in turns; and a step as the agent's loop writes it, whose outcome is one commit with
/// the intent of the next.
///
///     step-bench sqlite DIRECTORY [STEPS]
///     step-bench postgres URL POSTMASTER [STEPS]
///
/// Prints one line of JSON for each measurement.
@main
enum StepBench {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 2 else { throw Usage() }
    switch arguments[1] {
    case "sqlite":
      let steps = arguments.count > 3 ? Int(arguments[3]) ?? 1_000 : 1_000
      let directory = FilePath(arguments[2])
      let floor = try SQLiteFloor(directory: directory)
      let store = try SQLiteWorkStore(directory: directory)
      try await measure(store, besides: floor.commit, steps, server: nil)
    case "postgres":
      guard arguments.count > 3, let server = Int32(arguments[3]) else { throw Usage() }
      let steps = arguments.count > 4 ? Int(arguments[4]) ?? 1_000 : 1_000
      let floor = try PostgresFloor(url: arguments[2])
      let store = try await PostgresWorkStore.open(url: arguments[2])
      try await measure(store, besides: floor.commit, steps, server: server)
    default: throw Usage()
    }
  }

  private static func measure(
    _ store: any WorkStore,
    besides floor: () throws -> Void,
    _ steps: Int,
    server: Int32?
  ) async throws {
    let run = UUID().uuidString
    // As long as the requests and answers of a small tool call.
    let body = #"{"arguments":{"command":"swift build 2>&1 | tail -40"},"name":"bash","id":"t1"}"#
    for number in 0..<34 {
      _ = try await store.assign(
        NewAssignment(id: "\(run)-\(number)", text: "build it", settings: "{}")
      )
    }
    let worker = WorkerIdentity(host: "bench", process: .current())
    let leases = try await store.lease(
      LeaseRequest(worker: worker, duration: 3_600_000_000, limit: 1_000) { _ in .alive }
    ).filter { $0.assignment.hasPrefix(run) }
    guard leases.count > 2 else { throw Usage() }
    let (first, second) = (leases[0], leases[1])
    // Statements are prepared, pages are there.
    for _ in 0..<100 { try floor() }
    _ = try await make(1...50, under: first, in: store, body)
    _ = try await chain(1...50, under: second, in: store, body)
    var meters = [
      Meter("floor", server), Meter("sequential", server), Meter("as the loop writes", server),
      Meter("32 at once", server),
    ]
    // In turns: the disk is never the same for long.
    let blocks = 10
    let size = max(1, steps / blocks)
    for block in 0..<blocks {
      try await meters[0].measure {
        try (0..<size).map { _ in
          let start = Meter.now()
          for _ in 0..<2 { try floor() }
          return Meter.now() - start
        }
      }
      let begin = 51 + block * size
      try await meters[1].measure {
        try await make(begin...(begin + size - 1), under: first, in: store, body)
      }
      try await meters[2].measure {
        try await chain(begin...(begin + size - 1), under: second, in: store, body)
      }
    }
    try await meters[3].measure {
      try await withThrowingTaskGroup(of: [Double].self) { group in
        for lease in leases.dropFirst(2) {
          group.addTask { try await make(1...max(1, steps / 16), under: lease, in: store, body) }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
    }
    for meter in meters { meter.report() }
    await store.close()
  }

  /// Makes steps one after the other; gives how long each took, in seconds.
  private static func make(
    _ numbers: ClosedRange<Int>,
    under lease: Lease,
    in store: any WorkStore,
    _ body: String
  ) async throws -> [Double] {
    var times: [Double] = []
    times.reserveCapacity(numbers.count)
    for number in numbers {
      let start = Meter.now()
      try await store.commit([intent(number, body)], under: lease)
      try await store.commit([outcome(number, body)], under: lease)
      times.append(Meter.now() - start)
    }
    return times
  }

  /// The same, as the loop does it: nothing lies between what came of a step and the next intent.
  private static func chain(
    _ numbers: ClosedRange<Int>,
    under lease: Lease,
    in store: any WorkStore,
    _ body: String
  ) async throws -> [Double] {
    var times: [Double] = []
    times.reserveCapacity(numbers.count)
    try await store.commit([intent(numbers.lowerBound, body)], under: lease)
    for number in numbers {
      let start = Meter.now()
      var changes = [outcome(number, body)]
      if number < numbers.upperBound { changes.append(intent(number + 1, body)) }
      try await store.commit(changes, under: lease)
      times.append(Meter.now() - start)
    }
    return times
  }

  private static func intent(_ number: Int, _ body: String) -> WorkChange {
    let hash = String(repeating: "ab", count: 32)
    return .intent(
      StepIntent(sequence: number, kind: "tool:bash", effect: .opaque, hash: hash, body: body)
    )
  }

  private static func outcome(_ number: Int, _ body: String) -> WorkChange {
    .outcome(sequence: number, StepOutcome(.done, body: body))
  }

  struct Usage: Error, CustomStringConvertible {
    let description =
      "usage: step-bench sqlite DIRECTORY [STEPS] | postgres URL POSTMASTER [STEPS]"
  }
}
