/// What ``Journal/verify()`` found.
package enum Verification: Sendable, Equatable {
  /// Every row follows from the one before, and the head that is kept apart lies on the chain.
  ///
  /// `uncovered` counts the rows that were written after the head: a crash between a row and its
  /// head leaves one, and the loss of these alone would not be noticed.
  case intact(head: Head, uncovered: Int64)
  case broken(Break)
}

/// The first row at which the chain does not hold, and why.
package struct Break: Sendable, Equatable {
  package enum Cause: Sendable, Equatable {
    /// The row's content is not what was hashed.
    case edited
    /// The row, and `count - 1` after it, are gone.
    case deleted(count: Int64)
    /// In the row's place stands the one that was written as row `other`.
    case swapped(with: Int64)
    /// The rows from here on are gone; the head says that there were some up to `written`.
    case truncated(written: Int64)
    /// The row holds together in itself, but is not the one that the head or the next row knows:
    /// it was replaced, and its hash computed anew.
    case rewritten
    /// The row has a number or a type that no row is given.
    case malformed
    /// `journal.head` is gone or holds nothing readable, so a loss at the end would not show.
    case headMissing
  }

  package let sequence: Int64
  package let cause: Cause

  package init(sequence: Int64, cause: Cause) {
    self.sequence = sequence
    self.cause = cause
  }
}

extension Break: CustomStringConvertible {
  package var description: String {
    switch cause {
    case .edited:
      "row \(sequence) was edited: its content does not match its hash"
    case .deleted(let count):
      count == 1
        ? "row \(sequence) was deleted"
        : "rows \(sequence) to \(sequence + count - 1) were deleted"
    case .swapped(let other):
      "row \(sequence) was swapped: what stands there was written as row \(other)"
    case .truncated(let written):
      written == sequence
        ? "the journal was truncated: row \(sequence), the last one, is gone"
        : "the journal was truncated: rows \(sequence) to \(written) are gone"
    case .rewritten:
      "row \(sequence) was rewritten: it is not the row that was chained"
    case .malformed:
      "row \(sequence) is malformed: Caisson writes no such row"
    case .headMissing:
      "journal.head is missing or unreadable: rows cut off the end would not be noticed"
    }
  }
}
