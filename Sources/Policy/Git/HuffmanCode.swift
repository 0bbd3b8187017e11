/// A prefix code of DEFLATE, told by the lengths of its words alone (RFC 1951, 3.2.2).
struct HuffmanCode: Sendable {
  /// How many words have each length, from 0 to 15.
  let counts: [Int]
  /// The symbols in the order of their words.
  let symbols: [UInt16]

  /// Nil for lengths that no code has, or that leave words without a meaning. One single word may
  /// stand alone, as zlib has it.
  init?(lengths: ArraySlice<UInt8>, mayBeOne: Bool = true) {
    var counts = [Int](repeating: 0, count: 16)
    for length in lengths { counts[Int(length & 15)] += 1 }
    var left = 1
    for length in 1...15 {
      left = left * 2 - counts[length]
      guard left >= 0 else { return nil }
    }
    let words = lengths.count - counts[0]
    guard left == 0 || mayBeOne && (words == 0 || words == 1 && counts[1] == 1) else { return nil }
    var next = [Int](repeating: 0, count: 16)
    for length in 1..<15 { next[length + 1] = next[length] + counts[length] }
    var symbols = [UInt16](repeating: 0, count: words)
    for place in lengths.indices {
      let length = Int(lengths[place])
      guard length > 0 else { continue }
      symbols[next[length]] = UInt16(place - lengths.startIndex)
      next[length] += 1
    }
    self.counts = counts
    self.symbols = symbols
  }

  private init(counts: [Int: Int], symbols: [ClosedRange<UInt16>]) {
    self.counts = (0...15).map { counts[$0] ?? 0 }
    self.symbols = symbols.flatMap(Array.init)
  }

  /// What a block without a code of its own uses.
  static let fixedSymbols = HuffmanCode(
    counts: [7: 24, 8: 152, 9: 112],
    symbols: [256...279, 0...143, 280...287, 144...255]
  )
  static let fixedDistances = HuffmanCode(counts: [5: 32], symbols: [0...31])
}
