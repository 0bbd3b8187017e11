import ArgumentParser
import Foundation
import Journal
import Sandbox
import SystemPackage

/// `caisson discard`: throws away what a run changed.
struct DiscardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "discard",
    abstract: "Throws away what a run changed and is not applied.",
    discussion: """
      The workspace stays as it is. What was applied of the run before stays applied, and can no \
      longer be undone. Of a run with --workspace branch, work that is neither committed nor in \
      the repository is only thrown away with --force.

      Example:
        caisson discard last
      """
  )

  @Argument(
    help: ArgumentHelp(
      "A run: its name, the beginning of one, or 'last'.",
      valueName: "run"
    )
  )
  var named: String

  @Flag(help: "Of a run on a branch: throw uncommitted and unmerged work away, too.")
  var force = false

  @Flag(help: "Print a JSON object.")
  var json = false

  func run() throws {
    try reportingFailures {
      let held = try HeldRun(named)
      if held.record.mode == .branch { return try discardBranch(held) }
      _ = try held.recover()
      // A layer that cannot be read can still be thrown away.
      let totals = try? held.changes().totals
      try Discard.run(held.record, isRunning: { held.isRunning })
      let counts = totals.map {
        ChangeCounts(added: $0.added, modified: $0.modified, deleted: $0.deleted)
      }
      try held.record(.discarded(Discarded(changes: counts)))
      if json {
        print(try JSONText.encode(Report(run: held.id, changes: counts)))
      } else {
        print("discarded run \(held.id)" + (counts.map { ": \($0.total) changes" } ?? ""))
      }
    }
  }

  private func discardBranch(_ held: HeldRun) throws {
    if held.isRunning { throw WorkspaceError.running(held.record.run) }
    let directory = held.record.layer.string
    // What was given up before a kill is given up.
    var counts: ChangeCounts?
    if try !BranchRemoval.hasBegun(in: directory) {
      if !force, !held.isEmpty {
        let branch = try BranchRun(held)
        _ = try branch.recover()
        let losses = try branch.losses()
        guard losses.isEmpty else {
          complain(
            "nothing was discarded: run \(held.id) has \(losses.joined(separator: ", ")); take it with "
              + "caisson apply \(held.id), or throw it away with --force"
          )
          throw caissonFailed
        }
      }
      counts = held.endChanges
    }
    try BranchRemoval.run(in: directory)
    try held.record(.discarded(Discarded(changes: counts)))
    if json {
      print(try JSONText.encode(Report(run: held.id, changes: counts)))
    } else {
      print("discarded run \(held.id)" + (counts.map { ": \($0.total) changes" } ?? ""))
    }
  }

  private struct Report: Encodable {
    var run: String
    var changes: ChangeCounts?
  }
}
