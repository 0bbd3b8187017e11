/// Finds out what was done to the row at which the chain stops to hold.
///
/// Works only once a break is known, so it may read the table again. It tells what the bytes show;
/// who has rewritten everything, `journal.head` included, has left nothing to show.
struct Diagnosis {
  let source: any ChainSource
  /// The last row that holds.
  let tip: Head
  let known: HeadFile.Content

  private var expected: Int64 { tip.sequence + 1 }

  /// Explains the row that was found after `tip`; nil stands for one without a readable form.
  func explain(_ row: StoredRow?) throws -> Break {
    guard let row else { return Break(sequence: expected, cause: .malformed) }
    if row.sequence > expected {
      return Break(sequence: expected, cause: .deleted(count: row.sequence - expected))
    }
    if row.hash == row.digest(as: expected, after: row.previous) {
      // Whole in itself but chained to another row than the one before it: that one was replaced.
      return Break(sequence: max(tip.sequence, 1), cause: .rewritten)
    }
    if let origin = try origin(of: row) {
      let holder = try holder(of: expected)
      let cause: Break.Cause =
        holder == nil && origin > expected
        ? .deleted(count: origin - expected) : .swapped(with: origin)
      return Break(sequence: expected, cause: cause)
    }
    if row.previous == tip.hash, let other = try contentHolder(for: row) {
      return Break(sequence: expected, cause: .swapped(with: other))
    }
    return Break(sequence: expected, cause: .edited)
  }

  /// The number under which a moved row was written.
  private func origin(of row: StoredRow) throws -> Int64? {
    var last = try source.largestNumber() ?? expected
    if case .head(let head) = known { last = max(last, head.sequence) }
    return stride(from: 1, through: last, by: 1).first { candidate in
      candidate != expected && row.hash == row.digest(as: candidate, after: row.previous)
    }
  }

  /// Where the row that belongs after `tip` stands now, whole but for its number.
  private func holder(of sequence: Int64) throws -> Int64? {
    try search { $0.previous == tip.hash && $0.hash == $0.digest(as: sequence, after: tip.hash) }
  }

  /// Which other row has the content that was hashed into this one.
  private func contentHolder(for row: StoredRow) throws -> Int64? {
    try search { $0.digest(as: expected, after: tip.hash) == row.hash }
  }

  private func search(_ matches: (StoredRow) -> Bool) throws -> Int64? {
    var found: Int64?
    try source.eachRow { row in
      if let row, row.sequence != expected, matches(row) { found = row.sequence }
      return found == nil
    }
    return found
  }
}
