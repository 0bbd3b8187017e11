/// Tokens that are cut out of a text before it is tokenized, such as `<|im_start|>`.
///
/// Longer ones come first wherever they stand in the text, then what is to the left. Those that a user
/// has defined are always cut out; those that steer the model only where the text may hold them, so
/// that a person cannot write the end of a turn.
struct SpecialTokens: Sendable {
  enum Piece: Equatable, Sendable {
    case text(Range<Int>)
    case token(Int32)
  }

  private struct Candidate {
    var length: Int
    var token: Int32
    var start: Int
  }

  /// Bytes of one; a longer one is only text, so that a hostile file cannot make each byte of a text
  /// a long search.
  private static let longest = 256

  private var tree = TextTree(capacity: 64)
  /// By the first byte: whether one begins with it, among those that a user has defined, and among all.
  private var definedFirst = [Bool](repeating: false, count: 256)
  private var first = [Bool](repeating: false, count: 256)
  private let kinds: [Vocabulary.Kind]
  private let stripsLeft: Set<Int32>
  private let stripsRight: Set<Int32>
  /// Some are no whole UTF-8, so that what is left of a text may not be, either.
  let splitsCharacters: Bool

  init(_ vocabulary: Vocabulary, kinds: [Vocabulary.Kind]) {
    self.kinds = kinds
    stripsLeft = vocabulary.stripsLeft
    stripsRight = vocabulary.stripsRight
    var splits = false
    for id in 0..<vocabulary.tokens.count {
      let text = vocabulary.tokens[id]
      guard let byte = text.first, text.count <= Self.longest else { continue }
      switch kinds[id] {
      case .userDefined: definedFirst[Int(byte)] = true
      case .control, .unknown: break
      default: continue
      }
      first[Int(byte)] = true
      tree.insert(text, Int32(id))
      if String(validating: text, as: UTF8.self) == nil { splits = true }
    }
    splitsCharacters = splits
  }

  func pieces(of text: [UInt8], parsed: Bool) -> [Piece] {
    let begins = parsed ? first : definedFirst
    var entries: [Heap.Entry] = []
    for start in text.indices where begins[Int(text[start])] {
      if let found = longest(text, start, text.count - start, parsed) {
        entries.append(Self.entry(found))
      }
    }
    if entries.isEmpty { return text.isEmpty ? [] : [.text(0..<text.count)] }
    var taken = [Bool](repeating: false, count: text.count)
    var found: [Candidate] = []
    var queue = Heap(entries)
    while let entry = queue.pop() {
      let candidate = Self.candidate(entry)
      let end = candidate.start + candidate.length
      let free = taken[candidate.start..<end].firstIndex(of: true) ?? end
      if free == end {
        found.append(candidate)
        for index in candidate.start..<end { taken[index] = true }
        strip(candidate, text, &taken)
      } else if let shorter = longest(text, candidate.start, free - candidate.start, parsed) {
        queue.push(Self.entry(shorter))
      }
    }
    found.sort { $0.start < $1.start }
    var pieces: [Piece] = []
    var start = 0
    for candidate in found {
      append(start..<candidate.start, taken, &pieces)
      pieces.append(.token(candidate.token))
      start = candidate.start + candidate.length
    }
    append(start..<text.count, taken, &pieces)
    return pieces
  }

  /// Longer ones first, then what is to the left.
  private static func entry(_ candidate: Candidate) -> Heap.Entry {
    Heap.Entry(
      key: UInt64(longest - candidate.length) << 48 | UInt64(candidate.start),
      value: UInt32(candidate.token)
    )
  }

  private static func candidate(_ entry: Heap.Entry) -> Candidate {
    Candidate(
      length: longest - Int(entry.key >> 48),
      token: Int32(entry.value),
      start: Int(entry.key & 0xFFFF_FFFF_FFFF)
    )
  }

  private func longest(
    _ text: [UInt8],
    _ start: Int,
    _ limit: Int,
    _ parsed: Bool
  ) -> Candidate? {
    var node = TextTree.root
    var found: Candidate?
    for length in 0..<limit {
      guard let next = tree.child(of: node, text[start + length]) else { break }
      node = next
      let token = tree.value(at: node)
      if token != TextTree.none, parsed || kinds[Int(token)] == .userDefined {
        found = Candidate(length: length + 1, token: token, start: start)
      }
    }
    return found
  }

  /// Spaces beside the token go with it, as far as nothing else has them.
  private func strip(_ candidate: Candidate, _ text: [UInt8], _ taken: inout [Bool]) {
    func isSpace(_ index: Int) -> Bool {
      !taken[index] && (text[index] == 0x20 || (9...13).contains(text[index]))
    }
    var index = candidate.start - 1
    while stripsLeft.contains(candidate.token), index >= 0, isSpace(index) {
      taken[index] = true
      index -= 1
    }
    index = candidate.start + candidate.length
    while stripsRight.contains(candidate.token), index < text.count, isSpace(index) {
      taken[index] = true
      index += 1
    }
  }

  private func append(_ range: Range<Int>, _ taken: [Bool], _ pieces: inout [Piece]) {
    guard let first = taken[range].firstIndex(of: false),
      let last = taken[range].lastIndex(of: false)
    else { return }
    pieces.append(.text(first..<last + 1))
  }
}
