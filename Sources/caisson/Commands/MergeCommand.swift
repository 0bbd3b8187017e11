import ArgumentParser
import Foundation
import Journal
import Sandbox

/// `caisson merge`: makes one branch of what several runs made.
struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Makes one branch of the branches of several runs.",
    discussion: """
      The runs had --workspace branch and belong to one repository. Their branches are merged in the \
      order in which they are named, onto the commit that HEAD is at, into a new branch \
      caisson/merge-ID; HEAD, index and work tree stay as they are. Where two of them are in \
      conflict the paths are named, with the last commit of either side, and nothing is made.

      Start-up files wait for --accept, as with apply.

      Example:
        caisson merge 1ng292r7dnkk 1ng2zf6ze30x
        git merge caisson/merge-1ng2zt0000ab
      """
  )

  @Argument(help: ArgumentHelp("Runs, in the order in which they are merged.", valueName: "run"))
  var named: [String]

  @Option(
    help: ArgumentHelp("Take this held path too, and what lies beneath it.", valueName: "path")
  )
  var accept: [String] = []

  @Flag(help: "Take every held path.")
  var acceptHeld = false

  @Flag(help: "Print a JSON object.")
  var json = false

  func run() throws {
    try reportingFailures {
      try BranchMerging(named, accept: accept, acceptsAllHeld: acceptHeld, json: json).start()
    }
  }
}
