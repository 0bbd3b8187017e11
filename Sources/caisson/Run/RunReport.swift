import Foundation
import Journal
import Sandbox

/// What a run says at its end, on standard error.
struct RunReport {
  let run: RunID
  let outcome: RunOutcome
  let changes: ChangeCounts?
  /// Whether the run wrote into directories of the host itself.
  let isDirect: Bool
  let withheld: [String]
  /// Whether it has a branch of its own.
  var hasBranch = false

  func print() {
    var parts = ["run \(run)", ending, duration]
    if let changes {
      parts.append(
        changes.total == 0
          ? "no changes"
          : "\(changes.added) added, \(changes.modified) modified, \(changes.deleted) deleted"
      )
    } else if hasBranch {
      parts.append("its branch waits")
    } else if isDirect {
      parts.append("worked on the directory itself")
    }
    var lines = ["caisson: " + parts.joined(separator: " · ")]
    if let limit = outcome.limit { lines.append("  limit: \(limit.limit): \(limit.detail)") }
    for denial in outcome.denials.prefix(5) {
      let times = denial.count > 1 ? " (\(denial.count) times)" : ""
      let path = denial.path.map { " \($0)" } ?? ""
      lines.append(
        "  denied: \(denial.what)\(PrintableText.quotedName(path.utf8))\(times) by \(denial.rule)"
      )
      if denial.layer == .network, let remedy = denial.remedy {
        lines.append("    to allow: \(remedy)")
      }
    }
    if outcome.denials.count > 5 {
      lines.append("  and \(outcome.denials.count - 5) more: caisson audit \(run)")
    }
    if outcome.denials.contains(where: { $0.layer == .network }) {
      lines.append("  what of it to grant: caisson policy learn \(run)")
    }
    if isDirect {
      lines.append(
        "  not held back: what it wrote; start-up files below the top may be new: check them"
      )
    }
    if !withheld.isEmpty {
      lines.append("  withheld from the environment: \(withheld.joined(separator: ", "))")
    }
    if changes.map({ $0.total > 0 }) ?? hasBranch {
      lines.append(
        "  see: caisson diff \(run)   take: caisson apply \(run)   drop: caisson discard \(run)"
      )
    }
    try? FileHandle.standardError.write(
      contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8)
    )
  }

  func printJSON() {
    struct Summary: Encodable {
      var run: String
      var exit: Int32
      var seconds: Double
      var cpuSeconds: Double
      var maxMemoryBytes: UInt64
      var limit: String?
      var changes: ChangeCounts?
      var denials: Int
      var withheld: [String]
    }
    let summary = Summary(
      run: run.text,
      exit: outcome.exitStatus,
      seconds: outcome.seconds,
      cpuSeconds: outcome.cpuSeconds,
      maxMemoryBytes: outcome.maxMemoryBytes,
      limit: outcome.limit?.limit,
      changes: changes,
      denials: outcome.denials.reduce(0) { $0 + $1.count },
      withheld: withheld
    )
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(summary) else { return }
    try? FileHandle.standardError.write(contentsOf: data + Data("\n".utf8))
  }

  private var ending: String {
    switch outcome.end {
    case .exited(let code): "exit \(code)"
    case .signalled(let signal): "ended by signal \(signal)"
    case .failed: "failed"
    }
  }

  private var duration: String {
    let seconds = outcome.seconds
    if seconds < 1 { return "\(Int((seconds * 1000).rounded())) ms" }
    if seconds < 60 { return "\((seconds * 10).rounded() / 10) s" }
    return "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
  }
}
