/// BPE by ranks: GPT-2's over bytes, and Gemma 4's over text.
///
/// Parts are the strings that merges are written with, most of which are tokens. Numbers stand for
/// them, so that to merge is to look up a pair of numbers.
struct BytePairs: Sendable {
  private let preTokenizer: PreTokenizer
  private var parts: TextIndex
  /// The token of each part; -1 where it is none.
  private var tokens: [Int32]
  private var merges: PairTable
  private var bytes: [UInt32] = []
  /// What a byte becomes that no part took up; -1: nothing, as in llama.cpp.
  private var fallbacks: [Int32] = []
  /// No merge joins a space to what stands before it, so that words can be merged one by one.
  private var endsAtSpaces = false

  /// A character that is in no merge and no token.
  private static let unknown = UInt32.max

  init(_ vocabulary: Vocabulary, preTokenizer name: String) throws(TokenizerError) {
    guard let preTokenizer = PreTokenizer(named: name) else { throw .preTokenizer(name) }
    self.preTokenizer = preTokenizer
    parts = TextIndex(capacity: vocabulary.tokens.count + 512)
    tokens = []
    tokens.reserveCapacity(vocabulary.tokens.count + 512)
    merges = PairTable(capacity: vocabulary.merges.count)
    var scratch: [UInt8] = []
    for id in 0..<vocabulary.tokens.count where !vocabulary.tokens[id].isEmpty {
      guard let text = raw(vocabulary.tokens[id], &scratch) else { continue }
      tokens[try part(text)] = Int32(id)
    }
    for byte in UInt8.min ... .max { bytes.append(UInt32(try part([byte]))) }
    fallbacks = (UInt8.min ... .max).map { byte in
      preTokenizer.isOfText
        ? parts.number(of: WrittenByte.text(byte)[...]).map { tokens[$0] } ?? -1
        : tokens[Int(bytes[Int(byte)])]
    }
    endsAtSpaces = preTokenizer.isOfText
    for rank in 0..<vocabulary.merges.count { try readMerge(vocabulary.merges[rank], rank) }
  }

  /// A merge that no text can come to is left out.
  private mutating func readMerge(
    _ merge: ArraySlice<UInt8>,
    _ rank: Int
  ) throws(TokenizerError) {
    guard let space = merge.dropFirst().firstIndex(of: 0x20) else { return }
    var joined: [UInt8] = []
    var isWhole = append(merge[..<space], &joined)
    let middle = joined.count
    isWhole = append(merge[(space + 1)...], &joined) && isWhole
    guard isWhole, middle < joined.count else { return }
    let left = try part(joined[..<middle])
    let right = try part(joined[middle...])
    let both = try part(joined[...])
    merges.insert(UInt32(left), UInt32(right), UInt64(rank) << 32 | UInt64(both))
    if endsAtSpaces, WrittenSpace.isInside(joined[...]) { endsAtSpaces = false }
  }

  /// The text in the bytes that are looked up; nil where no text has such bytes.
  private func raw(_ text: ArraySlice<UInt8>, _ scratch: inout [UInt8]) -> ArraySlice<UInt8>? {
    scratch.removeAll(keepingCapacity: true)
    return append(text, &scratch) ? scratch[...] : nil
  }

  private func append(_ text: ArraySlice<UInt8>, _ result: inout [UInt8]) -> Bool {
    guard preTokenizer.isOfText else { return ByteAlphabet.append(text, to: &result) }
    result.append(contentsOf: text)
    return true
  }

  private mutating func part(_ text: ArraySlice<UInt8>) throws(TokenizerError) -> Int {
    guard let number = parts.intern(text) else { throw .tooLarge }
    if number == tokens.count { tokens.append(-1) }
    return number
  }

  // MARK: Encoding

  func encode(_ text: [UInt8], in range: Range<Int>, into result: inout [Int32]) {
    var text = text
    var range = range
    if preTokenizer.isOfText {
      var written: [UInt8] = []
      written.reserveCapacity(range.count * 5 / 4)
      WrittenSpace.append(text[range], to: &written)
      text = written
      range = 0..<written.count
    }
    var merger = PairMerger()
    var start = range.lowerBound
    for end in preTokenizer.ends(of: text, in: range) {
      encode(word: start..<end, of: text, &merger, &result)
      start = end
    }
  }

  private func encode(
    word: Range<Int>,
    of text: [UInt8],
    _ merger: inout PairMerger,
    _ result: inout [Int32]
  ) {
    let mayBeWhole =
      preTokenizer.ignoresMerges || (preTokenizer.isOfText && text[word.lowerBound] == 0x0A)
    if mayBeWhole, let part = parts.number(of: text[word]), tokens[part] >= 0 {
      result.append(tokens[part])
      return
    }
    guard endsAtSpaces else { return merge(word, of: text, &merger, &result) }
    var start = word.lowerBound
    for end in WrittenSpace.wordEnds(text, word) {
      merge(start..<end, of: text, &merger, &result)
      start = end
    }
  }

  @inline(__always)
  private func merge(
    _ word: Range<Int>,
    of text: [UInt8],
    _ merger: inout PairMerger,
    _ result: inout [Int32]
  ) {
    merger.begin()
    var index = word.lowerBound
    while index < word.upperBound {
      var length = 1
      var part = bytes[Int(text[index])]
      if preTokenizer.isOfText, text[index] >= 0x80 {
        let lead = text[index]
        length = min(
          lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1,
          word.upperBound - index
        )
        part = parts.number(of: text[index..<index + length]).map(UInt32.init) ?? Self.unknown
      }
      merger.add(part, at: index)
      index += length
    }
    merger.merge(end: word.upperBound) { left, right, _, _ in
      let found = merges[left, right]
      return PairMerger.Merge(
        order: UInt32(truncatingIfNeeded: found >> 32),
        part: UInt32(truncatingIfNeeded: found)
      )
    }
    for index in merger.parts.indices {
      let part = merger.parts[index]
      if part != Self.unknown, tokens[Int(part)] >= 0 {
        result.append(tokens[Int(part)])
        continue
      }
      let end = index + 1 < merger.starts.count ? merger.starts[index + 1] : word.upperBound
      for byte in text[merger.starts[index]..<end] where fallbacks[Int(byte)] >= 0 {
        result.append(fallbacks[Int(byte)])
      }
    }
  }
}
