/// BERT's tokenizer: words are cut at spaces and punctuation, then into the longest tokens from the
/// left; a word that cannot be is the unknown token.
///
/// It does as Hugging Face's tokenizers do, which the models were trained with. (llama.cpp keeps only
/// the first part of what a character decomposes into, and knows no longest word.)
struct WordPiece: Sendable {
  /// A word of more characters is unknown.
  private static let longest = 100

  private var words: TextIndex
  private var wordTokens: [Int32] = []
  private var rests: TextIndex
  private var restTokens: [Int32] = []
  private let unknown: Int32
  private let letters: PlainLetters

  /// Tokens as GGUF has them: U+2581 before what begins a word.
  init(_ vocabulary: Vocabulary) throws(TokenizerError) {
    try self.init(
      tokens: vocabulary.tokens,
      unknown: vocabulary.unknown,
      letters: PlainLetters(
        lowercases: vocabulary.lowercases,
        stripsAccents: vocabulary.stripsAccents
      )
    ) { text in
      text.starts(with: WrittenSpace.bytes) ? (text.dropFirst(3), true) : (text, false)
    }
  }

  /// Tokens as `vocab.txt` has them, a line each: `##` before what goes on with a word.
  init(
    lines: TextList,
    unknown: Int32,
    lowercases: Bool
  ) throws(TokenizerError) {
    let letters = PlainLetters(lowercases: lowercases, stripsAccents: lowercases)
    try self.init(tokens: lines, unknown: unknown, letters: letters) { text in
      text.starts(with: [0x23, 0x23]) ? (text.dropFirst(2), false) : (text, true)
    }
  }

  private init(
    tokens: TextList,
    unknown: Int32?,
    letters: PlainLetters,
    read: (ArraySlice<UInt8>) -> (text: ArraySlice<UInt8>, beginsWord: Bool)
  ) throws(TokenizerError) {
    guard let unknown else { throw .missing("tokenizer.ggml.unknown_token_id") }
    self.unknown = unknown
    self.letters = letters
    words = TextIndex(capacity: tokens.count)
    rests = TextIndex(capacity: tokens.count / 4)
    for id in 0..<tokens.count {
      let (text, beginsWord) = read(tokens[id])
      if text.isEmpty { continue }
      if beginsWord {
        guard let number = words.intern(text) else { throw .tooLarge }
        if number == wordTokens.count { wordTokens.append(0) }
        wordTokens[number] = Int32(id)
      } else {
        guard let number = rests.intern(text) else { throw .tooLarge }
        if number == restTokens.count { restTokens.append(0) }
        restTokens[number] = Int32(id)
      }
    }
  }

  func encode(_ text: [UInt8], in range: Range<Int>, into result: inout [Int32]) {
    let reader = TextReader(text, end: range.upperBound)
    var word = Word()
    var index = range.lowerBound
    while index < range.upperBound {
      let (value, length) = reader.character(at: index)
      index += length
      if value < 0x80 {
        add(ascii: UInt8(value), to: &word, &result)
      } else if let scalar = Unicode.Scalar(value) {
        add(scalar, to: &word, &result)
      }
    }
    finish(&word, &result)
  }

  /// What has been read of a word.
  private struct Word {
    var bytes: [UInt8] = []
    var characters = 0
  }

  @inline(__always)
  private func add(ascii byte: UInt8, to word: inout Word, _ result: inout [Int32]) {
    switch byte {
    case 0x20, 0x09, 0x0A, 0x0D: finish(&word, &result)
    case 0x00..<0x20, 0x7F: break
    case 0x41...0x5A:
      word.bytes.append(letters.lowercases ? byte | 0x20 : byte)
      word.characters += 1
    case 0x30...0x39, 0x61...0x7A:
      word.bytes.append(byte)
      word.characters += 1
    default:
      finish(&word, &result)
      word = Word(bytes: [byte], characters: 1)
      finish(&word, &result)
    }
  }

  private func add(_ scalar: Unicode.Scalar, to word: inout Word, _ result: inout [Int32]) {
    if scalar.value == 0xFFFD || Self.isControl(scalar) { return }
    let stands = Self.isIdeograph(scalar.value)
    if stands { finish(&word, &result) }
    letters.each(of: scalar) { part in
      if part.value < 0x80 { return add(ascii: UInt8(part.value), to: &word, &result) }
      if part.properties.isWhitespace { return finish(&word, &result) }
      let isAlone = Self.isPunctuation(part)
      if isAlone { finish(&word, &result) }
      UTF8.encode(part).map { word.bytes.append(contentsOf: $0) }
      word.characters += 1
      if isAlone { finish(&word, &result) }
    }
    if stands { finish(&word, &result) }
  }

  private func finish(_ word: inout Word, _ result: inout [Int32]) {
    defer {
      word.bytes.removeAll(keepingCapacity: true)
      word.characters = 0
    }
    guard word.characters <= Self.longest else { return result.append(unknown) }
    let first = result.count
    var start = 0
    while start < word.bytes.count {
      let limit = start == 0 ? words.longest : rests.longest
      var end = min(word.bytes.count, start + limit)
      var found: Int32?
      while end > start {
        found =
          start == 0
          ? words.number(of: word.bytes[start..<end]).map { wordTokens[$0] }
          : rests.number(of: word.bytes[start..<end]).map { restTokens[$0] }
        if found != nil { break }
        end -= 1
      }
      guard let found else {
        result.removeLast(result.count - first)
        return result.append(unknown)
      }
      result.append(found)
      start = end
    }
  }

  // MARK: What characters are, as BERT sees it

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch PlainLetters.category(of: scalar) {
    case .control, .format, .privateUse, .surrogate: true
    default: false
    }
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch PlainLetters.category(of: scalar) {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      true
    default: false
    }
  }

  /// What stands for itself in Chinese; Japanese and Korean letters do not.
  private static func isIdeograph(_ value: UInt32) -> Bool {
    switch value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
      0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
