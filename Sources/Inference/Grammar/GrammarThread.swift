/// One way to read what was written: what is open, the innermost apart from the rest.
struct GrammarThread: Sendable, Hashable {
  var top: GrammarFrame
  var rest: GrammarLink?
}

/// Something that is open.
struct GrammarFrame: Sendable, Hashable {
  /// The node, or -1 when everything is closed.
  var node: Int32
  /// The state within the node: of an automaton its state, else a phase.
  var phase: Int16 = 0
  /// Code points of a string or of a key, items of an array; space before the next sign.
  var count: Int32 = 0
  var space: UInt8 = 0
  var object: GrammarMembers? = nil
}

/// The members that an object has.
struct GrammarMembers: Sendable, Hashable {
  /// Declared properties that are there, as bits.
  var seen: UInt128 = 0
  /// The names of others, and the one being written.
  var others: [[UInt8]] = []
  var name: [UInt8] = []

  var count: Int { seen.nonzeroBitCount + others.count }
}

/// The frames around the innermost, from the inside out.
final class GrammarLink: Sendable, Hashable {
  let frame: GrammarFrame
  let rest: GrammarLink?
  /// Containers here and around it.
  let depth: Int
  private let hash: Int

  init(_ frame: GrammarFrame, _ rest: GrammarLink?, isContainer: Bool) {
    self.frame = frame
    self.rest = rest
    depth = (rest?.depth ?? 0) + (isContainer ? 1 : 0)
    var hasher = Hasher()
    hasher.combine(frame)
    hasher.combine(rest?.hash)
    hash = hasher.finalize()
  }

  static func == (one: GrammarLink, other: GrammarLink) -> Bool {
    var (left, right): (GrammarLink?, GrammarLink?) = (one, other)
    while let one = left, let other = right {
      if one === other { return true }
      guard one.hash == other.hash, one.frame == other.frame else { return false }
      (left, right) = (one.rest, other.rest)
    }
    return left == nil && right == nil
  }

  func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
