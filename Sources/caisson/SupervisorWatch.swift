import Foundation
import Glibc
import Journal

/// Tells whether the supervisor of a run, as its first row names it, still lives.
///
/// A process number alone says nothing: it is given again, means another process in another
/// namespace, and nothing after a restart of the machine.
struct SupervisorWatch {
  private let own = OwnProcess.current()
  private let host = Self.hostName()

  /// Whether the supervisor is certainly dead. In doubt it is not: it may run on another machine or
  /// in another container that shares this state directory.
  func isGone(_ started: RunStarted) -> Bool {
    guard started.host == host else { return false }
    if let boot = own.boot, let other = started.boot, boot != other { return true }
    if let other = started.pidNamespace, other != own.namespace { return false }
    return Self.startTicks(of: started.pid) != started.pidStart
  }

  private static func startTicks(of pid: Int32) -> UInt64? {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      // The name, in brackets, may hold blanks and brackets itself.
      let name = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[name...].split(separator: " ")
    return fields.count > 20 ? UInt64(fields[20]) : nil
  }

  private static func hostName() -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension Journal {
  /// Records the end of those runs whose supervisor died without a word. Says whether there were
  /// any.
  func noticeAbandoned(among runs: [RunSummary]) throws(JournalError) -> Bool {
    let open = runs.filter { $0.state == .running }
    guard !open.isEmpty else { return false }
    let watch = SupervisorWatch()
    var noticed = false
    for run in open where watch.isGone(run.started) {
      let row = try abandon(
        run: run.run,
        started: run.started,
        reason: "its supervisor, process \(run.started.pid), ended without a word"
      )
      noticed = noticed || row != nil
    }
    return noticed
  }
}
