/// Turns the bytes of tokens into text as they come, and never gives out a part of a character.
///
/// Bytes that may still become a character are held back, at most three. Those that cannot become
/// one are U+FFFD as soon as that is known, one for each such sequence, as Unicode advises.
package struct StreamDecoder: Sendable {
  /// The beginning of a character.
  private var held: [UInt8] = []

  package init() {}

  /// Whether something is held back.
  package var isPending: Bool { !held.isEmpty }

  /// The text that is complete now.
  package mutating func append(_ bytes: some Sequence<UInt8>) -> String {
    held.append(contentsOf: bytes)
    let cut = held.count - Self.unfinished(held)
    defer { held.removeFirst(cut) }
    return String(decoding: held[..<cut], as: UTF8.self)
  }

  /// What is left when no more bytes come.
  package mutating func finish() -> String {
    defer { held.removeAll() }
    return String(decoding: held, as: UTF8.self)
  }

  /// How many bytes at the end begin a character that more bytes could complete.
  private static func unfinished(_ bytes: [UInt8]) -> Int {
    for count in 1...3 where count <= bytes.count {
      let lead = bytes[bytes.count - count]
      if lead & 0xC0 == 0x80 { continue }
      let length = lead >= 0xF5 ? 0 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0
      guard length > count else { return 0 }
      guard count > 1 else { return 1 }
      // The second byte tells overlong forms, surrogates and what is past U+10FFFF.
      let second = bytes[bytes.count - count + 1]
      let allowed: ClosedRange<UInt8> =
        switch lead {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
      return allowed.contains(second) ? count : 0
    }
    return 0
  }
}
