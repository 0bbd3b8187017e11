/// A text that an argument may be, or a pattern of such texts.
///
/// `*` stands for anything within a segment, `**` for anything at all. A segment ends at `/`, `\`,
/// `?`, `#` and `@`, so that neither a path nor the host of an address can be left by what a star
/// takes. Where a pattern has a star, a value with a segment of `.` or `..`, or with a control
/// character, does not match.
package struct ValuePattern: Hashable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  private static let ends = Set(#"/\?#@"#.utf8)

  package func matches(_ value: String) -> Bool {
    let pattern = Array(text.utf8)
    let bytes = Array(value.utf8)
    guard pattern.contains(0x2A) else { return pattern == bytes }
    guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return false }
    let segments = bytes.split(omittingEmptySubsequences: true) { $0 == 0x2F || $0 == 0x5C }
    guard !segments.contains(where: { $0.elementsEqual([0x2E]) || $0.elementsEqual([0x2E, 0x2E]) })
    else { return false }
    return Self.matches(pattern, bytes)
  }

  /// For each place of the pattern, the places of the value that it can reach: no pattern takes more
  /// time than the product of both lengths.
  private static func matches(_ pattern: [UInt8], _ value: [UInt8]) -> Bool {
    var reached = [Bool](repeating: false, count: value.count + 1)
    reached[0] = true
    var at = 0
    while at < pattern.count {
      let isStar = pattern[at] == 0x2A
      let isDouble = isStar && at + 1 < pattern.count && pattern[at + 1] == 0x2A
      if isStar {
        for place in 0..<value.count
        where reached[place] && (isDouble || !ends.contains(value[place])) {
          reached[place + 1] = true
        }
      } else {
        for place in stride(from: value.count, to: 0, by: -1) {
          reached[place] = reached[place - 1] && value[place - 1] == pattern[at]
        }
        reached[0] = false
      }
      at += isDouble ? 2 : 1
    }
    return reached[value.count]
  }
}
