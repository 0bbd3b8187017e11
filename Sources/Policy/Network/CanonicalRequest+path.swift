extension CanonicalRequest {
  /// The decoded segments of a path that begins with a slash.
  static func segments(of path: ArraySlice<UInt8>) throws(RequestProblem) -> [[UInt8]] {
    var segments: [[UInt8]] = []
    let written = path.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false)
    guard written.count <= mostSegments else {
      throw RequestProblem("the path has more than \(mostSegments) segments")
    }
    for (index, segment) in written.enumerated() {
      if segment.isEmpty, index < written.count - 1 {
        throw RequestProblem("the path has two slashes in a row")
      }
      // Names its own directory, to whoever reads it; left out of what is sent. apt writes it.
      if segment.elementsEqual([0x2E]), index < written.count - 1 { continue }
      segments.append(try decoded(segment))
    }
    return segments
  }

  private static func decoded(_ segment: ArraySlice<UInt8>) throws(RequestProblem) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(segment.count)
    var rest = segment
    while let byte = rest.popFirst() {
      guard byte == 0x25 else {
        bytes.append(byte)
        continue
      }
      guard let value = escape(&rest) else {
        throw RequestProblem("the path holds '%' without two digits behind it")
      }
      switch value {
      case 0x5C:
        throw RequestProblem("the path holds an encoded backslash")
      case 0..<0x20, 0x7F:
        throw RequestProblem("the path holds an encoded control character")
      default: bytes.append(value)
      }
    }
    for place in bytes.indices where bytes[place] == 0x25 {
      var behind = bytes[(place + 1)...]
      guard escape(&behind) == nil else { throw RequestProblem("the path is encoded twice") }
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw RequestProblem("the path is not UTF-8 once it is decoded")
    }
    // Of what is decoded, whichever of its bytes was written as an escape.
    for index in bytes.indices where bytes[index] == 0x25 {
      var behind = bytes[(index + 1)...]
      guard escape(&behind) == nil else { throw RequestProblem("the path is encoded twice") }
    }
    for part in bytes.split(separator: 0x2F, omittingEmptySubsequences: false) {
      if part.isEmpty, part.count < bytes.count {
        throw RequestProblem("the path holds an encoded slash at the edge of a segment")
      }
      // Some servers cut a segment at its first semicolon, and then look for dots.
      let name = part.prefix { $0 != 0x3B }
      if name.elementsEqual([0x2E]) || name.elementsEqual([0x2E, 0x2E]) {
        throw RequestProblem("the path holds '.' or '..'")
      }
      if name.isEmpty, !part.isEmpty {
        throw RequestProblem("the path holds a segment that begins with ';'")
      }
    }
    return bytes
  }

  /// The byte of two hexadecimal digits; nil, with nothing read, where there are none.
  private static func escape(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
    guard rest.count >= 2, let high = digit(rest[rest.startIndex]),
      let low = digit(rest[rest.startIndex + 1])
    else { return nil }
    rest = rest.dropFirst(2)
    return high << 4 | low
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }

  /// The path as it is sent: what RFC 3986 lets stand in a segment, and escapes for the rest.
  static func path(of segments: [[UInt8]]) -> String {
    let hex = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for segment in segments {
      bytes.append(0x2F)
      for byte in segment {
        if isPlain(byte) {
          bytes.append(byte)
        } else {
          bytes += [0x25, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
        }
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x61...0x7A, 0x41...0x5A, 0x30...0x3B: byte != 0x2F
    case 0x21, 0x24, 0x26...0x2E, 0x3D, 0x40, 0x5F, 0x7E: true
    default: false
    }
  }

  /// The fields of a query: `a=1&b` gives `a` and `b`, the second with an empty value.
  static func fields(of query: ArraySlice<UInt8>) throws(RequestProblem) -> [Field] {
    var fields: [Field] = []
    for part in query.split(separator: 0x26) {
      let pair = part.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
      fields.append(
        Field(
          name: try component(pair[0]),
          value: pair.count > 1 ? try component(pair[1]) : ""
        )
      )
      guard fields.count <= 1000 else {
        throw RequestProblem("the query has more than 1000 fields")
      }
    }
    return fields
  }

  private static func component(_ part: ArraySlice<UInt8>) throws(RequestProblem) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(part.count)
    var rest = part
    while let byte = rest.popFirst() {
      switch byte {
      case 0x2B: bytes.append(0x20)
      case 0x25:
        guard let value = escape(&rest) else {
          throw RequestProblem("the query holds '%' without two digits behind it")
        }
        bytes.append(value)
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
