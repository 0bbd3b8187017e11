/// One line of `caisson doctor`.
struct Finding: Encodable, Equatable {
  enum State: String, Encodable {
    case ok, weaker, missing
  }

  var subject: String
  var state: State
  /// What was found and what it means.
  var meaning: String
  /// How to mend it; nil where nothing is to be mended.
  var remedy: String?

  func text(colour: Bool) -> String {
    let code =
      switch state {
      case .ok: "32"
      case .weaker: "33"
      case .missing: "31"
      }
    let word = state.rawValue.padding(to: 8)
    let painted = colour ? "\u{1B}[\(code)m\(word)\u{1B}[0m" : word
    var lines = "\(painted)\(subject.padding(to: 18))\(meaning)"
    if let remedy { lines += "\n" + String(repeating: " ", count: 26) + "→ " + remedy }
    return lines
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
