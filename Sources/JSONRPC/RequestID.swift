package import Dialects

/// What an answer is matched to its request by.
package enum RequestID: Hashable, Sendable {
  case number(Int)
  case text(String)

  /// The longest text in bytes.
  static let longestText = 256

  /// Nil for what is neither a whole number nor a text: null, `1.5`, `1e3`, true, a list.
  package init?(_ json: JSON) {
    switch json.kind {
    case .number:
      guard let text = json.number?.text, let number = Int(text) else { return nil }
      self = .number(number)
    case .string:
      guard let length = json.stringLength, length <= Self.longestText, let text = json.string
      else { return nil }
      self = .text(text)
    default:
      return nil
    }
  }

  package func write(_ key: StaticString, to writer: inout JSONWriter) {
    switch self {
    case .number(let number): writer.int(key, number)
    case .text(let text): writer.string(key, text)
    }
  }
}
