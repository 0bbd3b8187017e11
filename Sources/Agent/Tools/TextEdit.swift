/// Exact replacement in a text.
enum TextEdit {
  enum Failure: Error, Equatable {
    case notFound
    case several(Int)
  }

  /// Replaces `old` where it stands exactly once, or everywhere. Bytes are compared, so that what
  /// looks alike and is not is not taken for the same.
  static func replace(
    _ old: [UInt8],
    by new: [UInt8],
    all: Bool,
    in text: [UInt8]
  ) throws(Failure) -> [UInt8] {
    let places = places(of: old, in: text)
    guard let first = places.first else { throw .notFound }
    guard all || places.count == 1 else { throw .several(places.count) }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    result += text[..<first]
    for (index, place) in places.enumerated() {
      result += new
      let end = index + 1 < places.count ? places[index + 1] : text.count
      result += text[(place + old.count)..<end]
    }
    return result
  }

  private static func places(of old: [UInt8], in text: [UInt8]) -> [Int] {
    guard let lead = old.first, old.count <= text.count else { return [] }
    var places: [Int] = []
    var at = 0
    let last = text.count - old.count
    while at <= last {
      guard let found = text[at...last].firstIndex(of: lead) else { break }
      if text[found..<(found + old.count)].elementsEqual(old) {
        places.append(found)
        at = found + old.count
      } else {
        at = found + 1
      }
    }
    return places
  }
}
