import Agent
import Foundation

extension BranchKeeper {
  /// By `caisson handover`, a process of its own that looks into branches sealed.
  static func command(_ setup: WorkSetup) -> BranchKeeper {
    BranchKeeper(
      give: { run in try await report(of: ["handover", run], setup) },
      merge: { run, child, conflict in
        var words = ["handover", run, "--from", child]
        switch conflict {
        case .nothing: break
        case .marks: words.append("--keep-marks")
        case .settled(let settler): words += ["--settled-by", settler]
        }
        return try await report(of: words, setup)
      }
    )
  }

  /// How often it is tried where something kills it.
  private static let attempts = 8

  private static func report(of words: [String], _ setup: WorkSetup) async throws -> BranchReport {
    let file = "\(setup.state)/handover-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: file) }
    var status: Int32 = 0
    for _ in 0..<attempts {
      let child = try Child(
        setup.program,
        words + ["--report", file],
        environment: setup.environment
      )
      status = await child.status
      // Ended by a signal, it is done again: what was done of it is found.
      if status <= 128 { break }
    }
    guard status == 0, let data = FileManager.default.contents(atPath: file) else {
      return BranchReport(
        state: .failed,
        text: "caisson handover ended with status \(status); see the daemon's log"
      )
    }
    return try BranchReport(json: data)
  }
}
