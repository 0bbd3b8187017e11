/// One value or key of a checked text, by its place.
struct JSONToken: BitwiseCopyable, Sendable {
  enum Kind: UInt8, BitwiseCopyable {
    case object, array, string, escapedString, key, escapedKey, number, yes, no, null
  }

  /// The first byte; for strings and keys the one after the quote.
  var start: UInt32
  /// The byte after the last; for strings and keys the closing quote.
  var end: UInt32
  /// The token after this value and all within it; for a key, a hash of its bytes.
  var next: UInt32
  var kind: Kind
}
