import Foundation
import Sandbox
import SystemPackage

/// `caisson diff` of a run with a branch of its own: its commits, and the difference of it all.
struct BranchDiff {
  let run: BranchRun

  struct Head: Encodable {
    struct Commit: Encodable {
      var commit: String
      var author: String
      var time: String
      var subject: String
    }
    var run: String
    var workspace: String
    var branch: String
    var start: String
    var tip: String
    var digest: String
    var added: Int
    var modified: Int
    var deleted: Int
    var uncommitted: Int
    var commits: [Commit]
    var notes: [String]
  }

  func printText(_ paths: [RelativePath], stat: Bool, nameOnly: Bool) throws {
    let intake = try run.intake(.look)
    let all = try intake.changes()
    let changes = try all.selecting(paths)
    var text = ChangeText(run.held)
    if nameOnly {
      text.names(changes)
      return
    }
    for note in run.notes(intake.harvest) { complain(note) }
    if intake.harvest.final == run.record.base {
      complain("run \(run.held.id) holds no commits and no changes")
      return
    }
    text.lines(summary(all))
    let diff = try ChangeDiff(before: all.before, after: all.after)
    let judge = { run.judge($0, in: all) }
    let digest = BranchRun.digest(all)
    if stat {
      try text.statistics(changes, diff, all.totals, appliedBefore: 0, digest: digest, judge)
    } else {
      try text.diff(changes, diff, judge)
      complain("digest \(digest); apply exactly this with --expect")
    }
    for path in all.onTheWay where run.judge(onTheWay: path) != .allow {
      complain("held at apply: \(path.display), in a commit on the way")
    }
  }

  private func summary(_ changes: BranchChanges) -> [String] {
    let more = changes.hasMoreCommits ? " and more" : ""
    var lines = [
      "branch \(run.record.branch) from \(run.record.start.short): "
        + changes.commits.count.counted("commit") + more
    ]
    for commit in changes.commits.prefix(50) {
      lines.append(
        "  \(commit.name.short) \(commit.subject.printable) (\(commit.author.printable))"
      )
    }
    if changes.commits.count > 50 { lines.append("  …") }
    if changes.uncommitted > 0 {
      lines.append("  and \(changes.uncommitted.counted("path")) not committed")
    }
    if run.record.carried > 0 {
      lines.append(
        "  measured from what you had not committed yourself: "
          + "\(run.record.carried.counted("path")), \(run.record.base.short)"
      )
    }
    return lines
  }

  func printJSON(_ paths: [RelativePath]) throws {
    let intake = try run.intake(.look)
    let all = try intake.changes()
    let changes = try all.selecting(paths)
    let totals = all.totals
    let head = Head(
      run: run.held.id,
      workspace: run.record.root,
      branch: run.record.branch,
      start: run.record.start.text,
      tip: intake.harvest.final.text,
      digest: BranchRun.digest(all),
      added: totals.added,
      modified: totals.modified,
      deleted: totals.deleted,
      uncommitted: all.uncommitted,
      commits: all.commits.map {
        .init(
          commit: $0.name.text,
          author: $0.author,
          time: Timestamp.text(microseconds: $0.time.multipliedReportingOverflow(by: 1_000_000).0),
          subject: $0.subject
        )
      },
      notes: run.notes(intake.harvest)
    )
    let diff = try ChangeDiff(before: all.before, after: all.after)
    let entries = try changes.map {
      try ChangeJSON($0, run.judge($0, in: all), diff.counts(of: $0))
    }
    var output = OutputBuffer()
    output.write(try JSONText.encode(head).dropLast() + #","changes":["#)
    output.write(try entries.map { try JSONText.encode($0) }.joined(separator: ",\n"))
    output.write("]}\n")
    output.flush()
  }
}
