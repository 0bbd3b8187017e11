package import Policy

extension Rate {
  /// Reads a price as a person writes it: `0.15 USD/M` for tokens, `0.10 USD/s` or `0.111 USD/h`
  /// for seconds, `0.04 USD` for pictures and calls.
  package init(parsing text: String, for unit: PriceUnit) throws(ValueProblem) {
    let example = Self.example(of: unit)
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2 else {
      throw ValueProblem("\(quoted(text)) is not a price", remedy: "write it as in \(example)")
    }
    let amount = try Money(parsing: String(parts[0]).trimmingSpaces())
    let word = parts.count == 2 ? String(parts[1]).trimmingSpaces() : ""
    guard let per = Self.words(of: unit).first(where: { $0.word == word })?.per else {
      throw ValueProblem(
        "\(quoted(text)) does not say what it is the price of",
        remedy: "write it as in \(example)"
      )
    }
    let isWhole = amount.picoDollars % per == 0
    guard
      let rate = Rate(
        picoDollars: isWhole ? amount.picoDollars / per : amount.picoDollars,
        per: isWhole ? 1 : per
      )
    else {
      throw ValueProblem("\(quoted(text)) is not a price", remedy: "write it as in \(example)")
    }
    self = rate
  }

  /// As it is read.
  package func text(for unit: PriceUnit) -> String {
    let words = Self.words(of: unit)
    if per != 1, let word = words.first(where: { $0.per == per })?.word {
      return "\(Money(picoDollars: picoDollars).text)/\(word)"
    }
    guard let first = words.first, let whole = try? cost(of: Int(first.per)) else { return "?" }
    return whole.text + (first.word.isEmpty ? "" : "/\(first.word)")
  }

  private static func words(of unit: PriceUnit) -> [(word: String, per: Int64)] {
    if unit.isTokens { return [("M", 1_000_000), ("k", 1_000), ("token", 1)] }
    if unit.isSeconds { return [("s", 1), ("min", 60), ("h", 3_600)] }
    return [("", 1), ("k", 1_000)]
  }

  private static func example(of unit: PriceUnit) -> String {
    if unit.isTokens { return "0.15 USD/M" }
    return unit.isSeconds ? "0.10 USD/s" : "0.04 USD"
  }
}
