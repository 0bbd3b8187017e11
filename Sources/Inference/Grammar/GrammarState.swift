/// Where a text stands in a grammar.
package struct GrammarState: Sendable {
  package let grammar: Grammar
  private(set) var threads: [GrammarThread]

  package init(_ grammar: Grammar) {
    self.grammar = grammar
    threads = grammar.initial
  }

  /// Whether the text may end here.
  package var isComplete: Bool { threads.contains { grammar.isComplete($0) } }

  /// Whether nothing can follow.
  package var isFinished: Bool { threads.allSatisfy { $0.top.node < 0 } }

  /// How many bytes the text needs at least until it may end.
  package var cost: Int { threads.map { grammar.cost($0) }.min() ?? GrammarCosts.endless }

  /// Reads bytes; false, and no change, where they do not fit.
  package mutating func advance(_ bytes: some Sequence<UInt8>) -> Bool {
    var current = threads
    for byte in bytes {
      var next: [GrammarThread] = []
      for thread in current { grammar.step(thread, byte, into: &next) }
      if next.isEmpty { return false }
      if next.count > 1 { next = Grammar.distinct(next) }
      current = next
    }
    threads = current
    return true
  }
}

extension Grammar {
  /// Each way once, and not too many.
  static func distinct(_ threads: [GrammarThread]) -> [GrammarThread] {
    var known = Set<GrammarThread>()
    return Array(threads.filter { known.insert($0).inserted }.prefix(maximumThreads))
  }
}
