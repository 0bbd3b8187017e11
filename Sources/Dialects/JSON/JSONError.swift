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

  package var description: String {
    let what =
      switch reason {
      case .empty: "the body is empty"
      case .tooLong: "the body is too long"
      case .tooDeep: "the body is nested too deeply"
      case .tooManyValues: "the body has too many values"
      case .unexpected: "the body is not valid JSON"
      case .endedEarly: "the body ends in the middle of a JSON value"
      case .badNumber: "the body has a malformed number"
      case .badEscape: "the body has a malformed escape in a string"
      case .controlCharacter: "the body has a control character in a string"
      case .badUTF8: "the body is not valid UTF-8"
      case .loneSurrogate: "the body has half of a surrogate pair in a string"
      case .duplicateKey: "the body has the same key twice in one object"
      case .notAnObject: "the body is not a JSON object"
      }
    return "\(what) (byte \(offset))"
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
