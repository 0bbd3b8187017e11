import ArgumentParser
import Foundation
import Sandbox
import SystemPackage

/// `caisson diff`: what a run changed, before anyone takes it.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Shows what a run changed and is not applied yet.",
    discussion: """
      Text files are shown as a unified diff; binaries, permissions, links and removed files are \
      named. The digest stands for exactly these changes: give it to 'apply --expect' to apply \
      nothing else. On a terminal, control characters of names and contents are shown as escapes.

      Example:
        caisson diff
        caisson diff last
        caisson diff last --stat
        caisson diff last src/main.c
      """
  )

  @Argument(
    help: ArgumentHelp(
      "A run: its name, the beginning of one, or 'last'; without it, the newest here with changes.",
      valueName: "run"
    )
  )
  var named: String?

  @Argument(help: "Only these paths of the workspace, and what lies beneath them.")
  var paths: [String] = []

  @Flag(help: "Print one line a path, and the digest.")
  var stat = false

  @Flag(help: "Print the paths only.")
  var nameOnly = false

  @Flag(help: "Print a JSON object.")
  var json = false

  func validate() throws {
    if [stat, nameOnly, json].count(where: { $0 }) > 1 {
      throw ValidationError("--stat, --name-only and --json do not go together")
    }
  }

  func run() throws {
    try reportingFailures {
      let held = try HeldRun(named)
      if named == nil, !json { complain("run \(held.id)") }
      try held.announceUnfinished()
      if held.isRunning { complain("run \(held.id) is still at work: its changes may grow") }
      if held.record.mode == .branch, !held.isEmpty {
        let branch = BranchDiff(run: try BranchRun(held))
        if json { return try branch.printJSON(held.paths(paths)) }
        return try branch.printText(held.paths(paths), stat: stat, nameOnly: nameOnly)
      }
      let set = try held.changes()
      let changes = try set.selecting(held.paths(paths))
      if json {
        try printJSON(changes, set, held)
        return
      }
      var text = ChangeText(held)
      if nameOnly {
        text.names(changes)
      } else if changes.isEmpty {
        complain("run \(held.id) holds no changes")
      } else if stat {
        try text.statistics(
          changes,
          ChangeDiff(held.record),
          set.totals,
          appliedBefore: set.appliedBefore,
          digest: set.digest,
          held.judge
        )
      } else {
        try text.diff(changes, ChangeDiff(held.record), held.judge)
        complain("digest \(set.digest); apply exactly this with --expect")
      }
    }
  }

  private func printJSON(_ changes: [Change], _ set: ChangeSet, _ held: HeldRun) throws {
    struct Head: Encodable {
      var run: String
      var workspace: String
      var digest: String
      var added: Int
      var modified: Int
      var deleted: Int
      var appliedBefore: Int
    }
    let totals = set.totals
    let head = Head(
      run: held.id,
      workspace: held.record.lower.string,
      digest: set.digest,
      added: totals.added,
      modified: totals.modified,
      deleted: totals.deleted,
      appliedBefore: set.appliedBefore
    )
    // The list goes out as it is made: it may be longer than memory should hold.
    var output = OutputBuffer()
    output.write(try JSONText.encode(head).dropLast() + #","changes":["#)
    let diff = changes.isEmpty ? nil : try ChangeDiff(held.record)
    var separator = ""
    for change in changes where !output.isClosed {
      let counts = try diff?.counts(of: change)
      let entry = ChangeJSON(change, held.judge(change), counts)
      output.write(try separator + JSONText.encode(entry))
      separator = ",\n"
    }
    output.write("]}\n")
    output.flush()
  }
}
