import ArgumentParser
import Foundation
import Glibc
import Journal
import Sandbox

/// One `caisson merge`, from the runs that a person names to the branch that comes of them.
struct BranchMerging {
  private let runs: [BranchRun]
  private let accept: [String]
  private let acceptsAllHeld: Bool
  private let json: Bool

  private struct Report: Encodable {
    struct Conflict: Encodable {
      var path: String
      var branch: String
      var ours: String?
      var theirs: String?
    }
    var runs: [String]
    var repository: String
    var branch: String?
    var tip: String?
    var conflicts: [Conflict] = []
  }

  init(_ named: [String], accept: [String], acceptsAllHeld: Bool, json: Bool) throws {
    self.accept = accept
    self.acceptsAllHeld = acceptsAllHeld
    self.json = json
    let held = try named.map { try HeldRun($0) }
    guard Set(held.map(\.id)).count == held.count else {
      throw ValidationError("a run is named twice")
    }
    if let empty = held.first(where: \.isEmpty) {
      throw ValidationError("run \(empty.id) holds no changes; leave it out")
    }
    if let other = held.first(where: { $0.record.mode != .branch }) {
      throw ValidationError("run \(other.id) had no --workspace branch; take it with caisson apply")
    }
    // Whoever waits for several locks takes them in one order.
    var branches: [String: BranchRun] = [:]
    for run in held.sorted(by: { $0.id < $1.id }) { branches[run.id] = try BranchRun(run) }
    runs = held.compactMap { branches[$0.id] }
    guard Set(runs.map(\.record.commonDirectory)).count == 1,
      Set(runs.map(\.record.objectFormat)).count == 1
    else { throw ValidationError("the runs belong to different repositories") }
  }

  func start() throws {
    guard let first = runs.first else { return }
    var intakes: [BranchIntake] = []
    var held: [String] = []
    for run in runs {
      if run.held.isRunning { throw WorkspaceError.running(run.held.record.run) }
      let apply = BranchApply(
        run: run,
        accepted: try run.held.paths(accept),
        acceptsAllHeld: acceptsAllHeld
      )
      let (intake, left) = try apply.take()
      for note in run.notes(intake.harvest) { complain("\(run.record.branch): \(note)") }
      held += left.map { "\(run.record.branch): \($0.path): \($0.reason) by \($0.rule)" }
      intakes.append(intake)
    }
    if !held.isEmpty {
      complain("nothing was merged, because of what is held back:")
      for line in held.prefix(40) { complain(line) }
      complain("take it with --accept PATH, or all of it with --accept-held")
      throw ExitCode(126)
    }
    let delivery = try first.transaction().delivery
    guard let head = try delivery.value(of: "HEAD"), let place = try BranchMergePlace(of: intakes)
    else { throw GitError.unfit("\(first.record.root) has no commit at HEAD") }
    let id = RunID(seconds: UInt64(time(nil)), random: UInt32.random(in: 0...UInt32.max))
    let branch = "caisson/merge-\(id)"
    let reference = "refs/heads/\(branch)"
    var report = Report(runs: runs.map(\.held.id), repository: first.record.root)
    switch try place.merge(intakes, onto: head, as: reference) {
    case .conflicts(let conflicts):
      report.conflicts = conflicts.map {
        .init(path: $0.path.display, branch: $0.branch, ours: $0.ours, theirs: $0.theirs)
      }
      try refuse(report, conflicts)
    case .merged(let tip):
      let row = RunsMerged(branch: branch, tip: tip.text, runs: report.runs)
      for run in runs { try run.held.record(.mergeStarted(row)) }
      try delivery.fetch([reference], from: place.directory)
      try delivery.move(reference, from: nil, to: tip, because: "merge of runs")
      for run in runs { try run.held.record(.mergeFinished(row)) }
      (report.branch, report.tip) = (branch, tip.text)
      if json { return print(try JSONText.encode(report)) }
      print(
        "branch \(branch) of \(report.repository.printable): \(runs.count.counted("run")) merged"
      )
      print("to take it into your branch: git merge \(branch)")
      print("to put it back: git branch -D \(branch)")
    }
  }

  private func refuse(_ report: Report, _ conflicts: [BranchMerge.Conflict]) throws {
    if json {
      print(try JSONText.encode(report))
    } else {
      complain("nothing was merged: the branches are in conflict")
      for conflict in conflicts { for line in conflict.lines { complain(line) } }
      complain("merge fewer of them, or apply each and settle it by hand with git merge")
    }
    throw caissonFailed
  }
}
