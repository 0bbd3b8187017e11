/// The name of one run: twelve characters of Crockford's base 32, time first.
///
/// Sorts by start, holds no separator, is safe in a path, and is spoken in lower case. The first
/// seven characters are the seconds since 1970, the last five are random.
package struct RunID: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  package init(seconds: UInt64, random: UInt32) {
    let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    var value = (seconds & 0x7_FFFF_FFFF) << 25 | UInt64(random & 0x1FF_FFFF)
    var characters = [UInt8](repeating: 0, count: 12)
    for index in characters.indices.reversed() {
      characters[index] = alphabet[Int(value & 31)]
      value >>= 5
    }
    text = String(decoding: characters, as: UTF8.self)
  }

  /// Reads an identifier, or gives nil where the text is none.
  package init?(_ text: String) {
    let alphabet = Set("0123456789abcdefghjkmnpqrstvwxyz")
    guard text.count == 12, text.allSatisfy(alphabet.contains) else { return nil }
    self.text = text
  }

  package var description: String { text }
}
