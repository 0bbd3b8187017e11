/// The rows of a chain as a store holds them, for whoever checks them.
package protocol ChainSource {
  /// Gives each row in the order of numbers, nil for one without a readable form, until `body` gives
  /// false. All in one snapshot, whoever writes meanwhile.
  func eachRow(_ body: (StoredRow?) throws -> Bool) throws
  /// The largest number there is; nil where there is no row.
  func largestNumber() throws -> Int64?
}

extension ChainSource {
  /// Recomputes the chain from its first row and compares it with the head that is kept apart.
  ///
  /// Believes nothing but the rows themselves and the head, which is to be read before the snapshot
  /// is taken: so the rows hold what this head knows.
  package func verify(against known: HeadFile.Content) throws -> Verification {
    var tip = Head.genesis
    var odd: StoredRow??
    var rewritten: Break?
    try eachRow { row in
      guard let row, row.follows(tip) else {
        odd = .some(row)
        return false
      }
      tip = Head(sequence: row.sequence, hash: row.hash)
      if case .head(let head) = known, head.sequence == tip.sequence, head.hash != tip.hash {
        rewritten = Break(sequence: tip.sequence, cause: .rewritten)
        return false
      }
      return true
    }
    if let rewritten { return .broken(rewritten) }
    if let odd {
      return .broken(try Diagnosis(source: self, tip: tip, known: known).explain(odd))
    }
    return verdict(tip: tip, known: known)
  }

  /// Judges a chain that holds as far as it goes.
  private func verdict(tip: Head, known: HeadFile.Content) -> Verification {
    switch known {
    case .head(let head) where head.sequence > tip.sequence:
      .broken(
        Break(sequence: tip.sequence + 1, cause: .truncated(written: head.sequence))
      )
    case .head(let head):
      .intact(head: tip, uncovered: tip.sequence - head.sequence)
    case .missing, .unreadable:
      tip.sequence == 0
        ? .intact(head: tip, uncovered: 0)
        : .broken(Break(sequence: tip.sequence, cause: .headMissing))
    }
  }
}
