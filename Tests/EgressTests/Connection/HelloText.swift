/// First messages of TLS as clients send them, made byte by byte.
enum HelloText {
  static func hello(
    name: String?,
    extensions: [(UInt16, [UInt8])] = [],
    recordSize: Int = 1 << 14
  ) -> [UInt8] {
    var block: [UInt8] = []
    if let name { block += encoded(0, serverName(name)) }
    for (type, data) in extensions { block += encoded(type, data) }
    let body =
      [3, 3] + [UInt8](repeating: 7, count: 32) + [0] + be(2) + [0x13, 0x01] + [1, 0]
      + be(block.count) + block
    let message = [1, 0] + be(body.count) + body
    return stride(from: 0, to: message.count, by: recordSize).flatMap { start in
      let fragment = message[start..<min(start + recordSize, message.count)]
      return [22, 3, 1] + be(fragment.count) + fragment
    }
  }

  static func serverName(_ name: String) -> [UInt8] {
    be(name.utf8.count + 3) + [0] + be(name.utf8.count) + Array(name.utf8)
  }

  private static func encoded(_ type: UInt16, _ data: [UInt8]) -> [UInt8] {
    be(Int(type)) + be(data.count) + data
  }

  private static func be(_ value: Int) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
  }
}
