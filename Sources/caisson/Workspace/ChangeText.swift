import Sandbox

/// A run's changes as text: diff, statistics and names.
struct ChangeText: ~Copyable {
  private let run: HeldRun
  private let isTerminal: Bool
  private let hasColour: Bool
  private var output = OutputBuffer()

  init(_ run: HeldRun) {
    self.run = run
    isTerminal = TerminalGlimpse.isTerminal
    hasColour = TerminalGlimpse.hasColour
  }

  mutating func names(_ changes: [Change]) {
    for change in changes where !output.isClosed { output.write(change.path.display + "\n") }
    output.flush()
  }

  mutating func lines(_ lines: [String]) {
    for line in lines { output.write(line + "\n") }
  }

  mutating func diff(
    _ changes: [Change],
    _ diff: ChangeDiff,
    _ judge: (Change) -> ApplyVerdict
  ) throws {
    for change in changes where !output.isClosed {
      try diff.write(change) { write($0) }
      if let remark = Self.remark(judge(change), change) { write(DiffLine(note: remark)) }
    }
    output.flush()
  }

  /// One line a change, with the lines that it adds and removes.
  mutating func statistics(
    _ changes: [Change],
    _ diff: ChangeDiff,
    _ totals: ChangeSet.Totals,
    appliedBefore: Int,
    digest: String,
    _ judge: (Change) -> ApplyVerdict
  ) throws {
    for change in changes where !output.isClosed {
      let letter =
        switch change.kind {
        case .added: "A"
        case .modified: "M"
        case .deleted: "D"
        }
      var remarks = change.remarks
      if let held = Self.remark(judge(change), change) { remarks.append(held) }
      let amount = try amount(of: change, diff)
      output.write(" \(letter) \(change.path.display)\(amount)\n")
      for remark in remarks { output.write("     ! \(remark)\n") }
    }
    output.write(
      " \(totals.added) added, \(totals.modified) modified, \(totals.deleted) deleted"
        + (appliedBefore > 0 ? ", \(appliedBefore) applied before" : "")
        + " · digest \(digest)\n"
    )
    output.flush()
  }

  private func amount(of change: Change, _ diff: ChangeDiff) throws -> String {
    if (change.after ?? change.before)?.kind == .directory { return "/" }
    let counts = try diff.counts(of: change)
    if counts.isBinary {
      let size = { (status: FileStatus?) in
        status.map { ChangeDiff.size(Int(clamping: $0.size)) } ?? "-"
      }
      return "  binary, \(size(change.before)) → \(size(change.after))"
    }
    var parts: [String] = []
    if counts.added > 0 { parts.append(paint("+\(counts.added)", .added)) }
    if counts.removed > 0 { parts.append(paint("-\(counts.removed)", .removed)) }
    return parts.isEmpty ? "" : "  " + parts.joined(separator: " ")
  }

  /// Why apply will not take it just so.
  static func remark(_ verdict: ApplyVerdict, _ change: Change) -> String? {
    switch verdict {
    case .allow: nil
    case .hold(let rule, _):
      "held at apply by \(rule); consent with: --accept \(change.path.display.shellQuoted)"
    case .deny(let rule, _): "refused at apply by \(rule)"
    }
  }

  private mutating func write(_ line: DiffLine) {
    let code = hasColour ? Self.code(line.kind) : nil
    if let code { output.write("\u{1B}[\(code)m") }
    output.write(line.sign)
    if isTerminal {
      output.write(PrintableText.terminalLine(line.text))
    } else {
      output.write(line.text)
    }
    output.write(code == nil ? "\n" : "\u{1B}[m\n")
  }

  private func paint(_ text: String, _ kind: DiffLine.Kind) -> String {
    guard hasColour, let code = Self.code(kind) else { return text }
    return "\u{1B}[\(code)m\(text)\u{1B}[m"
  }

  private static func code(_ kind: DiffLine.Kind) -> String? {
    switch kind {
    case .header: "1"
    case .position: "36"
    case .added: "32"
    case .removed: "31"
    case .note: "33"
    case .context: nil
    }
  }
}
