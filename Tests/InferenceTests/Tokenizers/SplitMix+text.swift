extension SplitMix {
  mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }

  /// Any characters, most of them common.
  mutating func text() -> String {
    var text = ""
    for _ in 0..<next() % 40 {
      let limit: UInt64 = [0x80, 0x80, 0x800, 0x1_0000, 0x11_0000][Int(next() % 5)]
      if let scalar = Unicode.Scalar(UInt32(next() % limit)) { text.unicodeScalars.append(scalar) }
    }
    return text
  }

  /// Bytes out of few, so that they meet again.
  mutating func nonsense() -> [UInt8] {
    let bytes: [UInt8] = [0x61, 0x62, 0x20, 0xE2, 0x96, 0x81, 0xC3, 0xFF, 0x0A, 0x3C, 0x23, 0x00]
    return (0..<next() % 9).map { _ in bytes[Int(next() % 12)] }
  }
}
