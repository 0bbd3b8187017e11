import ArgumentParser
import Foundation
import Journal
import Policy
import Sandbox

/// `caisson apply` of a run with a branch of its own.
struct BranchApply {
  let run: BranchRun
  var accepted: [RelativePath] = []
  var acceptsAllHeld = false
  var expected: String?
  var merges = false
  var json = false

  private var id: String { run.held.id }

  struct Report: Encodable {
    struct Left: Encodable {
      var path: String
      /// held or denied.
      var reason: String
      var rule: String
    }
    struct Conflict: Encodable {
      var path: String
      var ours: String?
      var theirs: String?
    }
    var run: String
    var repository: String
    var branch: String
    var tip: String
    var commits: Int
    var added = 0
    var modified = 0
    var deleted = 0
    var mergedInto: String?
    var left: [Left] = []
    var conflicts: [Conflict] = []
    var notes: [String] = []
  }

  func start() throws {
    let held = run.held
    if held.isRunning { throw WorkspaceError.running(held.record.run) }
    let seen = try run.intake(.look)
    let changes = try seen.changes()
    if let expected, expected != BranchRun.digest(changes) {
      throw WorkspaceError.digestDiffers(expected: expected, found: BranchRun.digest(changes))
    }
    for path in accepted
    where !(changes.changes.map(\.path) + changes.onTheWay).contains(where: { $0.isWithin(path) }) {
      throw WorkspaceError.noSuchChange(path)
    }
    var report = Report(
      run: id,
      repository: run.record.root,
      branch: run.record.branch,
      tip: seen.harvest.final.text,
      commits: changes.commits.count
    )
    report.notes = run.notes(seen.harvest)
    if seen.harvest.final == run.record.base {
      for note in report.notes { complain(note) }
      complain("run \(id) holds no commits and no changes")
      return
    }
    report.left = left(of: changes)
    if !report.left.isEmpty { return try refuse(report) }
    let intake = seen.harvest.hasUncommitted ? try committed(after: seen) : seen
    let harvest = intake.harvest
    report.tip = harvest.final.text
    if harvest.hasUncommitted { report.commits += 1 }
    let transaction = try run.transaction()
    let before = try run.state
    let former = try transaction.former(for: harvest.final, after: before)
    var merge: BranchState.Merge?
    if merges {
      let (planned, conflicts) = try transaction.planMerge(intake)
      if !conflicts.isEmpty { return try refuse(report, conflicts) }
      merge = planned
    }
    if former == harvest.final, merge.map({ $0.from == $0.to }) ?? true {
      complain("\(run.record.branch) is in \(run.record.root) already")
      return
    }
    let state = BranchState(after: before, tip: harvest.final, former: former, merge: merge)
    let generation = state.generation
    try held.record(.applyStarted(ApplyStarted(id: held.name(of: generation), paths: [])))
    try state.write(in: run.workspace.directory)
    do {
      _ = try transaction.apply(state, from: intake)
    } catch {
      // What came of it is found and recorded now rather than at the next command.
      _ = try? run.recover()
      throw error
    }
    let totals = changes.totals
    (report.added, report.modified, report.deleted) = (
      totals.added, totals.modified, totals.deleted
    )
    report.mergedInto = merge?.reference.shortBranch
    try held.record(
      .applyFinished(
        ApplyFinished(
          id: held.name(of: generation),
          added: totals.added,
          modified: totals.modified,
          deleted: totals.deleted
        )
      )
    )
    try announce(report)
  }

  /// Has the run's work taken in, with what is not committed as a commit of its own, and says what
  /// of it is held back.
  func take() throws -> (intake: BranchIntake, left: [Report.Left]) {
    let seen = try run.intake(.look)
    let left = left(of: try seen.changes())
    guard left.isEmpty, seen.harvest.hasUncommitted else { return (seen, left) }
    return (try committed(after: seen), [])
  }

  /// Has what is not committed become a commit of the run's own branch.
  private func committed(after seen: BranchIntake) throws -> BranchIntake {
    let intake = try run.intake(.commit)
    guard try intake.difference() == seen.difference() else {
      throw WorkspaceError.busy("the work tree of run \(id)")
    }
    return intake
  }

  // MARK: - What is held

  private func left(of changes: BranchChanges) -> [Report.Left] {
    var left: [Report.Left] = []
    func note(_ path: RelativePath, _ verdict: ApplyVerdict, _ place: String) {
      switch verdict {
      case .allow: break
      case .hold(let rule, _):
        let isAccepted = acceptsAllHeld || accepted.contains { path.isWithin($0) }
        if !isAccepted {
          left.append(.init(path: path.display, reason: "held", rule: rule + place))
        }
      case .deny(let rule, _):
        left.append(.init(path: path.display, reason: "denied", rule: rule + place))
      }
    }
    for change in changes.changes { note(change.path, run.judge(change, in: changes), "") }
    for path in changes.onTheWay {
      note(path, run.judge(onTheWay: path), ", in a commit on the way")
    }
    return left
  }

  private func refuse(_ report: Report) throws {
    if json {
      print(try JSONText.encode(report))
    } else {
      complain("nothing was applied: a branch is taken as a whole, and of this one is held back")
      for entry in report.left.prefix(40) {
        let advice =
          entry.reason == "held" ? "; take it with --accept \(entry.path.shellQuoted)" : ""
        let verb = entry.reason == "held" ? "held back" : "refused"
        complain("left: \(entry.path): \(verb) by \(entry.rule)\(advice)")
      }
      if report.left.count > 40 { complain("and \(report.left.count - 40) more") }
    }
    throw ExitCode(126)
  }

  private func refuse(_ report: Report, _ conflicts: [BranchMerge.Conflict]) throws {
    var report = report
    report.conflicts = conflicts.map {
      .init(path: $0.path.display, ours: $0.ours, theirs: $0.theirs)
    }
    if json {
      print(try JSONText.encode(report))
    } else {
      complain("nothing was applied: \(run.record.branch) and your branch are in conflict")
      for conflict in conflicts { for line in conflict.lines { complain(line) } }
      complain("to settle that by hand: caisson apply \(id), then git merge \(run.record.branch)")
    }
    throw caissonFailed
  }

  private func announce(_ report: Report) throws {
    if json {
      print(try JSONText.encode(report))
      return
    }
    for note in report.notes { complain(note) }
    let count = "\(report.added) added, \(report.modified) modified, \(report.deleted) deleted"
    let commits = report.commits.counted("commit")
    print("branch \(report.branch) of \(report.repository.printable): \(commits), \(count)")
    if let place = report.mergedInto {
      print("merged into \(place.printable)")
    } else {
      print("to take it into your branch: git merge \(report.branch)")
    }
    print("to put it back: caisson undo \(id)")
  }
}

extension BranchMerge.Conflict {
  /// The conflict in words.
  var lines: [String] {
    var lines = ["conflict: \(path.display)"]
    if let ours { lines.append("  here:   \(ours.printable)") }
    if let theirs { lines.append("  there:  \(theirs.printable) (\(branch))") }
    return lines
  }
}
