/// Tells thoughts, words and calls of tools apart in what a model writes, as it comes.
///
/// Models that were trained with these marks write them as text: `<think>…</think>` around thoughts and
/// `<tool_call>{…}</tool_call>` around calls. What could be the beginning of a mark is kept back until it
/// is one or is none.
struct AnswerParser {
  enum Piece: Equatable, Sendable {
    case thought(String)
    case word(String)
    /// What stood between the marks of a call.
    case call(String)
  }

  private enum Place: Equatable {
    case words, thoughts, call
  }

  private static let thoughtsBegin = "<think>"
  private static let thoughtsEnd = "</think>"
  static let callBegin = "<tool_call>"
  static let callEnd = "</tool_call>"
  /// Longer than any call that is worth making.
  private static let longestCall = 1 << 20

  private let seesThoughts: Bool
  private let seesCalls: Bool
  private var place: Place
  private var rest = ""
  private var hasWords = false
  private var hasThoughts = false

  /// - Parameters:
  ///   - seesThoughts: whether the model marks its thoughts.
  ///   - seesCalls: whether it was told of tools.
  ///   - beginsInThoughts: whether the prompt has opened them already.
  init(seesThoughts: Bool, seesCalls: Bool, beginsInThoughts: Bool) {
    self.seesThoughts = seesThoughts
    self.seesCalls = seesCalls
    place = beginsInThoughts ? .thoughts : .words
  }

  mutating func take(_ text: String) -> [Piece] {
    rest += text
    var pieces: [Piece] = []
    while step(into: &pieces) {}
    return pieces
  }

  /// The answer is over: what was kept back is what it looks like.
  mutating func finish() -> [Piece] {
    var pieces: [Piece] = []
    while step(into: &pieces) {}
    let left = rest
    rest = ""
    // A call that was not finished is told as words: nothing is lost, and nothing is called.
    if place == .call {
      add(Self.callBegin + left, to: .words, &pieces)
    } else {
      add(left, to: place, &pieces)
    }
    return pieces
  }

  /// Whether something was found, and there may be more.
  private mutating func step(into pieces: inout [Piece]) -> Bool {
    switch place {
    case .thoughts: return pass(to: [(Self.thoughtsEnd, .words)], &pieces)
    case .words:
      var marks: [(String, Place)] = []
      if seesThoughts { marks.append((Self.thoughtsBegin, .thoughts)) }
      if seesCalls { marks.append((Self.callBegin, .call)) }
      return pass(to: marks, &pieces)
    case .call:
      guard let end = rest.firstRange(of: Self.callEnd) else {
        if rest.utf8.count > Self.longestCall { place = .words }
        return false
      }
      pieces.append(.call(String(rest[..<end.lowerBound])))
      rest = String(rest[end.upperBound...])
      place = .words
      return true
    }
  }

  private mutating func pass(to marks: [(text: String, place: Place)], _ pieces: inout [Piece])
    -> Bool
  {
    let found = marks.compactMap { mark in
      rest.firstRange(of: mark.text).map { (range: $0, place: mark.place) }
    }
    if let first = found.min(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      add(String(rest[..<first.range.lowerBound]), to: place, &pieces)
      rest = String(rest[first.range.upperBound...])
      place = first.place
      return true
    }
    let kept = marks.map { Self.overlap(rest, $0.text) }.max() ?? 0
    let end = rest.utf8.index(rest.utf8.endIndex, offsetBy: -kept)
    add(String(rest[..<end]), to: place, &pieces)
    rest = String(rest[end...])
    return false
  }

  /// Blank lines that only part thoughts from words are left out.
  private mutating func add(_ text: String, to place: Place, _ pieces: inout [Piece]) {
    var text = text[...]
    if place == .thoughts {
      if !hasThoughts { text = text.drop(while: \.isWhitespace) }
      guard !text.isEmpty else { return }
      hasThoughts = true
      pieces.append(.thought(String(text)))
    } else {
      if !hasWords, hasThoughts { text = text.drop(while: \.isWhitespace) }
      guard !text.isEmpty else { return }
      hasWords = true
      pieces.append(.word(String(text)))
    }
  }

  /// Bytes at the end of a text with which a mark may begin; marks are ASCII.
  private static func overlap(_ text: String, _ mark: String) -> Int {
    let mark = Array(mark.utf8)
    let tail = Array(text.utf8.suffix(mark.count - 1))
    for count in stride(from: tail.count, to: 0, by: -1)
    where tail.suffix(count).elementsEqual(mark.prefix(count)) {
      return count
    }
    return 0
  }
}
