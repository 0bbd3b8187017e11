import Dialects
import Journal

/// Work whose parts other agents do on branches of their own.
protocol MergingWork: RecordedWork {
  var branches: BranchKeeper { get }
}

/// A merge as its intent has it.
struct MergeIntent: Equatable {
  /// The run that is merged.
  let child: String
  let conflict: BranchKeeper.InConflict

  init(child: String, conflict: BranchKeeper.InConflict) {
    self.child = child
    self.conflict = conflict
  }

  init?(_ intent: StepIntent) {
    guard intent.kind == StepKind.merge,
      let json = try? JSONDocument.object(Array(intent.body.utf8), bounds: .answer),
      let child = json["child"]?.string
    else { return nil }
    self.child = child
    if let settler = json["settled_by"]?.string {
      conflict = .settled(by: settler)
    } else {
      conflict = json["marks"]?.bool == true ? .marks : .nothing
    }
  }

  var body: [UInt8] {
    JSONWriter.object { json in
      json.string("child", child)
      if conflict == .marks { json.bool("marks", true) }
      if case .settled(let settler) = conflict { json.string("settled_by", settler) }
    }
  }
}

extension MergingWork {
  /// Commits what lies in this assignment's own tree, for others to begin at. Its session ends first:
  /// nothing may work in a tree that is given on.
  func given() async throws -> BranchReport {
    await flush()
    do {
      return try await branches.give(assignment.id)
    } catch let error as CancellationError {
      throw error
    } catch {
      return BranchReport(state: .failed, text: "\(error)")
    }
  }

  mutating func merge(_ merge: MergeIntent) async throws -> Flow {
    await flush()
    let sequence = log.begin(
      StepKind.merge,
      .probed,
      hash: Digest.text(merge.body),
      body: String(decoding: merge.body, as: UTF8.self)
    )
    try await write()
    return try await carryOut(merge, as: sequence)
  }

  /// Takes up a merge that a worker left open: what has been done of it is found, and not done again.
  mutating func takeUp(merge record: StepRecord) async throws -> Flow {
    let sequence = record.intent.sequence
    guard let merge = MergeIntent(record.intent) else {
      log.end(sequence, result(.interrupted, "Nothing of it is known."))
      return .goOn
    }
    await flush()
    log.again(sequence, reason: "its worker died")
    try await write()
    return try await carryOut(merge, as: sequence)
  }

  private mutating func carryOut(_ merge: MergeIntent, as sequence: Int) async throws -> Flow {
    var report: BranchReport
    do {
      report = try await branches.merge(assignment.id, merge.child, merge.conflict)
    } catch let error as CancellationError {
      throw error
    } catch {
      report = BranchReport(state: .failed, text: "\(error)")
    }
    let status: StepOutcome.Status = report.state == .merged ? .done : .failed
    log.end(sequence, StepOutcome(status, body: try report.json))
    return .goOn
  }

  /// What came of merges, by the run that was merged; the newest counts.
  var merges: [String: BranchReport] {
    var found: [String: BranchReport] = [:]
    for record in log.records {
      guard let merge = MergeIntent(record.intent), let outcome = record.outcome,
        let report = BranchReport(outcome: outcome.body)
      else { continue }
      found[merge.child] = report
    }
    return found
  }
}
