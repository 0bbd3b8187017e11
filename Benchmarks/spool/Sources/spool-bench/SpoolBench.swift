import Foundation
import Gateway
import Glibc
import SystemPackage

/// What writing a full spool costs, and opening it in a process that has done nothing else.
///
///     swift build -c release && .build/release/spool-bench write DIRECTORY [ANSWERS]
///     .build/release/spool-bench open DIRECTORY
///
/// An answer is a begin, two pieces of 180 bytes and an end, 790 bytes on the disk.
@main
enum SpoolBench {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 2 else { return print("spool-bench write|open DIRECTORY [ANSWERS]") }
    let directory = FilePath(arguments[2])
    switch arguments[1] {
    case "write":
      try write(directory, answers: arguments.count > 3 ? Int(arguments[3]) ?? 0 : 300_000)
    default: try open(directory)
    }
  }

  private static func write(_ directory: FilePath, answers: Int) throws {
    let spool = try Spool.open(directory: directory).spool
    let scope = [UInt8](repeating: 1, count: 48)
    let hash = [UInt8](repeating: 2, count: 32)
    let response = [UInt8](repeating: 3, count: 125)
    let piece = [UInt8](repeating: 4, count: 180)
    let summary = [UInt8](repeating: 5, count: 96)
    var times: [Double] = []
    times.reserveCapacity(answers)
    let cpu = processorSeconds()
    for number in 0..<answers {
      let start = now()
      let call = CallNumber(Int64(number + 1))
      try spool.begin(call, scope: scope, requestHash: hash, response: response)
      try spool.append(piece, to: call)
      try spool.append(piece, to: call)
      try spool.end(call, .complete, summary: summary)
      times.append(now() - start)
    }
    let each = (processorSeconds() - cpu) / Double(answers) * 1e6
    times.sort()
    print(
      "\(answers) answers: CPU \(rounded(each)) µs each; p50 \(rounded(times[answers / 2] * 1e6)) µs,"
        + " longest \(rounded(times[answers - 1] * 1e6)) µs"
    )
  }

  private static func open(_ directory: FilePath) throws {
    let memory = residentKiB()
    let cpu = processorSeconds()
    let start = now()
    let opened = try Spool.open(directory: directory)
    let wall = now() - start
    print(
      "opening: CPU \(rounded((processorSeconds() - cpu) * 1e3)) ms, \(rounded(wall * 1e3)) ms in all,"
        + " \(residentKiB() - memory) KiB more afterwards; damage \(opened.damage.count), cut"
        + " \(opened.cutBytes)"
    )
  }

  private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func residentKiB() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return line.split(separator: " ").compactMap { Int($0) }.first ?? 0
  }
}
