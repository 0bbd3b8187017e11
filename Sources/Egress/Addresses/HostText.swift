/// The names of hosts as they come from outside: read strictly, and written one way.
enum HostText {
  /// A host's name in lower case, without the final dot; nil for what cannot be one.
  static func normalised(_ written: some Collection<UInt8>) -> String? {
    guard (1...254).contains(written.count) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(written.count)
    for byte in written {
      switch byte {
      case 0x41...0x5A: bytes.append(byte | 0x20)
      case 0x61...0x7A, 0x30...0x39, 0x2D, 0x2E, 0x5F: bytes.append(byte)
      default: return nil
      }
    }
    if bytes.last == 0x2E { bytes.removeLast() }
    let labels = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
    guard bytes.count <= 253, labels.allSatisfy({ (1...63).contains($0.count) }) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The host and the port of `host:port`, `host`, or `[address]:port`; nil for anything else.
  static func authority(_ written: some Collection<UInt8>, defaultPort: UInt16?) -> (
    host: String, port: UInt16
  )? {
    let bytes = Array(written)
    if bytes.first == 0x5B { return bracketed(bytes, defaultPort) }
    let parts = bytes.split(separator: 0x3A, omittingEmptySubsequences: false)
    guard parts.count <= 2, let host = normalised(parts[0]) else { return nil }
    guard parts.count == 2 else { return defaultPort.map { (host, $0) } }
    return port(parts[1]).map { (host, $0) }
  }

  private static func bracketed(_ bytes: [UInt8], _ defaultPort: UInt16?) -> (String, UInt16)? {
    guard let end = bytes.firstIndex(of: 0x5D) else { return nil }
    let inner = bytes[1..<end]
    let isAddress = inner.allSatisfy {
      (0x30...0x3A).contains($0) || (0x61...0x66).contains($0 | 0x20) || $0 == 0x2E
    }
    guard isAddress, (2...45).contains(inner.count) else { return nil }
    let host = String(decoding: inner, as: UTF8.self).lowercased()
    let rest = bytes[(end + 1)...]
    guard let first = rest.first else { return defaultPort.map { (host, $0) } }
    guard first == 0x3A else { return nil }
    return port(rest.dropFirst()).map { (host, $0) }
  }

  private static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
    guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    let port = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return port == 0 ? nil : UInt16(exactly: port)
  }
}
