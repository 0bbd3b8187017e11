import ArgumentParser
import Foundation
import Sandbox

/// `caisson handover`: what agents that work for one another have in common is their branches. The
/// daemon's workers call it; a person has `caisson merge`.
struct HandoverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "handover",
    abstract: "Gives on the branch of a run, or merges that of another into it.",
    discussion: """
      Example:
        caisson handover 1ng292r7dnkk --report /tmp/report.json
        caisson handover 1ng292r7dnkk --from 1ng2zf6ze30x --report /tmp/report.json
      """,
    shouldDisplay: false
  )

  @Argument(help: "The run whose branch is given on, or merged into.")
  var target: String

  @Option(help: "The run whose branch is merged.")
  var from: String?

  @Option(help: "The run that settled the conflicts of that.")
  var settledBy: String?

  @Flag(help: "Take a merge in conflict, with git's marks in the files.")
  var keepMarks = false

  @Option(help: "Where it is written what came of it.", completion: .file())
  var report: String

  func run() throws {
    let answer: BranchHandover.Report
    do {
      let handover = try BranchHandover(
        into: target,
        from: from,
        settledBy: settledBy,
        keepsMarks: keepMarks
      )
      answer = try handover.start()
    } catch {
      answer = BranchHandover.Report(state: .failed, text: "\(error)")
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try reportingFailures {
      try encoder.encode(answer).write(to: URL(filePath: report), options: .atomic)
    }
  }
}
