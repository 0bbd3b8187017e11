import Journal
import WorkWire

extension Verification {
  /// What `caisson audit --verify` says.
  var sentence: String {
    switch self {
    case .intact(let head, _) where head.sequence == 0:
      "intact: there are no rows yet"
    case .intact(let head, let uncovered):
      "intact: \(head.sequence) row\(head.sequence == 1 ? "" : "s"), head \(head.hash)"
        + (uncovered > 0
          ? "\nthe newest \(uncovered) of them were written after journal.head, which a crash "
            + "explains; the next row covers them" : "")
    case .broken(let broken):
      "broken: \(broken)"
    }
  }
}

/// What `caisson audit --verify --json` says.
struct VerificationJSON: Encodable {
  var intact: Bool
  var rows: Int64?
  var head: String?
  var uncovered: Int64?
  var row: Int64?
  var problem: String?
  /// Of the server that keeps the assignments, where one does.
  var server: VerificationView?

  init(_ verification: Verification) {
    switch verification {
    case .intact(let head, let uncovered):
      intact = true
      rows = head.sequence
      self.head = head.hash.description
      self.uncovered = uncovered
    case .broken(let broken):
      intact = false
      row = broken.sequence
      problem = broken.description
    }
  }

  var text: String {
    get throws { try JSONText.encode(self) }
  }
}

extension VerificationView {
  var sentence: String {
    guard intact else { return "broken: \(problem?.printable ?? "it does not say where")" }
    let rows = rows ?? 0
    return rows == 0
      ? "intact: there are no rows yet"
      : "intact: \(rows) row\(rows == 1 ? "" : "s"), head \(head?.printable ?? "unknown")"
  }
}
