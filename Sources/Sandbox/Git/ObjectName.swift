/// The name of a git object: 40 or 64 digits of lower-case hexadecimal, nothing else.
package struct ObjectName: Hashable, Sendable, Codable, CustomStringConvertible {
  package let text: String

  package init?(_ text: some StringProtocol) {
    guard text.utf8.count == 40 || text.utf8.count == 64,
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    self.text = String(text)
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let name = ObjectName(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no object name")
    }
    self = name
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  package var description: String { text }
  /// As people read it.
  package var short: String { String(text.prefix(12)) }
  /// Git's mark for "there is none".
  package var isZero: Bool { text.utf8.allSatisfy { $0 == 0x30 } }
}
