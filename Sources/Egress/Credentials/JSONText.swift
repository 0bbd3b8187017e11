/// The little of JSON that is needed to change one string in it and leave all else as it is.
enum JSONText {
  /// Replaces a placeholder in the string that a field of the outermost object holds; nil where it
  /// does not stand there.
  static func replace(
    in body: [UInt8],
    field: String,
    _ placeholder: [UInt8],
    _ value: String
  ) -> [UInt8]? {
    let finder = Finder([placeholder])
    var result: [UInt8] = []
    var copied = 0
    var depth = 0
    var isKey = false
    var key: [UInt8]?
    var index = 0
    while index < body.count {
      switch body[index] {
      case 0x7B, 0x5B:
        depth += 1
        isKey = depth == 1 && body[index] == 0x7B
        key = nil
      case 0x7D, 0x5D:
        depth -= 1
      case 0x2C:
        isKey = depth == 1
        key = nil
      case 0x3A:
        isKey = false
      case 0x22:
        guard let end = endOfString(body, index) else { return nil }
        let inside = index + 1..<end
        if depth == 1, isKey {
          key = Array(body[inside])
        } else if depth == 1, key == Array(field.utf8) {
          var text = Array(body[inside])
          if let match = finder.first(in: text.span) {
            text.replaceSubrange(match.range, with: escape(value))
            result += body[copied..<inside.lowerBound] + text
            copied = end
          }
        }
        index = end
      default:
        break
      }
      index += 1
    }
    return copied > 0 ? result + body[copied...] : nil
  }

  private static func endOfString(_ body: [UInt8], _ start: Int) -> Int? {
    var index = start + 1
    while index < body.count {
      if body[index] == 0x5C { index += 2; continue }
      if body[index] == 0x22 { return index }
      index += 1
    }
    return nil
  }

  static func escape(_ value: String) -> [UInt8] {
    value.utf8.flatMap { byte -> [UInt8] in
      byte == 0x22 || byte == 0x5C ? [0x5C, byte] : [byte]
    }
  }
}
