import Foundation
import Glibc

/// Takes times, and the processor time of this process and of a server's.
struct Meter {
  private let what: String
  /// The first process of the server, whose children do its work.
  private let server: Int32?
  private var times: [Double] = []
  private var wall = 0.0
  private var ownTotal = 0.0
  private var serverTotal = 0.0

  init(_ what: String, _ server: Int32?) {
    self.what = what
    self.server = server
  }

  mutating func measure(_ body: () async throws -> [Double]) async rethrows {
    let before = (own: Self.ownSeconds(), server: serverSeconds(), start: Self.now())
    times += try await body()
    wall += Self.now() - before.start
    ownTotal += Self.ownSeconds() - before.own
    serverTotal += serverSeconds() - before.server
  }

  func report() {
    let sorted = times.sorted()
    guard !sorted.isEmpty else { return }
    func milliseconds(_ share: Double) -> Double {
      sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] * 1e3
    }
    let count = Double(sorted.count)
    let fields: [(String, Double)] = [
      ("per_second", count / wall), ("p50_ms", milliseconds(0.5)), ("p99_ms", milliseconds(0.99)),
      ("cpu_ms", ownTotal / count * 1e3), ("server_cpu_ms", serverTotal / count * 1e3),
    ]
    let text = fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",")
    print("{\"what\":\"\(what)\",\"steps\":\(sorted.count),\(text)}")
  }

  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func ownSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// The server's processes that are there; none may end between two of these.
  private func serverSeconds() -> Double {
    guard let server else { return 0 }
    var total = 0.0
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    for process in processes where Int32(process) != nil {
      guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        let end = text.lastIndex(of: ")")
      else { continue }
      let fields = text[text.index(after: end)...].split(separator: " ")
      guard fields.count > 12, fields[1] == "\(server)" || process == "\(server)" else { continue }
      // Nanoseconds on a processor: finer than the ticks of stat.
      let own = try? String(contentsOfFile: "/proc/\(process)/schedstat", encoding: .utf8)
      total += (own?.split(separator: " ").first.flatMap { Double($0) } ?? 0) / 1e9
    }
    return total
  }
}
