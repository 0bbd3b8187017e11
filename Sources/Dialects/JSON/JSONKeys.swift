/// Finds two keys of one object that are the same.
enum JSONKeys {
  /// A hash of a key's bytes as they are written.
  @inline(__always)
  static func hash(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32 {
    var head: UInt64 = 0
    var tail: UInt64 = 0
    let raw = text.bytes
    if range.count >= 8 {
      head = raw.unsafeLoadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self)
      tail = raw.unsafeLoadUnaligned(fromByteOffset: range.upperBound - 8, as: UInt64.self)
    } else {
      for index in range { head = head << 8 | UInt64(text[index]) }
    }
    var mixed = (head &+ UInt64(range.count)) &* 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 29) ^ tail) &* 0xBF58_476D_1CE4_E5B9
    return UInt32(truncatingIfNeeded: mixed >> 32)
  }

  /// The place of a key that stands in the object a second time.
  static func duplicate(of object: Int, _ tokens: [JSONToken], _ text: Span<UInt8>) -> Int? {
    let end = Int(tokens[object].next)
    // Most objects have one to four keys, which is not worth an array.
    var count = 0
    var isEscaped = false
    var index = object + 1
    while index < end {
      count += 1
      if tokens[index].kind == .escapedKey { isEscaped = true }
      index = Int(tokens[index + 1].next)
    }
    if count < 2 { return nil }
    if isEscaped { return decodedDuplicate(of: object, tokens, text) }
    guard count <= 8 else { return hashedDuplicate(of: object, tokens, text) }
    var left = object + 1
    while left < end {
      var right = Int(tokens[left + 1].next)
      while right < end {
        if tokens[left].next == tokens[right].next, areSame(tokens[left], tokens[right], text) {
          return Int(tokens[right].start)
        }
        right = Int(tokens[right + 1].next)
      }
      left = Int(tokens[left + 1].next)
    }
    return nil
  }

  private static func areSame(_ left: JSONToken, _ right: JSONToken, _ text: Span<UInt8>) -> Bool {
    guard left.end &- left.start == right.end &- right.start else { return false }
    for offset in 0..<Int(left.end - left.start)
    where text[Int(left.start) + offset] != text[Int(right.start) + offset] { return false }
    return true
  }

  private static func hashedDuplicate(
    of object: Int,
    _ tokens: [JSONToken],
    _ text: Span<UInt8>
  ) -> Int? {
    let keys = keys(of: object, tokens).sorted { tokens[$0].next < tokens[$1].next }
    var first = 0
    for place in 1..<keys.count {
      if tokens[keys[place]].next != tokens[keys[first]].next { first = place }
      // Hashes that were made to collide must not cost a quadratic search.
      if place - first > 8 { return decodedDuplicate(of: object, tokens, text) }
      for other in first..<place where areSame(tokens[keys[other]], tokens[keys[place]], text) {
        return Int(max(tokens[keys[other]].start, tokens[keys[place]].start))
      }
    }
    return nil
  }

  private static func decodedDuplicate(
    of object: Int,
    _ tokens: [JSONToken],
    _ text: Span<UInt8>
  ) -> Int? {
    var seen: Set<[UInt8]> = []
    for key in keys(of: object, tokens) {
      let token = tokens[key]
      guard seen.insert(JSONText.unescaped(text, Int(token.start)..<Int(token.end))).inserted else {
        return Int(token.start)
      }
    }
    return nil
  }

  private static func keys(of object: Int, _ tokens: [JSONToken]) -> [Int] {
    let end = Int(tokens[object].next)
    var keys: [Int] = []
    var index = object + 1
    while index < end {
      keys.append(index)
      index = Int(tokens[index + 1].next)
    }
    return keys
  }
}
