/// Text to tokens and back, as a model's file says.
package final class Tokenizer: Sendable {
  private enum Algorithm: Sendable {
    case bytePairs(BytePairs)
    case scoredPairs(ScoredPairs)
    case unigram(Unigram)
    case wordPiece(WordPiece)
  }

  /// Tokens, ids being 0 up to it.
  package let count: Int
  package let beginning: Int32?
  package let end: Int32?
  /// All that end an answer: the end of a text, of a turn, of a message.
  package let ends: Set<Int32>
  /// The file asks for `beginning` before a text.
  package let addsBeginning: Bool

  private let algorithm: Algorithm
  private let special: SpecialTokens
  private let kinds: [Vocabulary.Kind]
  /// What each token says.
  private let texts: TextList
  private let first: [Int32]
  private let last: [Int32]
  private let dropsFirstSpace: Bool

  package convenience init(gguf: GGUFFile) throws(TokenizerError) {
    try self.init(Vocabulary(gguf: gguf))
  }

  package init(_ vocabulary: Vocabulary) throws(TokenizerError) {
    count = vocabulary.tokens.count
    guard vocabulary.kinds.count == count, vocabulary.scores.count == count else {
      throw .key("tokenizer.ggml.tokens", "has another length than its scores or types")
    }
    var vocabulary = vocabulary
    vocabulary.dropUnknownIds()
    let (beginning, end) = (vocabulary.beginning, vocabulary.end)
    let endTokens = EndTokens(vocabulary)
    self.beginning = beginning
    self.end = end
    ends = endTokens.ends
    kinds = endTokens.kinds
    addsBeginning = vocabulary.addsBeginning
    special = SpecialTokens(vocabulary, kinds: kinds)
    algorithm =
      switch vocabulary.model {
      case .bytePairs(let name): .bytePairs(try BytePairs(vocabulary, preTokenizer: name))
      case .scoredPairs: .scoredPairs(try ScoredPairs(vocabulary))
      case .unigram: .unigram(try Unigram(vocabulary))
      case .wordPiece: .wordPiece(try WordPiece(vocabulary))
      }
    if case .wordPiece = vocabulary.model {
      first = [beginning].compactMap { $0 }
      last = [vocabulary.separator].compactMap { $0 }
    } else {
      first = vocabulary.addsBeginning ? [beginning].compactMap { $0 } : []
      last = vocabulary.addsEnd ? [end].compactMap { $0 } : []
    }
    dropsFirstSpace = vocabulary.addsSpacePrefix
    texts = try Self.texts(vocabulary, kinds)
  }

  // MARK: Encoding

  /// `addSpecial`: with what the model wants before and after a text. `parseSpecial`: tokens that steer
  /// the model may be written in the text; only for what a template has made.
  package func encode(_ text: String, addSpecial: Bool, parseSpecial: Bool) -> [Int32] {
    var result = addSpecial ? first : []
    let bytes = Array(text.utf8)
    var afterSpecial = true
    for piece in special.pieces(of: bytes, parsed: parseSpecial) {
      switch piece {
      case .token(let token):
        result.append(token)
        afterSpecial = true
      case .text(let range):
        encode(bytes, range, afterSpecial, &result)
        afterSpecial = false
      }
    }
    if addSpecial { result += last }
    return result
  }

  private func encode(
    _ bytes: [UInt8],
    _ range: Range<Int>,
    _ afterSpecial: Bool,
    _ result: inout [Int32]
  ) {
    var bytes = bytes
    var range = range
    if special.splitsCharacters {
      bytes = Array(String(decoding: bytes[range], as: UTF8.self).utf8)
      range = 0..<bytes.count
    }
    switch algorithm {
    case .bytePairs(let pairs): pairs.encode(bytes, in: range, into: &result)
    case .scoredPairs(let pairs):
      pairs.encode(bytes, in: range, afterSpecial: afterSpecial, into: &result)
    case .unigram(let unigram): unigram.encode(bytes, in: range, into: &result)
    case .wordPiece(let wordPiece): wordPiece.encode(bytes, in: range, into: &result)
    }
  }

  // MARK: Decoding

  /// What a token says; of one that steers the model, how it is written. Nothing where there is no
  /// such token. A character may be spread over several tokens: see `StreamDecoder`.
  package func bytes(of token: Int32) -> [UInt8] { Array(texts[Int(token)]) }

  /// Whether a token only steers the model and is not for a reader.
  package func isControl(_ token: Int32) -> Bool {
    guard token >= 0, token < count else { return false }
    return kinds[Int(token)] == .control || kinds[Int(token)] == .unknown
  }

  /// The text of tokens, without those that only steer, and without a space that `encode` has added.
  package func decode(_ tokens: [Int32]) -> String {
    var bytes: [UInt8] = []
    for token in tokens where !isControl(token) { bytes += texts[Int(token)] }
    if dropsFirstSpace, bytes.first == 0x20 { bytes.removeFirst() }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func texts(
    _ vocabulary: Vocabulary,
    _ kinds: [Vocabulary.Kind]
  ) throws(TokenizerError) -> TextList {
    var isOfBytes = false
    if case .bytePairs(let name) = vocabulary.model, PreTokenizer(named: name)?.isOfText != true {
      isOfBytes = true
    }
    var texts = TextList()
    texts.reserve(vocabulary.tokens.count)
    var text: [UInt8] = []
    for id in 0..<vocabulary.tokens.count {
      let written = vocabulary.tokens[id]
      text.removeAll(keepingCapacity: true)
      switch kinds[id] {
      case .control, .userDefined, .unknown: text += written
      case .normal where isOfBytes: _ = ByteAlphabet.append(written, to: &text)
      case .normal: WrittenSpace.appendSpaces(written, to: &text)
      case .byte: text += WrittenByte.value(written).map { [$0] } ?? Array(written)
      case .unused, .undefined: break
      }
      guard texts.append(text) else { throw .tooLarge }
    }
    return texts
  }
}
