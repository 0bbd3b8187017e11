/// Frames of HTTP/2 as they stand on the wire, made by hand: also those that no client makes.
enum FrameText {
  enum Kind: UInt8, CaseIterable {
    case data, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate
    case continuation
  }

  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
  static let endStream: UInt8 = 1
  static let acknowledged: UInt8 = 1
  static let endHeaders: UInt8 = 4
  static let padded: UInt8 = 8

  static func frame(
    _ kind: UInt8,
    flags: UInt8 = 0,
    stream: UInt32 = 0,
    _ payload: [UInt8] = []
  ) -> [UInt8] {
    number(UInt32(payload.count)).dropFirst() + [kind, flags] + number(stream) + payload
  }

  static func frame(
    _ kind: Kind,
    flags: UInt8 = 0,
    stream: UInt32 = 0,
    _ payload: [UInt8] = []
  ) -> [UInt8] {
    frame(kind.rawValue, flags: flags, stream: stream, payload)
  }

  static func settings(_ values: [(UInt16, UInt32)]) -> [UInt8] {
    frame(.settings, values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] + number($1) })
  }

  static func number(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(value >> $0 & 0xFF) }
  }

  // MARK: HPACK

  /// How a field is written (RFC 7541).
  enum Way: CaseIterable {
    case indexed, unindexed, neverIndexed

    fileprivate var mark: (prefix: Int, bits: UInt8) {
      switch self {
      case .indexed: (6, 0x40)
      case .unindexed: (4, 0)
      case .neverIndexed: (4, 0x10)
      }
    }
  }

  static func integer(_ value: Int, prefix: Int, bits: UInt8 = 0) -> [UInt8] {
    let most = 1 << prefix - 1
    guard value >= most else { return [bits | UInt8(value)] }
    var rest = value - most
    var bytes = [bits | UInt8(most)]
    while rest >= 128 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  static func text(_ text: String) -> [UInt8] {
    integer(text.utf8.count, prefix: 7) + Array(text.utf8)
  }

  /// A field whose name and value are written out.
  static func field(_ name: String, _ value: String, _ way: Way = .unindexed) -> [UInt8] {
    let (prefix, bits) = way.mark
    return integer(0, prefix: prefix, bits: bits) + text(name) + text(value)
  }

  /// A field that stands in a table already.
  static func entry(_ index: Int) -> [UInt8] { integer(index, prefix: 7, bits: 0x80) }

  static func tableSize(_ size: Int) -> [UInt8] { integer(size, prefix: 5, bits: 0x20) }

  /// The fields of a request.
  static func request(
    _ path: String,
    method: String = "GET",
    scheme: String = "https",
    authority: String = "api.test",
    _ way: Way = .unindexed
  ) -> [UInt8] {
    field(":method", method, way) + field(":scheme", scheme, way) + field(":path", path, way)
      + field(":authority", authority, way)
  }
}
