/// The pattern that most byte-level tokenizers cut text into words with, in its variants:
///
///     (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
///     ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
///
/// Alternatives are tried in this order and the first that matches is taken, as a backtracking
/// engine of regular expressions does.
struct WordPattern: Sendable {
  enum Letters: Sendable {
    /// `\p{L}+`
    case plain
    /// `[\p{L}\p{M}]+`
    case withMarks
    /// A word goes on after its capitals with small letters and ends before the next capital.
    case mixedCase
  }

  /// What may follow punctuation and belongs to it.
  enum Tail: Sendable {
    case none, newlines, newlinesAndSlashes
  }

  var letters = Letters.plain
  /// Digits of one number at most.
  var digits = Int.max
  var tail = Tail.newlines
  /// `'s` and its kin are cut off: before all else, or with mixed case after a word.
  var contractions = true

  func end(in reader: TextReader, from index: Int) -> Int? {
    let (value, length) = reader.character(at: index)
    let kind = reader.kind(of: value)
    if value == 0x27, contractions, letters != .mixedCase,
      let end = Contraction.end(in: reader, from: index, anyCase: true)
    {
      return end
    }
    if value != 0x0A, value != 0x0D, !kind.contains(.number),
      let end = word(reader, index, kind, length)
    {
      return end
    }
    if kind.contains(.number) { return reader.end(of: .number, from: index, atMost: digits) }
    let start = value == 0x20 ? index + 1 : index
    let others: CharacterKind = letters == .withMarks ? [.space, .word, .mark] : [.space, .word]
    if start < reader.end, reader.kind(at: start).isDisjoint(with: others) {
      let end = reader.end(ofOther: others, from: start)
      return switch tail {
      case .none: end
      case .newlines: reader.end(ofBytes: "\r\n", from: end)
      case .newlinesAndSlashes: reader.end(ofBytes: "\r\n/", from: end)
      }
    }
    return Spaces.end(in: reader, from: index, newlines: true)
  }

  /// A word, with the one character that may stand before it.
  @inline(__always)
  private func word(
    _ reader: TextReader,
    _ index: Int,
    _ kind: CharacterKind,
    _ length: Int
  ) -> Int? {
    guard letters != .mixedCase else { return mixed(reader, index, kind, length) }
    let wanted: CharacterKind = letters == .withMarks ? [.letter, .mark] : .letter
    let next = index + length
    guard !kind.isDisjoint(with: wanted) || !reader.kind(at: next).isDisjoint(with: wanted) else {
      return nil
    }
    return reader.end(of: wanted, from: next)
  }

  private func mixed(
    _ reader: TextReader,
    _ index: Int,
    _ kind: CharacterKind,
    _ length: Int
  ) -> Int? {
    let mayLead = kind.isDisjoint(with: .word)
    let word =
      (mayLead ? endingSmall(reader, index + length) : nil) ?? endingSmall(reader, index)
      ?? (mayLead ? capitals(reader, index + length) : nil) ?? capitals(reader, index)
    guard let word else { return nil }
    guard contractions else { return word }
    return Contraction.end(in: reader, from: word, anyCase: true) ?? word
  }

  /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`
  private func endingSmall(_ reader: TextReader, _ index: Int) -> Int? {
    let small = reader.end(of: .front, from: index)
    let end = reader.end(of: .rest, from: small)
    if end > small { return end }
    // The front gives back as much as the rest needs: one character that may be either.
    var last: Int?
    var place = index
    while place < small {
      let (value, length) = reader.character(at: place)
      place += length
      if reader.kind(of: value).contains(.rest) { last = place }
    }
    return last
  }

  /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+`, where no small letter follows.
  private func capitals(_ reader: TextReader, _ index: Int) -> Int? {
    let end = reader.end(of: .front, from: index)
    return end > index ? end : nil
  }
}

/// `'s|'t|'re|'ve|'m|'ll|'d`
enum Contraction {
  @inline(__always)
  static func end(in reader: TextReader, from index: Int, anyCase: Bool) -> Int? {
    guard reader.character(at: index).value == 0x27 else { return nil }
    let fold: UInt32 = anyCase ? 0x20 : 0
    let first = reader.character(at: index + 1).value
    guard first < 0x80 else { return nil }
    switch UInt8(first | fold) {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return index + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return reader.character(at: index + 2).value | fold == 0x65 ? index + 3 : nil
    case UInt8(ascii: "l"):
      return reader.character(at: index + 2).value | fold == 0x6C ? index + 3 : nil
    default: return nil
    }
  }
}

/// `\s*[\r\n]+|\s+(?!\S)|\s+`: spaces up to the last end of a line, or all but the last before a
/// word, which takes that with it.
enum Spaces {
  @inline(__always)
  static func end(in reader: TextReader, from index: Int, newlines: Bool) -> Int? {
    var place = index
    var previous = index
    var newline: Int?
    while true {
      let (value, length) = reader.character(at: place)
      guard reader.kind(of: value).contains(.space) else { break }
      previous = place
      place += length
      if value == 0x0A || value == 0x0D { newline = place }
    }
    if newlines, let newline { return newline }
    if place == index { return nil }
    return place < reader.end && previous > index ? previous : place
  }
}
