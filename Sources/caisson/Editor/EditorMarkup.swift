/// Text from elsewhere among what an editor takes for Markdown, so that all of it is seen: markup could
/// hide a part of what a person says yes to.
enum EditorMarkup {
  /// Lines as they are.
  static func fenced(_ text: String, as language: String = "") -> String {
    let fence = String(repeating: "`", count: max(3, longestRun(text) + 1))
    return "\(fence)\(language)\n\(text)\n\(fence)"
  }

  /// A piece of a line: as it is where nothing in it can be markup, else as code.
  static func piece(_ text: String) -> String {
    let isPlain =
      text.first?.isLetter == true
      && text.allSatisfy { $0.isLetter || $0.isNumber || " ./-,:;=+@%\"'()?…".contains($0) }
    if isPlain || text.isEmpty { return text }
    let fence = String(repeating: "`", count: longestRun(text) + 1)
    // A backtick at an end would lengthen the fence; these two spaces are not shown.
    return "\(fence) \(text) \(fence)"
  }

  /// Backticks in a row, by bytes: one with an accent is one to Markdown, too.
  private static func longestRun(_ text: String) -> Int {
    var (longest, run) = (0, 0)
    for byte in text.utf8 {
      run = byte == UInt8(ascii: "`") ? run + 1 : 0
      longest = max(longest, run)
    }
    return longest
  }
}
