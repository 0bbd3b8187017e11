import ArgumentParser
import Foundation
import Journal
import Sandbox

/// `caisson discard`: throws away what a run changed.
struct DiscardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "discard",
    abstract: "Throws away what a run changed and is not applied.",
    discussion: """
      The workspace stays as it is. What was applied of the run before stays applied, and can no \
      longer be undone.

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

  @Flag(help: "Print a JSON object.")
  var json = false

  func run() throws {
    try reportingFailures {
      let held = try HeldRun(named)
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

  private struct Report: Encodable {
    var run: String
    var changes: ChangeCounts?
  }
}
