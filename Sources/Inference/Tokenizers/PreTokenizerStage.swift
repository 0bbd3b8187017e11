/// One pattern of a pre-tokenizer. It cuts a stretch of text into what it matches and what lies between.
enum PreTokenizerStage: Sendable {
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`, of GPT-2.
  case original
  case words(WordPattern)
  case run(CharacterRun)
  /// DeepSeek V3's words: a mark or a symbol leads no word unless it is of ASCII.
  case punctuationFirst
  /// `[^\n]+|\n+`
  case lines
  /// `[\r\n]`
  case lineEnds
  /// `\s+$`
  case spacesAtEnd

  /// The ends of the pieces of `bytes[start..<end]`, the last of them `end`, appended to `ends`.
  func cut(_ whole: TextReader, start: Int, end: Int, into ends: inout [Int]) {
    let reader = TextReader(whole, end: end)
    switch self {
    case .original: cut(reader, start, &ends, by: original)
    case .words(let pattern): cut(reader, start, &ends, by: pattern.end(in:from:))
    case .run(let run): cut(reader, start, &ends, by: run.end(in:from:))
    case .punctuationFirst: cut(reader, start, &ends, by: punctuationFirst)
    case .lines: cut(reader, start, &ends, by: line)
    case .lineEnds:
      cut(reader, start, &ends) { reader, index in
        isLineEnd(reader.character(at: index).value) ? index + 1 : nil
      }
    case .spacesAtEnd: cutSpacesAtEnd(reader, start, &ends)
    }
  }

  @inline(__always)
  private func cut(
    _ reader: TextReader,
    _ start: Int,
    _ ends: inout [Int],
    by match: (TextReader, Int) -> Int?
  ) {
    var index = start
    var done = start
    while index < reader.end {
      if let end = match(reader, index), end > index {
        if index > done { ends.append(index) }
        ends.append(end)
        index = end
        done = end
      } else {
        index += reader.character(at: index).length
      }
    }
    if done < reader.end { ends.append(reader.end) }
  }

  @inline(__always)
  private func original(_ reader: TextReader, _ index: Int) -> Int? {
    let value = reader.character(at: index).value
    if value == 0x27, let end = Contraction.end(in: reader, from: index, anyCase: false) {
      return end
    }
    let start = value == 0x20 ? index + 1 : index
    let kind = reader.kind(at: start)
    if kind.contains(.letter) { return reader.end(of: .letter, from: start) }
    if kind.contains(.number) { return reader.end(of: .number, from: start) }
    if start < reader.end, !kind.contains(.space) {
      return reader.end(ofOther: [.space, .word], from: start)
    }
    return Spaces.end(in: reader, from: index, newlines: false)
  }

  private func punctuationFirst(_ reader: TextReader, _ index: Int) -> Int? {
    let (value, length) = reader.character(at: index)
    let kind = reader.kind(of: value)
    let letters: CharacterKind = [.letter, .mark]
    if value < 0x80, !kind.isDisjoint(with: .printed) {
      var end = index + 1
      while isASCIILetter(reader.character(at: end).value) { end += 1 }
      if end > index + 1 { return end }
    }
    let mayLead = !isLineEnd(value) && kind.isDisjoint(with: [.letter, .printed])
    if mayLead, !reader.kind(at: index + length).isDisjoint(with: letters) {
      return reader.end(of: letters, from: index + length)
    }
    if !kind.isDisjoint(with: letters) { return reader.end(of: letters, from: index) }
    let end = reader.end(of: .printed, from: value == 0x20 ? index + 1 : index)
    if end > index + (value == 0x20 ? 1 : 0) { return reader.end(ofBytes: "\r\n", from: end) }
    return Spaces.end(in: reader, from: index, newlines: true)
  }

  private func line(_ reader: TextReader, _ index: Int) -> Int? {
    var end = index
    let isNewline = reader.bytes[index] == 0x0A
    while end < reader.end, (reader.bytes[end] == 0x0A) == isNewline { end += 1 }
    return end
  }

  /// In one pass: to look for the end from each space would take the square of their count.
  private func cutSpacesAtEnd(_ reader: TextReader, _ start: Int, _ ends: inout [Int]) {
    var spaces = start
    var index = start
    while index < reader.end {
      let (value, length) = reader.character(at: index)
      index += length
      if !reader.kind(of: value).contains(.space) { spaces = index }
    }
    if spaces > start { ends.append(spaces) }
    if spaces < reader.end { ends.append(reader.end) }
  }

  private func isLineEnd(_ value: UInt32) -> Bool { value == 0x0A || value == 0x0D }

  private func isASCIILetter(_ value: UInt32) -> Bool {
    (0x41...0x5A).contains(value) || (0x61...0x7A).contains(value)
  }
}
