import Foundation
import Glibc
import Journal
import Sandbox

/// What one run's branch gives to another's: a commit to begin at, or a merge.
///
/// Whatever is killed, doing it again comes to the same: what lies in a run's tree is committed first,
/// a branch that is in the other one already is left as it is, and a work tree that was left between
/// two commits is brought to the second one before anybody looks at it.
struct BranchHandover {
  struct Report: Encodable {
    enum State: String, Encodable {
      /// The run's branch is at `head`, which others may begin at.
      case given
      case merged
      /// `marked` is a commit of both sides with the conflicts marked, which others may begin at; or,
      /// where the marks are kept, they are in the run's own work tree.
      case conflict
      /// Who was to settle a conflict has not.
      case unsettled
      case failed
    }
    var state: State
    var head: String?
    var paths: [String] = []
    var text: String?
    var marked: String?
  }

  private let home: Home
  private let target: BranchRun
  private let source: BranchRun?
  private let settler: BranchRun?
  /// Whether a merge in conflict is taken with its marks.
  private let keepsMarks: Bool

  /// How long a session that was just left may take to end.
  private static let patience = 1500

  init(into named: String, from: String?, settledBy: String?, keepsMarks: Bool) throws {
    self.keepsMarks = keepsMarks
    home = try Home.current()
    let names = [named, from, settledBy].compactMap(\.self)
    guard Set(names).count == names.count else { throw GitError.unfit("a run is named twice") }
    // Whoever waits for several locks takes them in one order.
    var runs: [String: BranchRun] = [:]
    for name in names.sorted() { runs[name] = try Self.open(name) }
    guard let target = runs[named] else { throw GitError.unfit("\(named) is no run") }
    self.target = target
    source = from.flatMap { runs[$0] }
    settler = settledBy.flatMap { runs[$0] }
    guard Set(runs.values.map(\.record.commonDirectory)).count == 1 else {
      throw GitError.unfit("the runs belong to different repositories")
    }
  }

  /// A run that nothing works in any more.
  private static func open(_ name: String) throws -> BranchRun {
    var held = try HeldRun(name)
    for _ in 0..<patience where held.isRunning {
      usleep(20_000)
      held = try HeldRun(name)
    }
    if held.isRunning { throw WorkspaceError.running(held.record.run) }
    guard held.record.mode == .branch else {
      throw GitError.unfit("run \(held.id) has no branch: its workspace is no --workspace branch")
    }
    return try BranchRun(held)
  }

  func start() throws -> Report {
    let own = try committed(target)
    if let damage = own.harvest.damage, source != nil {
      throw GitError.unfit("the repository of run \(target.held.id) cannot be read: \(damage)")
    }
    guard let source else {
      try own.give()
      return Report(state: .given, head: own.harvest.final.text)
    }
    let theirs = try committed(source)
    let settled = try settler.map(committed)
    let intakes = [own, theirs] + (settled.map { [$0] } ?? [])
    guard let place = try BranchMergePlace(of: intakes) else {
      throw GitError.unfit("there is nothing to merge")
    }
    defer { withExtendedLifetime(intakes) {} }
    let head = own.harvest.final
    let part = BranchMerge.Part(theirs.record, tip: theirs.harvest.final)
    switch try place.merge.merge([part], onto: head) {
    case .merged(let tip):
      if keepsMarks, tip == head, let report = try marks(left: theirs, in: head, place) {
        return report
      }
      return try take(tip, after: own, place)
    case .conflicts(let conflicts):
      if let settled { return try take(settled, part, conflicts, after: own, place) }
      let marked = try place.merge.marked(part, onto: head, conflicts)
      if keepsMarks {
        _ = try take(marked.commit, after: own, place)
        let known = try marks(of: part, head, conflicts.map(\.path), place)
        return Report(
          state: .conflict,
          head: marked.commit.text,
          paths: conflicts.map(\.path).filter { !known.contains($0) }.map(\.display),
          text: marked.text
        )
      }
      try place.give(marked.commit, to: target.workspace)
      try own.give()
      return Report(
        state: .conflict,
        head: head.text,
        paths: conflicts.map(\.path.display),
        text: marked.text,
        marked: marked.commit.text
      )
    }
  }

  /// A merge with marks that was taken already, by somebody who was killed before he said so.
  private func marks(
    left theirs: BranchIntake,
    in head: ObjectName,
    _ place: BranchMergePlace
  ) throws -> Report? {
    let touched = try place.merge.paths(from: theirs.record.base, to: theirs.harvest.final)
    let known = try place.merge.marks(in: theirs.harvest.final, among: touched)
    let left = try place.merge.marks(in: head, among: touched).filter { !known.contains($0) }
    if left.isEmpty { return nil }
    return Report(state: .conflict, head: head.text, paths: left.map(\.display))
  }

  /// Files that hold such marks on one of the sides by themselves, as a text about git does.
  private func marks(
    of part: BranchMerge.Part,
    _ head: ObjectName,
    _ paths: [RelativePath],
    _ place: BranchMergePlace
  ) throws -> Set<RelativePath> {
    let ours = try place.merge.marks(in: head, among: paths)
    return try Set(ours + place.merge.marks(in: part.tip, among: paths))
  }

  /// What a run left, with what was not committed as a commit of its own branch.
  private func committed(_ run: BranchRun) throws -> BranchIntake {
    try SealedGit(home: home, workspace: run.workspace).harvest(.commit)
  }

  private func take(
    _ settled: BranchIntake,
    _ part: BranchMerge.Part,
    _ conflicts: [BranchMerge.Conflict],
    after own: BranchIntake,
    _ place: BranchMergePlace
  ) throws -> Report {
    let merge = place.merge
    let (head, tip) = (own.harvest.final, settled.harvest.final)
    try own.give()
    guard try merge.isAncestor(head, of: tip), try merge.isAncestor(part.tip, of: tip) else {
      return Report(
        state: .unsettled,
        head: head.text,
        text: "what run \(settled.record.run) made does not hold the commits of both sides"
      )
    }
    let paths = conflicts.map(\.path)
    let known = try marks(of: part, head, paths, place)
    let left = try merge.marks(in: tip, among: paths).filter { !known.contains($0) }
    guard left.isEmpty else {
      return Report(
        state: .unsettled,
        head: head.text,
        paths: left.map(\.display),
        text: "marks of conflicts are left in \(left.map(\.display).joined(separator: ", "))"
      )
    }
    let made = try merge.settled(as: tip, part, onto: head, by: settled.record.run)
    return try take(made, after: own, place)
  }

  private func take(
    _ tip: ObjectName,
    after own: BranchIntake,
    _ place: BranchMergePlace
  ) throws -> Report {
    let head = own.harvest.final
    let changed = try place.merge.paths(from: head, to: tip)
    if let obstacle = Self.obstacle(to: changed, in: own.harvest) {
      return Report(state: .failed, head: head.text, text: obstacle)
    }
    try place.give(tip, to: target.workspace)
    if tip != head {
      let runs = [source, settler].compactMap { $0?.held.id }
      let row = RunsMerged(branch: target.record.branch, tip: tip.text, runs: runs)
      try target.held.record(.mergeStarted(row))
      let git = SealedGit(home: home, workspace: target.workspace)
      do {
        try git.take(BranchTaking(from: head, to: tip))
      } catch let error as SealedGitError where error.isGitsOwn {
        // Back to what it was: all of that is committed, and nothing has worked in it since.
        try own.give()
        try git.take(BranchTaking(from: head, to: head))
        return Report(state: .failed, head: head.text, text: "\(error)")
      }
      try target.held.record(.mergeFinished(row))
    }
    return Report(state: .merged, head: tip.text, paths: changed.map(\.display))
  }

  /// Why these paths cannot be written over the run's work tree without loss; nil where they can.
  private static func obstacle(to paths: [RelativePath], in harvest: BranchHarvest) -> String? {
    if paths.isEmpty { return nil }
    if let trouble = harvest.troubles.first {
      return "its work could not be committed whole, and a merge might write over it: \(trouble)"
    }
    let slash = UInt8(ascii: "/")
    let nested = harvest.nested.map { Array($0.utf8) }
    for path in paths {
      let parts = path.bytes.split(separator: slash)
      if path.bytes.count > longestPath || parts.contains(where: { $0.count > longestName }) {
        return
          "a name of a file in it is longer than file systems take: \(path.display.prefix(80))…"
      }
      for place in nested
      where path.bytes == place || path.bytes.starts(with: place + [slash])
        || place.starts(with: path.bytes + [slash])
      {
        return "\(path.display) would be written over a repository within the run's work tree"
      }
    }
    return nil
  }

  /// Bytes of a name, and of a path, that Linux takes.
  private static let (longestName, longestPath) = (255, 3_800)
}
