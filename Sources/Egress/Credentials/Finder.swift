/// Finds the first of several byte strings, most of the time without looking at every byte.
struct Finder: Sendable {
  struct Match: Equatable {
    var pattern: Int
    var range: Range<Int>
  }

  let patterns: [[UInt8]]
  let longest: Int
  /// The patterns from the longest to the shortest, so that the whole of a match is taken.
  private let order: [Int]
  private let shortest: Int
  /// How far one may skip when a byte stands at the end of the shortest pattern's window.
  private let skip: [Int]

  /// - Parameter patterns: none of them empty.
  init(_ patterns: [[UInt8]]) {
    self.patterns = patterns
    let shortest = patterns.map(\.count).min() ?? 0
    var skip = [Int](repeating: max(shortest, 1), count: 256)
    for pattern in patterns {
      for (index, byte) in pattern.prefix(shortest).enumerated() {
        skip[Int(byte)] = min(skip[Int(byte)], shortest - 1 - index)
      }
    }
    self.skip = skip
    self.shortest = shortest
    longest = patterns.map(\.count).max() ?? 0
    order = patterns.indices.sorted { patterns[$0].count > patterns[$1].count }
  }

  func first(in bytes: Span<UInt8>, from start: Int = 0) -> Match? {
    guard shortest > 0 else { return nil }
    var position = start
    while position + shortest <= bytes.count {
      let step = skip[Int(bytes[position + shortest - 1])]
      if step > 0 {
        position += step
        continue
      }
      for index in order where Self.matches(patterns[index], bytes, position) {
        return Match(pattern: index, range: position..<position + patterns[index].count)
      }
      position += 1
    }
    return nil
  }

  func first(in text: String) -> Match? {
    var text = text
    return text.withUTF8 { first(in: $0.span) }
  }

  /// How many bytes at the end may be the beginning of a pattern that goes on later.
  func openEnd(of bytes: Span<UInt8>) -> Int {
    guard longest > 1 else { return 0 }
    var position = max(0, bytes.count - (longest - 1))
    while position < bytes.count {
      let left = bytes.count - position
      for pattern in patterns where pattern.count > left && pattern[0] == bytes[position] {
        if Self.isPrefix(pattern, bytes, position, left) { return left }
      }
      position += 1
    }
    return 0
  }

  private static func matches(_ pattern: [UInt8], _ bytes: Span<UInt8>, _ position: Int) -> Bool {
    pattern.count <= bytes.count - position && isPrefix(pattern, bytes, position, pattern.count)
  }

  private static func isPrefix(
    _ pattern: [UInt8],
    _ bytes: Span<UInt8>,
    _ position: Int,
    _ count: Int
  ) -> Bool {
    for index in 0..<count where pattern[index] != bytes[position + index] { return false }
    return true
  }
}
