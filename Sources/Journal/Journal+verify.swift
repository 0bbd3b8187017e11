import GRDB

extension Journal {
  /// Recomputes the chain from its first row and compares it with the head that is kept apart.
  ///
  /// Reads one row at a time, in one snapshot: others may go on writing. Believes nothing but the
  /// rows themselves and the head.
  package func verify() throws(JournalError) -> Verification {
    // The head first: rows are committed before their head is, so the snapshot that is opened
    // next holds every row that this head knows.
    let known = try head.read()
    return try read { database in
      var tip = Head.genesis
      let rows = try StoredRow.cursor(over: database)
      while let row = try rows.next().map(StoredRow.init) {
        guard let row, row.follows(tip) else {
          let diagnosis = Diagnosis(database: database, tip: tip, known: known)
          return .broken(try diagnosis.explain(row))
        }
        tip = Head(sequence: row.sequence, hash: row.hash)
        if case .head(let head) = known, head.sequence == tip.sequence, head.hash != tip.hash {
          return .broken(Break(sequence: tip.sequence, cause: .rewritten))
        }
      }
      return Self.verdict(tip: tip, known: known)
    }
  }

  /// Judges a chain that holds as far as it goes.
  static func verdict(tip: Head, known: HeadFile.Content) -> Verification {
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
