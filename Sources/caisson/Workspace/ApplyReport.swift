import Sandbox
import SystemPackage

/// What an apply did and what it left, for people and for programs.
struct ApplyReport: Encodable {
  struct Left: Encodable {
    var path: String
    /// held, denied, unsupported or depends.
    var reason: String
    var rule: String
    var remedy: String?
  }

  var run: String
  var workspace: String
  var added: Int
  var modified: Int
  var deleted: Int
  var left: [Left]

  init(_ run: HeldRun, _ result: Apply.Result, accepts options: ApplySelection.Options) {
    self.run = run.id
    workspace = run.record.lower.string
    added = result.totals.added
    modified = result.totals.modified
    deleted = result.totals.deleted
    left = result.selection.left.map { Left($0) }
  }

  /// Whether anything waits for a person, or for another policy.
  var waits: Bool { left.contains { $0.reason == "held" || $0.reason == "denied" } }

  func print() {
    let total = added + modified + deleted
    let count = "\(added) added, \(modified) modified, \(deleted) deleted"
    if total > 0 {
      Swift.print("applied to \(workspace.printable): \(count)")
      Swift.print("to put it back: caisson undo \(run)")
    } else {
      complain("nothing was applied")
    }
    for entry in left.prefix(40) {
      let advice = entry.remedy.map { "; \($0)" } ?? ""
      complain("left: \(entry.path): \(entry.rule)\(advice)")
    }
    if left.count > 40 { complain("and \(left.count - 40) more; see caisson diff \(run) --stat") }
  }
}

extension ApplyReport.Left {
  init(_ left: ApplySelection.Left) {
    path = left.change.path.display
    switch left.reason {
    case .held(let rule, let policy):
      reason = "held"
      self.rule = "held back by \(rule)"
      remedy =
        "take it with --accept \(path.shellQuoted)"
        + (policy.map { ", or allow it in the policy: \($0)" } ?? "")
    case .denied(let rule, let policy):
      reason = "denied"
      self.rule = "refused by \(rule)"
      remedy = policy
    case .unsupported(let why):
      reason = "unsupported"
      rule = why.rawValue
    case .dependsOn(let other):
      reason = "depends"
      rule = "cannot go without \(other.display), which is left"
    }
  }
}
