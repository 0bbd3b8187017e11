/// Reads the fields of one payload, each against what is left of it.
struct WireReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  private var left: Int { bytes.count - place }

  mutating func byte() throws(WireError) -> UInt8 {
    guard left >= 1 else { throw .short }
    defer { place += 1 }
    return bytes[place]
  }

  mutating func flag() throws(WireError) -> Bool {
    switch try byte() {
    case 0: false
    case 1: true
    default: throw .field
    }
  }

  mutating func word() throws(WireError) -> UInt32 { UInt32(truncatingIfNeeded: try number(4)) }
  mutating func long() throws(WireError) -> UInt64 { try number(8) }
  mutating func signed() throws(WireError) -> Int32 { Int32(bitPattern: try word()) }

  private mutating func number(_ count: Int) throws(WireError) -> UInt64 {
    guard left >= count else { throw .short }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[place + index]) << UInt64(8 * index) }
    place += count
    return value
  }

  mutating func data() throws(WireError) -> [UInt8] {
    let count = Int(try word())
    guard left >= count else { throw .short }
    defer { place += count }
    return Array(bytes[place..<place + count])
  }

  /// How many of something follow, where each takes at least `least` bytes: what cannot fit is not
  /// made room for.
  mutating func count(least: Int) throws(WireError) -> Int {
    let count = Int(try word())
    guard count <= left / least else { throw .short }
    return count
  }

  func end() throws(WireError) {
    guard left == 0 else { throw .long }
  }
}

/// Writes the fields of one payload, with room for the frame's length before them.
struct WireWriter {
  private var bytes: [UInt8] = [0, 0, 0, 0]

  init(kind: UInt8, id: UInt64) {
    byte(kind)
    long(id)
  }

  mutating func byte(_ value: UInt8) { bytes.append(value) }
  mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }
  mutating func word(_ value: UInt32) { append(value) }
  mutating func signed(_ value: Int32) { append(UInt32(bitPattern: value)) }
  mutating func long(_ value: UInt64) { append(value) }

  mutating func data(_ value: [UInt8]) {
    word(UInt32(clamping: value.count))
    bytes.append(contentsOf: value)
  }

  private mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// The whole frame.
  consuming func frame() -> [UInt8] {
    let count = UInt32(clamping: bytes.count - 4)
    for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: count >> UInt32(8 * index)) }
    return bytes
  }
}
