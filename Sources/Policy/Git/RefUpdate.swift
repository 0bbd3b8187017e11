/// One command of a push: what a reference was, and what it shall be.
package struct RefUpdate: Hashable, Sendable {
  /// In hexadecimal; all zeroes where there is none.
  package let old: String
  package let new: String
  /// The full name, such as `refs/heads/main`.
  package let ref: String

  package init(old: String, new: String, ref: String) {
    self.old = old
    self.new = new
    self.ref = ref
  }

  package var creates: Bool { old.utf8.allSatisfy { $0 == 0x30 } }
  package var deletes: Bool { new.utf8.allSatisfy { $0 == 0x30 } }
}

/// Whether a push may go on.
package enum PushDecision: Hashable, Sendable {
  case allowed
  case denied(rule: String, reason: String, remedy: String?)
  /// It may, if its pack shows that these references keep what they hold.
  case undecided([RefUpdate])
}

/// The tips that a run pushed to one repository, which it may build on.
///
/// Only what the server reported as done counts: otherwise a push that must fail could name the
/// tip of somebody else's branch as one's own.
package struct PushedTips: Hashable, Sendable {
  private var tips: [String: Set<String>] = [:]

  package init() {}

  package func contains(_ tip: String, of ref: String) -> Bool {
    tips[ref]?.contains(tip) ?? false
  }

  package mutating func record(_ updates: [RefUpdate], done: Set<String>) {
    for update in updates where done.contains(update.ref) && !update.deletes {
      guard tips.count < 10_000 || tips[update.ref] != nil else { continue }
      tips[update.ref, default: []].insert(update.new)
    }
  }
}

extension GitRule {
  /// Judges a push by its commands, all of which must pass.
  ///
  /// A reference may be made, or moved from a tip that this run pushed to it. Whether any other
  /// update keeps what was there cannot be seen in the commands: whoever reads the pack looks for it.
  package func decide(_ updates: [RefUpdate], pushed: PushedTips) -> PushDecision {
    var undecided: [RefUpdate] = []
    for update in updates {
      switch decision(on: update, pushed) {
      case .allowed: break
      case .undecided(let more): undecided += more
      case .denied(let rule, let reason, let remedy):
        return .denied(rule: rule, reason: reason, remedy: remedy)
      }
    }
    return undecided.isEmpty ? .allowed : .undecided(undecided)
  }

  /// Refuses an update of a branch of which its pack did not show that it keeps what was there.
  package func denial(of unproven: RefUpdate, because doubt: String) -> PushDecision {
    let short = String(unproven.ref.dropFirst(11))
    return denied(
      "the branch \(quoted(short)) holds commits that this run did not push, and the update might "
        + "drop them: \(doubt)",
      remedy("force", force, short)
    )
  }

  private func decision(on update: RefUpdate, _ pushed: PushedTips) -> PushDecision {
    let isTag = update.ref.hasPrefix("refs/tags/")
    guard isTag || update.ref.hasPrefix("refs/heads/") else {
      return denied("\(quoted(update.ref)) is neither a branch nor a tag", nil)
    }
    let short = String(update.ref.dropFirst(isTag ? 10 : 11))
    guard let short = try? Self.branch(parsing: short) else {
      return denied("\(quoted(update.ref)) is not well-formed", nil)
    }
    let kind = isTag ? "tag" : "branch"
    let granted = isTag ? tags : push
    guard granted.contains(where: { PathPattern("/" + $0).matches(short) }) else {
      return denied(
        "the \(kind) \(quoted(short)) is not among those that may be pushed",
        remedy(isTag ? "tags" : "push", granted, short)
      )
    }
    if update.deletes {
      guard !isTag, delete.contains(where: { PathPattern("/" + $0).matches(short) }) else {
        return denied(
          "the \(kind) \(quoted(short)) may not be deleted",
          isTag ? nil : remedy("delete", delete, short)
        )
      }
      return .allowed
    }
    if update.creates || update.old == update.new { return .allowed }
    if !isTag, pushed.contains(update.old, of: update.ref) { return .allowed }
    if !isTag, force.contains(where: { PathPattern("/" + $0).matches(short) }) { return .allowed }
    if isTag {
      return denied("the tag \(quoted(short)) exists, and tags are not moved", nil)
    }
    return .undecided([update])
  }

  private func denied(_ reason: String, _ remedy: String?) -> PushDecision {
    .denied(rule: name, reason: reason, remedy: remedy)
  }

  private func remedy(_ key: String, _ patterns: [String], _ short: String) -> String {
    "\(key): \(YAMLText.list(patterns + [short])) in the entry git: \(host.text)/\(repository)"
  }
}

extension PathPattern {
  fileprivate func matches(_ name: String) -> Bool {
    matches(name.utf8.split(separator: 0x2F, omittingEmptySubsequences: false).map(Array.init))
  }
}
