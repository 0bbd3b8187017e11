/// The text of a git configuration that Caisson writes.
enum GitConfigText {
  /// Writes settings, each under a section of its own; names and values may hold anything.
  static func make(_ settings: [(String, String)]) -> String {
    settings.compactMap { key, value in
      let parts = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      guard parts.count > 1, let section = parts.first, let name = parts.last else { return nil }
      let middle = parts.dropFirst().dropLast().joined(separator: ".")
      let head = middle.isEmpty ? "[\(section)]" : "[\(section) \(quoted(middle))]"
      return "\(head)\n\t\(name) = \(quoted(value))\n"
    }.joined()
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for character in text.unicodeScalars where character.value != 0 {
      switch character {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default: result.unicodeScalars.append(character)
      }
    }
    return result + "\""
  }
}
