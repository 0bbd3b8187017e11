import ArgumentParser
import Foundation
import Journal

/// `caisson runs`: what was run, newest first.
struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs",
    abstract: "Lists the runs, newest first.",
    discussion: """
      The state is what became of a run: running, ended, held (it ended, and its changes wait to \
      be applied), applied, undone, discarded, failed (Caisson could not carry it through) or \
      lost (its supervisor died).

      What such runs left behind and what holds nothing is removed: empty cgroups, and the \
      directory of a run that was killed before its first row.

      Example:
        caisson runs --limit 5
      """
  )

  @Flag(help: "Print an array of JSON objects.")
  var json = false

  @Option(help: "How many runs at most.")
  var limit = 50

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit must be at least 1") }
  }

  func run() throws {
    try reportingFailures {
      let runs = try list()
      if json {
        print(try RunJSON.array(of: runs))
      } else if runs.isEmpty {
        complain("there are no runs yet; start one with: caisson run -- CMD")
      } else {
        let table = RunTable(runs: runs, now: Journal.now())
        print(table.text(width: TerminalGlimpse.width, colour: TerminalGlimpse.hasColour))
      }
    }
  }

  private func list() throws -> [RunSummary] {
    let home = try Home.current()
    guard let journal = try home.existingJournal() else { return [] }
    LeftOvers(home: home, journal: journal).sweep()
    let runs = try journal.runs(limit: limit)
    do {
      return try journal.noticeAbandoned(among: runs) ? journal.runs(limit: limit) : runs
    } catch {
      // A list can be read where nothing can be written.
      complain("\(error)")
      return runs
    }
  }
}
