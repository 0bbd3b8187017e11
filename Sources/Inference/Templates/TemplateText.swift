/// A string as Python sees it: code points, equal when their bytes are.
///
/// Swift's `String` compares by canonical equivalence and counts grapheme clusters; a template counts
/// and cuts code points. The bytes are valid UTF-8 throughout: every cut falls between code points.
package struct TemplateText: Hashable, Sendable, ExpressibleByStringLiteral {
  package var bytes: [UInt8]
  /// Marked by `safe` or `escape`: what is added to it is escaped for HTML, as Jinja does.
  var isMarkup = false

  package init(_ string: String) { bytes = Array(string.utf8) }
  package init(stringLiteral value: String) { bytes = Array(value.utf8) }
  init(bytes: [UInt8], isMarkup: Bool = false) {
    self.bytes = bytes
    self.isMarkup = isMarkup
  }
  init(_ slice: ArraySlice<UInt8>, isMarkup: Bool = false) {
    self.init(bytes: Array(slice), isMarkup: isMarkup)
  }

  package var string: String { String(decoding: bytes, as: UTF8.self) }

  package static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes }
  package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

  static func < (left: Self, right: Self) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }

  /// The number of code points.
  var count: Int { bytes.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }

  /// Where each code point starts, and the end.
  var starts: [Int] {
    var result: [Int] = []
    result.reserveCapacity(bytes.count + 1)
    for (place, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 { result.append(place) }
    result.append(bytes.count)
    return result
  }

  /// One text a code point.
  var characters: [TemplateText] {
    let starts = starts
    return zip(starts, starts.dropFirst()).map {
      TemplateText(bytes[$0..<$1], isMarkup: isMarkup)
    }
  }

  /// Escaped for HTML, and marked so.
  var escaped: TemplateText {
    if isMarkup { return self }
    var result: [UInt8] = []
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "&"): result += Array("&amp;".utf8)
      case UInt8(ascii: "<"): result += Array("&lt;".utf8)
      case UInt8(ascii: ">"): result += Array("&gt;".utf8)
      case UInt8(ascii: "\""): result += Array("&#34;".utf8)
      case UInt8(ascii: "'"): result += Array("&#39;".utf8)
      default: result.append(byte)
      }
    }
    return TemplateText(bytes: result, isMarkup: true)
  }

  static func + (left: Self, right: Self) -> Self {
    guard left.isMarkup || right.isMarkup else {
      return TemplateText(bytes: left.bytes + right.bytes)
    }
    return TemplateText(bytes: left.escaped.bytes + right.escaped.bytes, isMarkup: true)
  }

  // MARK: Finding

  /// The first place of `needle` from `start` on, in bytes.
  func find(_ needle: [UInt8], from start: Int = 0, to end: Int? = nil) -> Int? {
    let end = end ?? bytes.count
    guard let first = needle.first else { return start <= end ? start : nil }
    guard needle.count <= end else { return nil }
    var at = start
    while at <= end - needle.count {
      if bytes[at] == first, bytes[at..<(at + needle.count)].elementsEqual(needle) { return at }
      at += 1
    }
    return nil
  }

  /// The last place of `needle`, in bytes, that ends at `end` or before.
  func findLast(_ needle: [UInt8], to end: Int? = nil) -> Int? {
    var at = (end ?? bytes.count) - needle.count
    while at >= 0 {
      if bytes[at..<(at + needle.count)].elementsEqual(needle) { return at }
      at -= 1
    }
    return nil
  }

  func hasPrefix(_ other: TemplateText) -> Bool { bytes.starts(with: other.bytes) }
  func hasSuffix(_ other: TemplateText) -> Bool {
    bytes.count >= other.bytes.count && bytes.suffix(other.bytes.count).elementsEqual(other.bytes)
  }

  // MARK: Trimming

  /// The length of the whitespace character of Python's `str.isspace` at a place; 0 if there is none.
  static func whitespace(_ bytes: [UInt8], at place: Int) -> Int {
    let byte = bytes[place]
    if byte < 0x80 {
      return byte == 0x20 || (0x09...0x0D).contains(byte) || (0x1C...0x1F).contains(byte) ? 1 : 0
    }
    func follows(_ rest: UInt8...) -> Bool { bytes[(place + 1)...].starts(with: rest) }
    switch byte {
    case 0xC2: return follows(0x85) || follows(0xA0) ? 2 : 0
    case 0xE1: return follows(0x9A, 0x80) ? 3 : 0
    case 0xE2:
      guard place + 2 < bytes.count else { return 0 }
      let last = bytes[place + 2]
      if bytes[place + 1] == 0x80 {
        return (0x80...0x8A).contains(last) || last == 0xA8 || last == 0xA9 || last == 0xAF ? 3 : 0
      }
      return bytes[place + 1] == 0x81 && last == 0x9F ? 3 : 0
    case 0xE3: return follows(0x80, 0x80) ? 3 : 0
    default: return 0
    }
  }

  /// Without the characters of `set` (none: whitespace) at its ends.
  func trimmed(_ set: TemplateText? = nil, start: Bool = true, end: Bool = true) -> TemplateText {
    let members = set.map { Set($0.characters.map(\.bytes)) }
    func length(at place: Int) -> Int {
      guard let members else { return Self.whitespace(bytes, at: place) }
      var stop = place + 1
      while stop < bytes.count, bytes[stop] & 0xC0 == 0x80 { stop += 1 }
      return members.contains(Array(bytes[place..<stop])) ? stop - place : 0
    }
    var low = 0
    var high = bytes.count
    if start {
      while low < high {
        let step = length(at: low)
        if step == 0 { break }
        low += step
      }
    }
    if end {
      while high > low {
        var place = high - 1
        while place > low, bytes[place] & 0xC0 == 0x80 { place -= 1 }
        if length(at: place) != high - place { break }
        high = place
      }
    }
    return TemplateText(bytes[low..<high], isMarkup: isMarkup)
  }

  // MARK: Splitting

  /// The parts between separators; at most `limit` cuts where that is not negative.
  func split(by separator: [UInt8], limit: Int = -1, fromEnd: Bool = false) -> [TemplateText] {
    var parts: [TemplateText] = []
    if fromEnd {
      var end = bytes.count
      while limit < 0 || parts.count < limit, let at = findLast(separator, to: end) {
        parts.append(TemplateText(bytes[(at + separator.count)..<end], isMarkup: isMarkup))
        end = at
      }
      parts.append(TemplateText(bytes[..<end], isMarkup: isMarkup))
      return parts.reversed()
    }
    var start = 0
    while limit < 0 || parts.count < limit, let at = find(separator, from: start) {
      parts.append(TemplateText(bytes[start..<at], isMarkup: isMarkup))
      start = at + separator.count
    }
    parts.append(TemplateText(bytes[start...], isMarkup: isMarkup))
    return parts
  }

  /// The words between runs of whitespace; after `limit` cuts, the rest.
  func words(limit: Int = -1, fromEnd: Bool = false) -> [TemplateText] {
    var spans: [Range<Int>] = []
    var start: Int? = nil
    var at = 0
    while at < bytes.count {
      let step = Self.whitespace(bytes, at: at)
      if step == 0 {
        if start == nil { start = at }
        at += 1
      } else {
        if let from = start { spans.append(from..<at) }
        start = nil
        at += step
      }
    }
    if let from = start { spans.append(from..<bytes.count) }
    guard limit >= 0, spans.count > limit else {
      return spans.map { TemplateText(bytes[$0], isMarkup: isMarkup) }
    }
    if fromEnd {
      let kept = spans.suffix(limit)
      let head = 0..<spans[spans.count - limit - 1].upperBound
      return ([head] + kept).map { TemplateText(bytes[$0], isMarkup: isMarkup) }
    }
    let rest = TemplateText(bytes[spans[limit].lowerBound...], isMarkup: isMarkup)
    return spans.prefix(limit).map { TemplateText(bytes[$0], isMarkup: isMarkup) }
      + [rest]
  }

  /// The lines, with their ends where `keepingEnds`.
  func lines(keepingEnds: Bool = false) -> [TemplateText] {
    var result: [TemplateText] = []
    var start = 0
    var at = 0
    while at < bytes.count {
      var length = 0
      switch bytes[at] {
      case 0x0D: length = at + 1 < bytes.count && bytes[at + 1] == 0x0A ? 2 : 1
      case 0x0A, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E: length = 1
      case 0xC2 where bytes[(at + 1)...].first == 0x85: length = 2
      case 0xE2 where bytes[at...].starts(with: [0xE2, 0x80, 0xA8]): length = 3
      case 0xE2 where bytes[at...].starts(with: [0xE2, 0x80, 0xA9]): length = 3
      default: break
      }
      if length > 0 {
        result.append(TemplateText(bytes[start..<(keepingEnds ? at + length : at)]))
        at += length
        start = at
      } else {
        at += 1
      }
    }
    if start < bytes.count { result.append(TemplateText(bytes[start...])) }
    return result
  }

  /// With `old` replaced, at most `limit` times where that is not negative.
  func replacing(_ old: [UInt8], with new: [UInt8], limit: Int = -1) -> TemplateText {
    guard limit != 0 else { return self }
    var result: [UInt8] = []
    if old.isEmpty {
      var done = 0
      for (place, byte) in bytes.enumerated() {
        if byte & 0xC0 != 0x80, limit < 0 || done < limit {
          result += new
          done += 1
        }
        result.append(byte)
        if place == bytes.count - 1, limit < 0 || done < limit { result += new }
      }
      return TemplateText(bytes: bytes.isEmpty ? new : result, isMarkup: isMarkup)
    }
    var start = 0
    var done = 0
    while limit < 0 || done < limit, let at = find(old, from: start) {
      result += bytes[start..<at]
      result += new
      start = at + old.count
      done += 1
    }
    result += bytes[start...]
    return TemplateText(bytes: result, isMarkup: isMarkup)
  }

  /// How often `old` occurs, without overlap; for the cost of a replacement before it is made.
  func occurrences(of old: [UInt8]) -> Int {
    guard !old.isEmpty else { return count + 1 }
    var start = 0
    var result = 0
    while let at = find(old, from: start) {
      result += 1
      start = at + old.count
    }
    return result
  }
}
