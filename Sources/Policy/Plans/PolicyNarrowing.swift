/// The policy of an agent that works for another: no wider than that of whoever gives it work.
package enum PolicyNarrowing {
  /// What the first policy would have to allow beyond itself.
  package struct Wider: Error, Hashable, Sendable {
    package let sentences: [String]
  }

  /// The policy that is enforced: what the narrower one says, on a branch of its own. What it does not say
  /// of models is as above it.
  package static func narrowed(
    _ narrow: PolicyDocument,
    within wide: PolicyDocument
  ) throws(Wider) -> PolicyDocument {
    var narrow = narrow
    narrow.workspace = .branch
    if narrow.models == nil { narrow.models = wide.models }
    // An empty list is every model.
    if narrow.models?.allow.isEmpty == true { narrow.models?.allow = wide.models?.allow ?? [] }
    if narrow.models?.budget == nil { narrow.models?.budget = wide.models?.budget }
    var (base, other) = (wide, narrow)
    base.workspace = .branch
    // Without a rule each model may be used, and none costs too much.
    if base.models == nil { other.models = nil }
    let more = PolicyDifference(from: base, to: other).more
    guard more.isEmpty else { throw Wider(sentences: more) }
    // The first rule that fits is the one that asks.
    narrow.approvals = wide.approvals + narrow.approvals.filter { !wide.approvals.contains($0) }
    return narrow
  }
}
