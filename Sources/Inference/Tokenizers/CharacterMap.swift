/// SentencePiece's normalisation: what some sequences of bytes are replaced by.
///
/// The file holds a double array that is walked by XOR (each entry has a base in bits 10 to 30, shifted
/// by 8 where bit 9 is set, the byte it is for in bits 0 to 7, and in bit 8 whether a sequence ends
/// there), then the replacements, each up to a zero. What points out of it counts as no match.
struct CharacterMap: Sendable {
  private let units: [UInt32]
  private let replacements: [UInt8]

  init(_ bytes: [UInt8]) throws(TokenizerError) {
    if bytes.isEmpty {
      (units, replacements) = ([], [])
      return
    }
    func word(_ offset: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32($1 * 8) }
    }
    guard bytes.count > 4, Int(word(0)) < bytes.count - 4 else {
      throw .key("tokenizer.ggml.precompiled_charsmap", "ends before its own tables do")
    }
    let size = Int(word(0))
    units = (0..<size / 4).map { word(4 + $0 * 4) }
    replacements = Array(bytes[(4 + size)...])
  }

  /// The longest sequence that the text begins with, and its replacement; nil where there is none.
  func match(_ text: ArraySlice<UInt8>) -> (length: Int, replacement: ArraySlice<UInt8>)? {
    guard !units.isEmpty else { return nil }
    var node = base(units[0])
    var found: (length: Int, offset: Int)?
    for (index, byte) in text.prefix(256).enumerated() {
      node ^= UInt32(byte)
      guard byte != 0, Int(node) < units.count else { break }
      let unit = units[Int(node)]
      guard unit & 0x8000_00FF == UInt32(byte) else { break }
      node ^= base(unit)
      if unit >> 8 & 1 == 1 {
        guard Int(node) < units.count else { break }
        found = (index + 1, Int(units[Int(node)] & 0x7FFF_FFFF))
      }
    }
    guard let found, found.offset < replacements.count,
      let end = replacements[found.offset...].firstIndex(of: 0)
    else { return nil }
    return (found.length, replacements[found.offset..<end])
  }

  private func base(_ unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & 1 << 9) >> 6) }
}
