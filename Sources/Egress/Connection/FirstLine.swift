/// Tells from the first line of a stream whether it is a request of HTTP/1: such a line has a version
/// behind white space, whatever its method. Servers differ in what they take for white space, and skip
/// it before a line; the most generous reading counts.
struct FirstLine: Hashable, Sendable {
  enum Reading: Hashable, Sendable {
    case open
    case request
    case other
  }

  private(set) var reading = Reading.open
  private var isBegun = false
  private var matched = 0
  private var count = 0

  /// No server reads a longer line than this.
  private static let longest = 2 << 20
  private static let version = Array("http/".utf8)

  init(_ bytes: some Sequence<UInt8> = EmptyCollection<UInt8>()) {
    read(bytes)
  }

  mutating func read(_ bytes: some Sequence<UInt8>) {
    guard reading == .open else { return }
    for byte in bytes {
      take(byte)
      guard reading == .open else { return }
    }
  }

  private mutating func take(_ byte: UInt8) {
    guard isBegun else {
      if Self.isWhite(byte) || byte == 0x0A { return }
      isBegun = true
      // Methods begin with a character of a token: what begins otherwise is no request to anybody.
      if byte <= 0x20 || byte >= 0x7F { reading = .other }
      return
    }
    count += 1
    if byte == 0x0A || count > Self.longest {
      reading = .other
    } else if Self.isWhite(byte) {
      matched = 1
    } else if matched > 0, Self.folded(byte) == Self.version[matched - 1] {
      matched += 1
      if matched > Self.version.count { reading = .request }
    } else {
      matched = 0
    }
  }

  private static func isWhite(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x09, 0x0B...0x0D, 0x1C...0x20, 0x85, 0xA0: true
    default: false
    }
  }

  private static func folded(_ byte: UInt8) -> UInt8 {
    (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
  }
}
