extension ApprovalRule.Condition {
  /// Reads `push`, `spend > 0.50 USD`, `command`, `command git push*`, `write` or `write *.yml`.
  package init(parsing text: String) throws(ValueProblem) {
    let words = text.split(separator: " ")
    switch words.first {
    case "push" where words.count == 1:
      self = .push
    case "spend" where words.count > 2 && words[1] == ">":
      self = .spend(above: try Money(parsing: words.dropFirst(2).joined(separator: " ")))
    case "command", "write":
      let kind = words[0]
      let pattern = text.dropFirst(kind.count).drop { $0 == " " }
      let whole = pattern.isEmpty ? "*" : String(pattern)
      self = kind == "command" ? .command(whole) : .write(whole)
    default:
      throw ValueProblem(
        "\(quoted(text)) is not a known occasion",
        remedy: "use push, spend > 0.50 USD, command, \"command git push*\" or \"write *.yml\""
      )
    }
  }

  package var text: String {
    switch self {
    case .push: "push"
    case .spend(let amount): "spend > \(amount.text)"
    case .command(let pattern): pattern == "*" ? "command" : "command \(pattern)"
    case .write(let pattern): pattern == "*" ? "write" : "write \(pattern)"
    }
  }
}
