/// What Unicode says of a character, as far as a pre-tokenizer asks.
struct CharacterKind: OptionSet {
  let rawValue: UInt8

  static let letter = CharacterKind(rawValue: 1)
  static let number = CharacterKind(rawValue: 2)
  static let mark = CharacterKind(rawValue: 4)
  static let punctuation = CharacterKind(rawValue: 8)
  static let symbol = CharacterKind(rawValue: 16)
  /// White_Space, which is what `\s` means in the patterns of tokenizers.
  static let space = CharacterKind(rawValue: 32)
  /// May stand in the front of a word in mixed case: all letters but small ones, and marks.
  static let front = CharacterKind(rawValue: 64)
  /// May stand in the rest of it: all letters but capital ones, and marks.
  static let rest = CharacterKind(rawValue: 128)

  static let word: CharacterKind = [.letter, .number]
  static let printed: CharacterKind = [.punctuation, .symbol]

  /// The kinds of the characters below U+10000, which nearly all text is made of.
  private static let common: [UInt8] = (0..<0x1_0000).map { value in
    Unicode.Scalar(UInt32(value)).map { CharacterKind(asking: $0).rawValue } ?? 0
  }

  static func table() -> [UInt8] { common }

  @inline(__always)
  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(asking scalar: Unicode.Scalar) {
    var kind: CharacterKind =
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .titlecaseLetter: [.letter, .front]
      case .lowercaseLetter: [.letter, .rest]
      case .modifierLetter, .otherLetter: [.letter, .front, .rest]
      case .nonspacingMark, .spacingMark, .enclosingMark: [.mark, .front, .rest]
      case .decimalNumber, .letterNumber, .otherNumber: .number
      case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
        .initialPunctuation, .finalPunctuation, .otherPunctuation:
        .punctuation
      case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: .symbol
      default: []
      }
    if scalar.properties.isWhitespace { kind.insert(.space) }
    self = kind
  }
}
