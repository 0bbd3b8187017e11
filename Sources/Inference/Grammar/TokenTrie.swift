/// The bytes of many tokens as a tree, in the order of a walk: whoever refuses a byte skips what is below.
struct TokenTrie: Sendable {
  /// One entry a node: its byte, how deep it is (from 0), where the walk goes on that skips what is
  /// below, and the tokens that end here, as a range of `tokens`.
  private(set) var bytes: [UInt8] = []
  private(set) var depths: [UInt8] = []
  private(set) var skips: [Int32] = []
  private(set) var ends: [Int32] = []
  private(set) var tokens: [Int32] = []

  /// Longer tokens are never allowed: runs of blanks and the like.
  static let maximumLength = 250

  init(_ texts: [[UInt8]], _ chosen: [Int32]) {
    let sorted = chosen.sorted { texts[Int($0)].lexicographicallyPrecedes(texts[Int($1)]) }
    var path: [Int] = []
    var last: [UInt8] = []
    for token in sorted {
      let text = texts[Int(token)]
      var shared = 0
      while shared < min(text.count, last.count), text[shared] == last[shared] { shared += 1 }
      close(&path, to: shared)
      for byte in text[shared...] {
        path.append(bytes.count)
        bytes.append(byte)
        depths.append(UInt8(path.count - 1))
        skips.append(0)
        ends.append(Int32(tokens.count))
      }
      tokens.append(token)
      ends[ends.count - 1] = Int32(tokens.count)
      last = text
    }
    close(&path, to: 0)
  }

  private mutating func close(_ path: inout [Int], to depth: Int) {
    while path.count > depth, let node = path.popLast() { skips[node] = Int32(bytes.count) }
  }

  /// The tokens that end at a node.
  @inline(__always)
  func tokens(at node: Int) -> ArraySlice<Int32> {
    tokens[Int(node == 0 ? 0 : ends[node - 1])..<Int(ends[node])]
  }
}
