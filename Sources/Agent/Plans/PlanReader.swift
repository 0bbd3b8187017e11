import Dialects
import Journal

/// Reads a plan's steps in order.
struct PlanReader {
  /// What is on record of a part.
  struct Part: Equatable {
    var child: String?
    var isMerged = false
    var failure: String?
    var conflict: BranchReport?
    /// Who was given the conflict, and how often somebody was.
    var settler: String?
    var attempts = 0
    var complaint: String?
    var isApproved = false
    var advice: String?
    var isLeftOut = false
  }

  private(set) var parts: [String: Part] = [:]
  private(set) var open: [StepRecord] = []
  /// The commit that the plan's branch is at.
  private(set) var head: String?

  mutating func read(_ step: StepRecord) {
    guard let outcome = step.outcome else {
      open.append(step)
      return
    }
    let intent = try? JSONDocument.object(Array(step.intent.body.utf8), bounds: .answer)
    let name = intent?["task"]?.string ?? ""
    switch step.intent.kind {
    case StepKind.start:
      guard outcome.status == .done else { return }
      head = BranchReport(outcome: outcome.body)?.head
    case StepKind.begin: parts[name, default: Part()].child = intent?["child"]?.string
    case StepKind.settle:
      parts[name]?.settler = intent?["child"]?.string
      parts[name]?.attempts += 1
      parts[name]?.complaint = nil
    case StepKind.merge:
      guard let child = intent?["child"]?.string,
        let part = parts.first(where: { $0.value.child == child })?.key
      else { return }
      read(merge: BranchReport(outcome: outcome.body), of: part)
    case StepKind.permission: read(AnsweredInquiry(outcome), about: name)
    case StepKind.pause: resume()
    default: break
    }
  }

  private mutating func read(merge report: BranchReport?, of name: String) {
    guard var part = parts[name] else { return }
    switch report?.state {
    case .merged:
      part.isMerged = true
      head = report?.head ?? head
    case .conflict:
      part.conflict = report
      // Its work may have been committed for the merge.
      head = report?.head ?? head
      // The branch moved on since it was settled: that was another conflict.
      part.settler = nil
      part.isApproved = false
    case .unsettled:
      head = report?.head ?? head
      part.complaint = report?.text
      part.settler = nil
      part.isApproved = false
    case .failed, .given, nil: part.failure = report?.text ?? "nothing is known of it"
    }
    parts[name] = part
  }

  private mutating func read(_ answer: AnsweredInquiry, about name: String) {
    guard var part = parts[name] else { return }
    part.isApproved = answer.state == .approved
    part.isLeftOut = answer.state != .approved
    part.advice = answer.comment
    part.settler = nil
    parts[name] = part
  }

  /// A person let the plan go on after it had come to an end: what had been decided is decided anew.
  private mutating func resume() {
    for name in parts.keys {
      parts[name]?.failure = nil
      parts[name]?.isLeftOut = false
    }
  }
}
