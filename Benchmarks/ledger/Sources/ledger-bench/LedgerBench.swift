import Dispatch
import Foundation
import GRDB
import Glibc
import Journal
import Synchronization
import SystemPackage

/// What a reservation costs, beside what the disk takes for any durable write in the same minute.
///
///     swift build -c release && .build/release/ledger-bench [DIRECTORY] [SECONDS]
@main
enum LedgerBench {
  static func main() throws {
    let arguments = CommandLine.arguments
    let parent = arguments.count > 1 ? arguments[1] : NSTemporaryDirectory()
    let seconds = arguments.count > 2 ? Double(arguments[2]) ?? 3 : 3
    let directory = FilePath(parent).appending("ledger-bench-\(getpid())")
    try FileManager.default.createDirectory(
      atPath: directory.string,
      withIntermediateDirectories: true
    )
    defer { try? FileManager.default.removeItem(atPath: directory.string) }
    for round in 1...3 {
      print("round \(round)")
      try floor(directory, seconds: seconds)
      for callers in [1, 16, 64] {
        try ledger(directory.appending("\(round)-\(callers)"), callers: callers, seconds: seconds)
      }
    }
  }

  /// One small durable write after the other: by SQLite, and by appending to a file.
  private static func floor(_ directory: FilePath, seconds: Double) throws {
    let path = directory.appending("floor.sqlite").string
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction {
      try $0.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
      try $0.execute(sql: "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)")
    }
    try measure("SQLite commits of one row", seconds) {
      try queue.write { try $0.execute(sql: "INSERT INTO t (text) VALUES ('reserved')") }
    }
    let file = try FileDescriptor.open(
      directory.appending("floor"),
      .writeOnly,
      options: [.create, .append],
      permissions: .ownerReadWrite
    )
    defer { try? file.close() }
    let block = [UInt8](repeating: 1, count: 512)
    try measure("fdatasync of an appended file", seconds) {
      try file.writeAll(block)
      fdatasync(file.rawValue)
    }
  }

  private static func measure(_ name: String, _ seconds: Double, _ body: () throws -> Void) throws {
    var times: [Double] = []
    let cpu = processorSeconds()
    let start = now()
    while now() - start < seconds {
      let before = now()
      try body()
      times.append(now() - before)
    }
    report(name, times, wall: now() - start, cpu: processorSeconds() - cpu)
  }

  private static func ledger(_ directory: FilePath, callers: Int, seconds: Double) throws {
    try FileManager.default.createDirectory(
      atPath: directory.string,
      withIntermediateDirectories: true
    )
    let ledger = try Ledger.open(directory: directory)
    try ledger.put([
      Account(id: "team", limit: .max / 2, period: .month),
      Account(id: "key", parent: "team", period: .day), Account(id: "run", parent: "key"),
    ])
    let epoch = try ledger.begin()
    let crowd = Crowd(ledger: ledger, epoch: epoch, until: now() + seconds)
    let cpu = processorSeconds()
    let start = now()
    for _ in 0..<callers { crowd.go() }
    for _ in 0..<callers { crowd.done.wait() }
    let wall = now() - start
    let times = crowd.times.withLock { $0 }
    report("ledger, \(callers) waiting", times, wall: wall, cpu: processorSeconds() - cpu)
    let differences = try ledger.verify()
    if !differences.isEmpty { print("WRONG: \(differences)") }
    ledger.close()
  }

  private static func report(_ name: String, _ times: [Double], wall: Double, cpu: Double) {
    let sorted = times.sorted()
    guard !sorted.isEmpty else { return }
    func microseconds(_ share: Double) -> Int {
      Int(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] * 1e6)
    }
    let rate = Int(Double(sorted.count) / wall)
    let each = (cpu / Double(sorted.count) * 1e7).rounded() / 10
    print(
      "  \(name): \(rate)/s, p50 \(microseconds(0.5)) µs, p99 \(microseconds(0.99)) µs, "
        + "CPU \(each) µs each"
    )
  }
}

/// Callers who reserve, settle without waiting for it, and reserve again.
private final class Crowd: Sendable {
  let ledger: Ledger
  let epoch: Epoch
  let until: Double
  let times = Mutex<[Double]>([])
  let done = DispatchSemaphore(value: 0)

  init(ledger: Ledger, epoch: Epoch, until: Double) {
    self.ledger = ledger
    self.epoch = epoch
    self.until = until
  }

  func go() {
    let start = now()
    guard start < until else {
      done.signal()
      return
    }
    let request = CallRequest(
      key: "Ab12Cd34",
      account: "run",
      run: "3kabcdefgh",
      model: "gpt-5.4-nano",
      provider: "openai",
      dialect: "openai",
      ceiling: 2_500_000_000,
      idempotencyKey: "b4f0c7e2-\(UInt64(start * 1e9))",
      requestHash: Array(repeating: 7, count: 32)
    )
    ledger.reserve(request, in: epoch) { result in
      self.times.withLock { $0.append(now() - start) }
      if case .success(.reserved(let call)) = result {
        let charge = CallCharge(
          amount: 1_200_000_000,
          basis: "usage",
          used: CallUsage([.input: 1_200, .cacheRead: 800, .output: 300]),
          outcome: "ok"
        )
        self.ledger.settle(call, charge) { if case .failure(let error) = $0 { print(error) } }
      } else {
        print(result)
      }
      self.go()
    }
  }
}

private func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func processorSeconds() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
    + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}
