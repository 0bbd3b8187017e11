/// Questions as programs ask them, made byte by byte.
enum DNSText {
  static func question(
    _ name: String,
    type: UInt16 = 1,
    recordClass: UInt16 = 1,
    id: UInt16 = 0x1234,
    extended: Bool = false
  ) -> [UInt8] {
    var bytes = be(id) + be(0x0100) + be(1) + be(0) + be(0) + be(extended ? 1 : 0)
    bytes += encoded(name) + be(type) + be(recordClass)
    if extended { bytes += [0] + be(41) + be(1232) + [0, 0, 0, 0] + be(0) }
    return bytes
  }

  static func encoded(_ name: String) -> [UInt8] {
    name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
  }

  private static func be(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }
}
