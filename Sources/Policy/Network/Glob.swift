/// Matches bytes against a pattern in which `*` stands for any number of them.
enum Glob {
  static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
    var at = 0
    var mark = 0
    var star: Int?
    var place = 0
    while place < text.count {
      if at < pattern.count, pattern[at] == 0x2A {
        star = at
        mark = place
        at += 1
      } else if at < pattern.count, pattern[at] == text[place] {
        at += 1
        place += 1
      } else if let star {
        // The last star takes one byte more; earlier ones never need to.
        at = star + 1
        mark += 1
        place = mark
      } else {
        return false
      }
    }
    while at < pattern.count, pattern[at] == 0x2A { at += 1 }
    return at == pattern.count
  }

  static func folded(_ bytes: [UInt8]) -> [UInt8] {
    bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
  }
}

/// The pattern of a path, split once: `*` within a segment, `**` for any number of segments.
struct PathPattern: Hashable, Sendable {
  private enum Part: Hashable, Sendable {
    case any
    case literal([UInt8])
    case glob([UInt8])
  }

  private let parts: [Part]

  /// - Parameter text: begins with a slash and is in its shortest form.
  init(_ text: String, isFolded: Bool = false) {
    parts = text.utf8.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false).map {
      let bytes = isFolded ? Glob.folded(Array($0)) : Array($0)
      if bytes == [0x2A, 0x2A] { return .any }
      return bytes.contains(0x2A) ? .glob(bytes) : .literal(bytes)
    }
  }

  /// - Parameter segments: what stands between the slashes, decoded; a slash at the end leaves an
  ///   empty one.
  func matches(_ segments: [[UInt8]]) -> Bool {
    var at = 0
    var mark = 0
    var star: Int?
    var place = 0
    while place < segments.count {
      if at < parts.count, parts[at] == .any {
        star = at
        mark = place
        at += 1
      } else if at < parts.count, fits(parts[at], segments[place]) {
        at += 1
        place += 1
      } else if let star {
        at = star + 1
        mark += 1
        place = mark
      } else {
        return false
      }
    }
    while at < parts.count, parts[at] == .any { at += 1 }
    return at == parts.count
  }

  private func fits(_ part: Part, _ segment: [UInt8]) -> Bool {
    switch part {
    case .any: true
    case .literal(let bytes): bytes == segment
    case .glob(let bytes): Glob.matches(bytes, segment)
    }
  }
}
