import Catalogue
import Policy

/// The table of `caisson models list`, fitted to a width.
struct ModelTable {
  let models: [ModelEntry]

  private static let titles = ["MODEL", "IN/M", "OUT/M", "WINDOW", "TAKES", "CAN", "STATE"]

  func text(width: Int?, colour: Bool) -> String {
    TextTable(titles: Self.titles, rows: models.map(cells)).text(width: width, colour: colour)
  }

  private func cells(_ model: ModelEntry) -> [String] {
    [
      model.key.description.printable, Self.rate(model.price, .input),
      Self.rate(model.price, .output), model.limits.context.map(Self.tokens) ?? "",
      model.input.names.joined(separator: " "), model.capabilities.names.joined(separator: " "),
      model.lifecycle == .current ? "" : model.lifecycle.text.printable,
    ]
  }

  /// A price a million, short: the currency is always the same.
  static func rate(_ price: Price, _ unit: PriceUnit) -> String {
    switch price {
    case .unknown: return "?"
    case .free: return "free"
    case .listed(let list):
      guard let money = list.base[unit]?.perMillion else { return "" }
      return String(money.text.dropLast(" USD".count))
    }
  }

  /// As in `200k`.
  static func tokens(_ count: Int) -> String {
    if count >= 1_000_000, count % 100_000 < 50_000 {
      let tenths = count / 100_000
      return tenths % 10 == 0 ? "\(tenths / 10)M" : "\(tenths / 10).\(tenths % 10)M"
    }
    return count >= 1000 ? "\(count / 1000)k" : "\(count)"
  }
}

/// Rows under titles. The first columns are as wide as they need to be; the last is cut where the
/// terminal ends.
struct TextTable {
  let titles: [String]
  let rows: [[String]]

  /// The lines; a width of nil cuts nothing, for a pipe.
  func text(width: Int?, colour: Bool) -> String {
    let widths = titles.indices.map { column in
      ([titles] + rows).map { $0[column].count }.max() ?? 0
    }
    var lines = ([titles] + rows).map { line($0, widths, width) }
    if colour { lines[0] = "\u{1B}[1m\(lines[0])\u{1B}[0m" }
    return lines.joined(separator: "\n")
  }

  private func line(_ cells: [String], _ widths: [Int], _ width: Int?) -> String {
    var text = ""
    for (cell, width) in zip(cells, widths).dropLast() {
      text += cell + String(repeating: " ", count: width - cell.count + 2)
    }
    text += cells.last ?? ""
    while text.hasSuffix(" ") { text.removeLast() }
    guard let width, text.count > width, width > 1 else { return text }
    return text.prefix(width - 1) + "…"
  }
}
