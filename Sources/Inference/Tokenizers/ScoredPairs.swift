/// SentencePiece's BPE: of all pairs that are a token together, the one with the highest score is
/// merged first.
struct ScoredPairs: Sendable {
  private var texts: TextIndex
  /// By the texts' numbers: the token, and its place among all scores, the highest first.
  private var tokens: [Int32] = []
  private var orders: [UInt32] = []
  /// What a byte becomes that is in no token; -1: nothing.
  private var fallbacks: [Int32] = []
  private let addsSpacePrefix: Bool
  /// No token has a space after something else, so that words can be merged one by one.
  private var endsAtSpaces = true

  init(_ vocabulary: Vocabulary) throws(TokenizerError) {
    texts = TextIndex(capacity: vocabulary.tokens.count)
    addsSpacePrefix = vocabulary.addsSpacePrefix
    for id in 0..<vocabulary.tokens.count where !vocabulary.tokens[id].isEmpty {
      guard let number = texts.intern(vocabulary.tokens[id]) else { throw .tooLarge }
      if number == tokens.count { tokens.append(0) }
      tokens[number] = Int32(id)
      if endsAtSpaces, WrittenSpace.isInside(vocabulary.tokens[id]) { endsAtSpaces = false }
    }
    let scores = tokens.map { vocabulary.scores[Int($0)] }
    let distinct = Array(Set(scores)).sorted(by: >)
    let places = Dictionary(
      zip(distinct, 0...).map { ($0, UInt32($1)) },
      uniquingKeysWith: { first, _ in first }
    )
    orders = scores.map { places[$0] ?? .max - 1 }
    fallbacks = (UInt8.min ... .max).map { byte in
      let number = texts.number(of: WrittenByte.text(byte)[...]) ?? texts.number(of: [byte])
      return number.map { tokens[$0] } ?? vocabulary.unknown ?? -1
    }
  }

  /// `afterSpecial`: at the beginning, or behind a token that was cut out of the text.
  func encode(
    _ text: [UInt8],
    in range: Range<Int>,
    afterSpecial: Bool,
    into result: inout [Int32]
  ) {
    var written: [UInt8] = []
    written.reserveCapacity(range.count * 3 / 2 + 3)
    if addsSpacePrefix, afterSpecial { written.append(contentsOf: WrittenSpace.bytes) }
    WrittenSpace.append(text[range], to: &written)
    let whole = 0..<written.count
    var merger = PairMerger()
    var start = 0
    for end in endsAtSpaces ? WrittenSpace.wordEnds(written, whole) : [whole.upperBound] {
      merge(start..<end, of: written, &merger, &result)
      start = end
    }
  }

  private func merge(
    _ word: Range<Int>,
    of text: [UInt8],
    _ merger: inout PairMerger,
    _ result: inout [Int32]
  ) {
    merger.begin()
    var index = word.lowerBound
    while index < word.upperBound {
      let lead = text[index]
      let length = min(
        lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1,
        word.upperBound - index
      )
      merger.add(part(text, index..<index + length), at: index)
      index += length
    }
    merger.merge(end: word.upperBound) { _, _, start, end in
      guard end - start <= texts.longest, let number = texts.number(of: text[start..<end]) else {
        return .none
      }
      return PairMerger.Merge(order: orders[number], part: UInt32(number))
    }
    for index in merger.parts.indices {
      let part = merger.parts[index]
      if part != Self.unknown {
        result.append(tokens[Int(part)])
        continue
      }
      let end = index + 1 < merger.starts.count ? merger.starts[index + 1] : word.upperBound
      for byte in text[merger.starts[index]..<end] where fallbacks[Int(byte)] >= 0 {
        result.append(fallbacks[Int(byte)])
      }
    }
  }

  /// A character that is no token; what it becomes a part of is one.
  private static let unknown = UInt32.max

  private func part(_ text: [UInt8], _ range: Range<Int>) -> UInt32 {
    texts.number(of: text[range]).map(UInt32.init) ?? Self.unknown
  }
}
