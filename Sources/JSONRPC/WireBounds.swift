package import Dialects

/// How much of a message is read before it is refused.
package struct WireBounds: Hashable, Sendable {
  /// Bytes of one frame.
  package var length = 4 << 20
  /// Objects and lists within one another.
  package var depth = 64
  /// Values and keys together; each costs 16 bytes while the message is in use.
  package var values = 1 << 19

  package init() {}

  package var json: JSONBounds {
    var bounds = JSONBounds()
    bounds.length = length
    bounds.depth = depth
    bounds.values = values
    // A program that cuts a text in the middle of a character writes one.
    bounds.replacesLoneSurrogates = true
    return bounds
  }
}
