/// SentencePiece's unigrams: of all ways to write a text in tokens, the one whose scores have the
/// highest sum (Viterbi).
struct Unigram: Sendable {
  private struct Best {
    var token: Int32
    var start: Int
    var score: Double
  }

  /// Bytes of a token; a longer one is never found, so that a hostile file cannot make each byte of a
  /// text a long search.
  private static let longest = 512

  private var tree: TextTree
  /// Tokens that a user has defined are left as they are by the normalisation.
  private var defined = TextTree(capacity: 16)
  private let scores: [Double]
  private let map: CharacterMap
  private let unknown: Int32
  private let unknownScore: Double
  private let addsSpacePrefix: Bool
  private let removesExtraSpaces: Bool

  init(_ vocabulary: Vocabulary) throws(TokenizerError) {
    guard let unknown = vocabulary.unknown else {
      throw .missing("tokenizer.ggml.unknown_token_id")
    }
    self.unknown = unknown
    map = try CharacterMap(vocabulary.characterMap)
    addsSpacePrefix = vocabulary.addsSpacePrefix
    removesExtraSpaces = vocabulary.removesExtraSpaces
    tree = TextTree(capacity: vocabulary.tokens.count * 4)
    var least = Float.greatestFiniteMagnitude
    for id in 0..<vocabulary.tokens.count where vocabulary.tokens[id].count <= Self.longest {
      switch vocabulary.kinds[id] {
      case .normal: least = min(least, vocabulary.scores[id])
      case .userDefined: defined.insert(vocabulary.tokens[id], Int32(id))
      case .unused: break
      default: continue
      }
      tree.insert(vocabulary.tokens[id], Int32(id))
    }
    unknownScore = Double(least - 10)
    scores = (0..<vocabulary.tokens.count).map { id in
      vocabulary.kinds[id] == .userDefined ? 0 : Double(vocabulary.scores[id])
    }
  }

  func encode(_ text: [UInt8], in range: Range<Int>, into result: inout [Int32]) {
    let text = normalized(text[range])
    guard !text.isEmpty else { return }
    var best = [Best](
      repeating: Best(token: unknown, start: 0, score: -.greatestFiniteMagnitude),
      count: text.count + 1
    )
    best[0].score = 0
    var index = 0
    while index < text.count {
      let lead = text[index]
      let length = min(
        lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1,
        text.count - index
      )
      let score = best[index].score
      var isKnown = false
      var node = TextTree.root
      var end = index
      while end < text.count, let next = tree.child(of: node, text[end]) {
        node = next
        end += 1
        let token = tree.value(at: node)
        guard token != TextTree.none else { continue }
        if end - index == length { isKnown = true }
        let sum = score + scores[Int(token)]
        if sum > best[end].score { best[end] = Best(token: token, start: index, score: sum) }
      }
      if !isKnown, score + unknownScore > best[index + length].score {
        let sum = score + unknownScore
        best[index + length] = Best(token: unknown, start: index, score: sum)
      }
      index += length
    }
    let first = result.count
    var end = text.count
    var afterUnknown = false
    while end > 0 {
      let token = best[end].token
      if !(afterUnknown && token == unknown) { result.append(token) }
      afterUnknown = token == unknown
      end = best[end].start
    }
    result[first...].reverse()
  }

  private func normalized(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count * 3 / 2)
    var hasPrefix = false
    var inWord = false
    func append(_ bytes: ArraySlice<UInt8>) {
      for byte in bytes {
        if byte == 0x20 {
          inWord = false
          if !removesExtraSpaces { result.append(contentsOf: WrittenSpace.bytes) }
          continue
        }
        if !inWord {
          inWord = true
          if addsSpacePrefix && !hasPrefix || removesExtraSpaces {
            result.append(contentsOf: WrittenSpace.bytes)
            hasPrefix = true
          }
        }
        result.append(byte)
      }
    }
    var rest = text
    while let lead = rest.first {
      if let length = definedLength(rest) {
        append(rest.prefix(length))
        rest = rest.dropFirst(length)
      } else if let (length, replacement) = map.match(rest) {
        append(replacement)
        rest = rest.dropFirst(length)
      } else {
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1
        append(rest.prefix(length))
        rest = rest.dropFirst(length)
      }
    }
    return result
  }

  /// The longest token that a user has defined and that the text begins with.
  private func definedLength(_ text: ArraySlice<UInt8>) -> Int? {
    var node = TextTree.root
    var longest: Int?
    for (index, byte) in text.enumerated() {
      guard let next = defined.child(of: node, byte) else { break }
      node = next
      if defined.value(at: node) != TextTree.none { longest = index + 1 }
    }
    return longest
  }
}
