/// Why a text is not JSON that this house reads, and at which byte.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Reason: Hashable, Sendable {
    case empty
    case tooLong
    case tooDeep
    case tooManyValues
    case unexpected
    case endedEarly
    case badNumber
    case badEscape
    case controlCharacter
    case badUTF8
    case loneSurrogate
    /// Two keys of one object are the same once their escapes are read: readers differ in which of
    /// them counts, so that what was checked need not be what the upstream does.
    case duplicateKey
    case notAnObject
  }

  package let reason: Reason
  package let offset: Int

  package init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  package var description: String { sentence(about: "the body") }

  /// The reason, said of whatever the text is.
  package func sentence(about subject: String) -> String {
    let what =
      switch reason {
      case .empty: "is empty"
      case .tooLong: "is too long"
      case .tooDeep: "is nested too deeply"
      case .tooManyValues: "has too many values"
      case .unexpected: "is not valid JSON"
      case .endedEarly: "ends in the middle of a JSON value"
      case .badNumber: "has a malformed number"
      case .badEscape: "has a malformed escape in a string"
      case .controlCharacter: "has a control character in a string"
      case .badUTF8: "is not valid UTF-8"
      case .loneSurrogate: "has half of a surrogate pair in a string"
      case .duplicateKey: "has the same key twice in one object"
      case .notAnObject: "is not a JSON object"
      }
    return "\(subject) \(what) (byte \(offset))"
  }
}

/// How much JSON is read before it is refused.
package struct JSONBounds: Hashable, Sendable {
  /// Bytes of the whole text.
  package var length = 64 << 20
  /// Objects and arrays within one another.
  package var depth = 128
  /// Values and keys together; each costs 16 bytes while the text is in use.
  package var values = 4 << 20
  /// Whether half a surrogate pair reads as U+FFFD instead of being refused. Answers are read so,
  /// because a model may write one; a request that bears one is refused, as the providers do.
  package var replacesLoneSurrogates = false

  package init() {}

  package static let request = JSONBounds()
  package static var answer: JSONBounds {
    var bounds = JSONBounds()
    bounds.replacesLoneSurrogates = true
    return bounds
  }
}
