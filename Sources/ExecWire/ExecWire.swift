/// What the two sides of a session say to each other: the service inside a sealed run, and whoever
/// drives it from outside.
///
/// Either side may be hostile to the other, so nothing here trusts a number that came in: every
/// reading is checked against what is there, and fails instead of trapping. There is no I/O here, and
/// no clock.
///
/// A frame is its length (32 bits, little-endian, at most ``largestFrame``) and its payload: a byte
/// of kind, the number of the call (64 bits), and the fields. The first frame of each side is a
/// greeting that names its version. Numbers are little-endian; bytes are their count and themselves.
package enum ExecWire {
  package static let version: UInt32 = 2
  /// The most bytes of a payload.
  package static let largestFrame = 16 << 20
  /// The most bytes of content in one request or answer; the rest of a frame is left to fields.
  package static let largestContent = 8 << 20
  /// The most names in one listing.
  package static let mostNames = 65_536
  /// While a command runs, at most this many bytes of its output go out in each ``outputInterval``.
  package static let outputBytes = 16 << 10
  /// The most bytes of input in one request, and of output in one piece, of a command that talks.
  package static let largestPiece = 64 << 10
  /// The most bytes that such a command may have said without leave to say more.
  package static let largestWindow = 1 << 20
  /// Milliseconds.
  package static let outputInterval: UInt64 = 100
}

/// Why bytes are no message.
package enum WireError: Error, Equatable, Sendable {
  /// They end before the message does.
  case short
  /// They go on after it.
  case long
  /// A frame that nobody may send now.
  case tooLarge(bytes: Int, most: Int)
  case unknown(kind: UInt8)
  /// A field holds what it cannot.
  case field
}
