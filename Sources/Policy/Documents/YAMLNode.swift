/// A value of a YAML document with its place: what remains of it once aliases, tags and the choice
/// of quotes are dealt with.
package struct YAMLNode: Sendable {
  package enum Content: Sendable {
    /// `isPlain` where it stands without quotes: only then can it be a number or nothing at all.
    case scalar(String, isPlain: Bool)
    case list([YAMLNode])
    case map([(key: YAMLNode, value: YAMLNode)])
  }

  package let line: Int
  package let column: Int
  package let content: Content

  /// Whether nothing was written, as in `limits:` at the end of a line.
  package var isNothing: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// What stands there, for a message.
  package var kind: String {
    switch content {
    case .scalar where isNothing: "nothing"
    case .scalar: "a text"
    case .list: "a list"
    case .map: "a mapping"
    }
  }
}
