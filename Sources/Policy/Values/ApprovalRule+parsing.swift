extension ApprovalRule.Condition {
  /// Reads `push` or `spend > 0.50 USD`.
  package init(parsing text: String) throws(ValueProblem) {
    let words = text.split(separator: " ")
    switch words.first {
    case "push" where words.count == 1:
      self = .push
    case "spend" where words.count > 2 && words[1] == ">":
      self = .spend(above: try Money(parsing: words.dropFirst(2).joined(separator: " ")))
    default:
      throw ValueProblem(
        "\(quoted(text)) is not a known occasion",
        remedy: "use \"push\" or \"spend > 0.50 USD\""
      )
    }
  }

  package var text: String {
    switch self {
    case .push: "push"
    case .spend(let amount): "spend > \(amount.text)"
    }
  }
}
