/// A run of characters out of one set: what a pre-tokenizer's pattern such as `\s?\p{L}+` says.
struct CharacterRun: Sendable {
  enum Lead: Sendable {
    case none
    /// One U+0020 may stand before the run.
    case space
    /// Any one space may.
    case anySpace
  }

  /// A character of one of these kinds is in the set.
  var kinds: CharacterKind.RawValue = 0
  /// And so is one of these, in rising order, unless it is a space.
  var ranges: [ClosedRange<UInt32>] = []
  /// The set is all others.
  var isInverted = false
  var lead = Lead.none
  /// Characters of a run at most.
  var limit = Int.max
  /// And at least.
  var least = 1

  static func of(_ kinds: CharacterKind, lead: Lead = .none, limit: Int = .max) -> CharacterRun {
    CharacterRun(kinds: kinds.rawValue, lead: lead, limit: limit)
  }

  func contains(_ value: UInt32, _ reader: TextReader) -> Bool {
    guard value != TextReader.nothing else { return false }
    return holds(value, reader.kind(of: value)) != isInverted
  }

  private func holds(_ value: UInt32, _ kind: CharacterKind) -> Bool {
    if kind.rawValue & kinds != 0 { return true }
    if ranges.isEmpty || kind.contains(.space) { return false }
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].contains(value) { return true }
      if value < ranges[middle].lowerBound { high = middle } else { low = middle + 1 }
    }
    return false
  }

  /// Where a run that begins at `index` ends; nil where none does.
  func end(in reader: TextReader, from index: Int) -> Int? {
    let (value, length) = reader.character(at: index)
    var index = index
    switch lead {
    case .none: break
    case .space: if value == 0x20 { index += length }
    case .anySpace: if reader.kind(of: value).contains(.space) { index += length }
    }
    var count = 0
    while count < limit {
      let (value, length) = reader.character(at: index)
      guard contains(value, reader) else { break }
      index += length
      count += 1
    }
    return count >= least ? index : nil
  }

  // MARK: Sets of single models

  /// Letters with an upper and a lower form, of DeepSeek LLM's own list.
  static let deepSeekLetters: [ClosedRange<UInt32>] = [
    0x41...0x5A, 0x61...0x7A, 0xB5...0xB5, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x1BA, 0x1BC...0x1BF,
    0x1C4...0x293, 0x295...0x2AF, 0x370...0x373, 0x376...0x376, 0x377...0x377, 0x37B...0x37D,
    0x37F...0x37F, 0x386...0x386, 0x388...0x38A, 0x38C...0x38C, 0x38E...0x3A1, 0x3A3...0x3F5,
    0x3F7...0x481, 0x48A...0x52F, 0x531...0x556, 0x10A0...0x10C5, 0x13A0...0x13F5,
    0x13F8...0x13FD, 0x1C90...0x1CBA, 0x1CBD...0x1CBF, 0x1D00...0x1D2B, 0x1D6B...0x1D77,
    0x1D79...0x1D9A, 0x1E00...0x1F15, 0x1F18...0x1F1D, 0x1F20...0x1F45, 0x1F48...0x1F4D,
    0x1F50...0x1F57, 0x1F59...0x1F59, 0x1F5B...0x1F5B, 0x1F5D...0x1F5D, 0x1F5F...0x1F7D,
    0x1F80...0x1FB4, 0x1FB6...0x1FBC, 0x1FBE...0x1FBE, 0x1FC2...0x1FC4, 0x1FC6...0x1FCC,
    0x1FD0...0x1FD3, 0x1FD6...0x1FDB, 0x1FE0...0x1FEC, 0x1FF2...0x1FF4, 0x1FF6...0x1FFC,
    0x2102...0x2102, 0x2107...0x2107, 0x210A...0x2113, 0x2115...0x2115, 0x2119...0x211D,
    0x2124...0x2124, 0x2126...0x2126, 0x2128...0x2128, 0x212A...0x212D, 0x212F...0x2134,
    0x2139...0x2139, 0x213C...0x213F, 0x2145...0x2149, 0x214E...0x214E, 0x2183...0x2183,
    0x2184...0x2184, 0x2C00...0x2C7B, 0x2C7E...0x2CE4, 0x2CEB...0x2CEE, 0x2CF2...0x2CF2,
    0x2CF3...0x2CF3, 0xA640...0xA66D, 0xA680...0xA69B, 0xA722...0xA76F, 0xA771...0xA787,
    0xA78B...0xA78E, 0xAB70...0xABBF, 0xFB00...0xFB06, 0xFB13...0xFB17, 0xFF21...0xFF3A,
    0xFF41...0xFF5A, 0x10400...0x1044F, 0x104B0...0x104D3, 0x104D8...0x104FB, 0x10C80...0x10CB2,
    0x10CC0...0x10CF2, 0x118A0...0x118DF, 0x1E900...0x1E943,
  ]

  /// The punctuation of DeepSeek LLM; the second range has the ASCII letters in it, as there.
  static let deepSeekPunctuation: [ClosedRange<UInt32>] = [
    0x21...0x2F, 0x3A...0x7E, 0x2018...0x201F, 0x3000...0x3002, 0xFF01...0xFF0F, 0xFF1A...0xFF5E,
  ]

  /// What DeepSeek's first models hold to be Chinese and Korean; it begins much earlier.
  static let deepSeekIdeographs: [ClosedRange<UInt32>] = [0x800...0x9FA5, 0xAC00...0xD7FF]

  /// Ideographs and kana, of DeepSeek V3.
  static let ideographsAndKana: [ClosedRange<UInt32>] = [0x3040...0x30FF, 0x4E00...0x9FA5]

  /// What ends a word for BLOOM and its kin, beside spaces.
  static let bloomStops: [ClosedRange<UInt32>] = [
    0x21...0x21, 0x28...0x29, 0x2C...0x2C, 0x2E...0x2E, 0x3F...0x3F, 0x7C...0x7C, 0x60C...0x60C,
    0x6D4...0x6D4, 0x964...0x964, 0x2026...0x2026, 0x3001...0x3002, 0xFF0C...0xFF0C,
  ]
}
