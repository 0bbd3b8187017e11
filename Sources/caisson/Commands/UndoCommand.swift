import ArgumentParser
import Foundation
import Journal
import Sandbox
import SystemPackage

/// `caisson undo`: puts back what applying a run changed.
struct UndoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "undo",
    abstract: "Puts back what applying a run changed, all or nothing.",
    discussion: """
      Where a path was edited after the apply, nothing is undone and the paths are named: no later \
      edit is lost. The run's changes are held again and can be applied once more.

      Example:
        caisson undo last
      """
  )

  @Argument(
    help: ArgumentHelp(
      "A run: its name, the beginning of one, or 'last'.",
      valueName: "run"
    )
  )
  var named: String

  @Flag(help: "Only finish, or take back, what was interrupted.")
  var recover = false

  @Flag(help: "Print a JSON object.")
  var json = false

  func run() throws {
    try reportingFailures {
      let held = try HeldRun(named)
      if !recover, held.isRunning { throw WorkspaceError.running(held.record.run) }
      if held.record.mode == .branch { return try undoBranch(held) }
      let recovery = try held.recover()
      if recover {
        if recovery == nil { complain("nothing of run \(held.id) was interrupted") }
        return
      }
      if let recovery, recovery.verb == "undo", recovery.end == .finished,
        try Recovery.standing(held.record).isEmpty
      {
        return
      }
      let result = try undo(held)
      if json {
        print(
          try JSONText.encode(UndoReport(run: held.id, restored: result.restored.map(\.display)))
        )
      } else {
        let paths = result.restored.count == 1 ? "1 path is" : "\(result.restored.count) paths are"
        print("undone: \(paths) as before in \(held.record.lower.string.printable)")
      }
    }
  }

  private func undoBranch(_ held: HeldRun) throws {
    let branch = try BranchRun(held)
    let isRecovered = try branch.recover()
    if recover {
      if !isRecovered { complain("nothing of run \(held.id) was interrupted") }
      return
    }
    if isRecovered, try branch.state?.phase == .undone { return }
    try branch.undo()
    if json {
      print(try JSONText.encode(UndoReport(run: held.id, restored: [branch.record.branch])))
    } else {
      print(
        "undone: \(branch.record.root.printable) is as before the apply of \(branch.record.branch)"
      )
    }
  }

  private struct UndoReport: Encodable {
    var run: String
    var restored: [String]
  }

  private func undo(_ held: HeldRun) throws -> Undo.Result {
    let undo = Undo(
      held.record,
      isRunning: { held.isRunning },
      willCommit: { _, generation in
        try held.record(.undoStarted(UndoStarted(id: held.name(of: generation))))
      }
    )
    let result: Undo.Result
    do {
      result = try undo.run()
    } catch {
      try? held.settleRows()
      throw error
    }
    for (generation, count) in result.undone {
      try held.record(
        .undoFinished(UndoFinished(id: held.name(of: generation), restored: count))
      )
    }
    return result
  }
}
