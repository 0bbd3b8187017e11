/// A vocabulary as a file gives it: checked for its shape, not yet made ready for use.
package struct Vocabulary: Sendable {
  /// How text becomes tokens.
  package enum Model: Sendable {
    /// Merges by rank, after a pre-tokenizer.
    case bytePairs(preTokenizer: String)
    /// Merges by the score of what they give: SentencePiece's BPE.
    case scoredPairs
    /// The likeliest sequence: SentencePiece's unigrams.
    case unigram
    /// The longest token first, word by word: BERT.
    case wordPiece
  }

  /// The codes of GGUF.
  package enum Kind: Int32, Sendable {
    case undefined = 0
    case normal, unknown, control, userDefined, unused, byte
  }

  package var model: Model
  package var tokens: TextList
  package var kinds: [Kind]
  /// One a token; all zero where a file has none.
  package var scores: [Float]
  /// Two texts with a space between them, in the order of their ranks.
  package var merges = TextList()
  /// SentencePiece's own normalisation, as it writes it.
  package var characterMap: [UInt8] = []

  package var beginning: Int32?
  package var end: Int32?
  package var unknown: Int32?
  package var separator: Int32?
  /// Tokens that a file names by their use, by the key's last part: `eot`, `eom`, `fim_pad`, …
  package var uses: [String: Int32] = [:]

  package var addsBeginning = false
  package var addsEnd = false
  package var addsSpacePrefix = false
  package var removesExtraSpaces = false
  package var lowercases = true
  package var stripsAccents = true
  /// Tokens that take spaces before, or after them, with them.
  package var stripsLeft: Set<Int32> = []
  package var stripsRight: Set<Int32> = []

  /// A vocabulary of normal tokens; for what is made by hand.
  package init(model: Model, tokens: TextList) {
    self.model = model
    self.tokens = tokens
    kinds = Array(repeating: .normal, count: tokens.count)
    scores = Array(repeating: 0, count: tokens.count)
  }

  /// Forgets the ids that are out of range.
  mutating func dropUnknownIds() {
    let range = 0..<Int32(tokens.count)
    beginning = beginning.flatMap { range.contains($0) ? $0 : nil }
    end = end.flatMap { range.contains($0) ? $0 : nil }
    unknown = unknown.flatMap { range.contains($0) ? $0 : nil }
    separator = separator.flatMap { range.contains($0) ? $0 : nil }
    uses = uses.filter { range.contains($0.value) }
  }

  /// The id of the last token with this text.
  func id(of text: String) -> Int32? {
    let wanted = Array(text.utf8)
    return (0..<tokens.count).last { tokens[$0].elementsEqual(wanted) }.map(Int32.init)
  }
}
