import Foundation
import Journal

/// The table of `caisson runs`, fitted to a width.
struct RunTable {
  let runs: [RunSummary]
  /// Microseconds since 1970.
  let now: Int64

  private static let titles = [
    "RUN", "WHEN", "STATE", "EXIT", "TIME", "CHANGES", "DENIED", "COMMAND",
  ]

  /// The lines of the table; `width` nil leaves the commands whole, for a pipe.
  func text(width: Int?, colour: Bool) -> String {
    let rows = runs.map(cells)
    let widths = Self.titles.indices.map { column in
      (rows + [Self.titles]).map { $0[column].count }.max() ?? 0
    }
    var lines = [line(Self.titles, widths, width)]
    if colour { lines[0] = "\u{1B}[1m\(lines[0])\u{1B}[0m" }
    for (run, cells) in zip(runs, rows) {
      let line = line(cells, widths, width)
      lines.append(colour && run.wentWrong ? "\u{1B}[31m\(line)\u{1B}[0m" : line)
    }
    return lines.joined(separator: "\n")
  }

  private func cells(_ run: RunSummary) -> [String] {
    [
      run.run.printable, Self.age(microseconds: now - run.startedAt), run.stateWord, run.exitText,
      run.end.map { Self.duration(seconds: $0.seconds) } ?? "", run.changesText,
      run.denials == 0 ? "" : String(run.denials),
      run.started.command.map(\.shellQuoted).joined(separator: " ").printable,
    ]
  }

  private func line(_ cells: [String], _ widths: [Int], _ width: Int?) -> String {
    var text = ""
    for (cell, width) in zip(cells, widths).dropLast() {
      text += cell + String(repeating: " ", count: width - cell.count + 2)
    }
    let last = cells.last ?? ""
    guard let width, text.count + last.count > width else { return text + last }
    let room = max(width - text.count, 8)
    return text + (last.count > room ? last.prefix(room - 1) + "…" : last)
  }

  static func age(microseconds: Int64) -> String {
    let seconds = max(0, microseconds / 1_000_000)
    return switch seconds {
    case 0..<2: "now"
    case ..<100: "\(seconds) s ago"
    case ..<6_000: "\(seconds / 60) min ago"
    case ..<172_800: "\(seconds / 3_600) h ago"
    default: "\(seconds / 86_400) d ago"
    }
  }

  static func duration(seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "?" }
    return switch seconds {
    case ..<0.9995: "\(Int((seconds * 1_000).rounded())) ms"
    case ..<99.95: "\(Double((seconds * 10).rounded() / 10)) s"
    case ..<5_999.5: "\(Int(seconds.rounded()) / 60) min \(Int(seconds.rounded()) % 60) s"
    default: "\(Int(seconds) / 3_600) h \(Int(seconds) % 3_600 / 60) min"
    }
  }
}

extension RunSummary {
  var end: RunEnded? {
    if case .ended(let end) = state { end } else { nil }
  }

  fileprivate var wentWrong: Bool {
    switch state {
    case .running: false
    case .ended(let end): end.exit != 0
    case .abandoned: true
    }
  }

  var stateWord: String {
    if let fate { return fate.rawValue }
    return switch state {
    case .running: "running"
    case .abandoned: "lost"
    case .ended(let end) where end.error != nil: "failed"
    case .ended(let end) where (end.changes?.total ?? 0) > 0 && started.isTransactional: "held"
    case .ended: "ended"
    }
  }

  fileprivate var exitText: String {
    guard let end else { return "" }
    if let limit = end.limit { return "limit: \(limit.printable)" }
    if let signal = end.signal { return "signal \(signal)" }
    return end.exit.map { String($0) } ?? ""
  }

  fileprivate var changesText: String {
    guard let changes = end?.changes, changes.total > 0 else { return "" }
    return [("+", changes.added), ("~", changes.modified), ("-", changes.deleted)]
      .filter { $0.1 > 0 }.map { "\($0.0)\($0.1)" }.joined(separator: " ")
  }
}

extension RunStarted {
  /// Whether changes wait in a layer of their own rather than being in the workspace already.
  fileprivate var isTransactional: Bool { ["overlay", "copy", "branch"].contains(workspaceMode) }
}
