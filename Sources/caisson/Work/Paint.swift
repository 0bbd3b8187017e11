/// Colours for a terminal that wants them.
struct Paint {
  let isOn: Bool

  static var stdout: Paint { Paint(isOn: TerminalGlimpse.hasColour) }

  func bold(_ text: String) -> String { wrapped(text, 1) }
  func dim(_ text: String) -> String { wrapped(text, 2) }
  func red(_ text: String) -> String { wrapped(text, 31) }
  func green(_ text: String) -> String { wrapped(text, 32) }
  func yellow(_ text: String) -> String { wrapped(text, 33) }

  private func wrapped(_ text: String, _ code: Int) -> String {
    isOn && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}

extension String {
  /// The lines of a text from outside, each safe to print.
  var printableLines: [String] {
    // A tab is what it looks like, and no danger.
    split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.replacing("\t", with: "    ").printable
    }
  }

  /// Without the break that ends a text's last line, which begins none.
  var withoutLastBreak: String { hasSuffix("\n") ? String(dropLast()) : self }

  /// On one line, cut where it is long.
  func brief(_ length: Int) -> String {
    let line = split(whereSeparator: \.isWhitespace).joined(separator: " ").printable
    return line.count > length ? line.prefix(max(length - 1, 1)) + "…" : line
  }
}
