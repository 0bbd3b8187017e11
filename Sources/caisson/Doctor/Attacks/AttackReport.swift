/// The line of one attack, and of them all.
struct AttackReport: Encodable {
  let name: String
  let family: String
  let title: String
  let layer: String
  let control: AttackVerdict.Control
  let sealed: AttackVerdict.Sealed
  let audit: AttackVerdict.Audit
  let outcome: AttackVerdict.Outcome
  /// What the attack said, unsealed and sealed, and what the host saw.
  let controlDetail: String
  let sealedDetail: String
  let seconds: Double

  static let header = line("ATTACK", "LAYER", "UNSEALED", "SEALED", "AUDIT", "VERDICT")

  func text(colour: Bool) -> String {
    let line = Self.line(
      name,
      layer,
      control.rawValue,
      sealed.rawValue,
      audit == .none ? "-" : audit.rawValue,
      outcome == .failed ? "FAILED" : outcome.rawValue
    )
    guard outcome == .failed else { return line }
    let detail = """
      \(line)
          \(title)
          unsealed: \(controlDetail.printable)
          sealed:   \(sealedDetail.printable)
      """
    return colour ? "\u{1B}[31m\(detail)\u{1B}[0m" : detail
  }

  private static func line(_ cells: String...) -> String {
    let widths = [28, 12, 11, 10, 8, 0]
    return zip(cells, widths).map { cell, width in
      cell + String(repeating: " ", count: max(width - cell.count, cell.isEmpty ? 0 : 1))
    }
    .joined().trimmingSuffix()
  }

  /// The sentence at the end.
  static func total(_ reports: [AttackReport], seconds: Double) -> String {
    let count = { (outcome: AttackVerdict.Outcome) in
      reports.filter { $0.outcome == outcome }.count
    }
    let through = reports.filter { $0.sealed == .through }.count
    var parts = ["\(reports.count) attacks: \(count(.held)) held"]
    if count(.unproven) > 0 {
      parts.append("\(count(.unproven)) stopped that cannot be shown unsealed here")
    }
    if count(.known) > 0 {
      parts.append("\(count(.known)) known and stated in docs/threat-model.md")
    }
    if count(.failed) > 0 { parts.append("\(count(.failed)) FAILED (\(through) got through)") }
    return parts.joined(separator: ", ") + " · \(RunTable.duration(seconds: seconds))"
  }
}

extension String {
  fileprivate func trimmingSuffix() -> String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
