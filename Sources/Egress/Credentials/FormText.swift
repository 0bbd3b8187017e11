/// Text as forms and queries write it.
enum FormText {
  static func decode(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == 0x25, rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == 0x2B ? 0x20 : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Everything but the unreserved characters is escaped.
  static func encode(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, 0x2D, 0x2E, 0x5F, 0x7E:
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return encoded
  }

  /// Replaces a placeholder in the values of a field; nil where it does not stand there.
  static func replace(
    in body: [UInt8],
    field: String,
    _ placeholder: [UInt8],
    _ value: String
  ) -> [UInt8]? {
    let finder = Finder([placeholder])
    var isReplaced = false
    var pairs: [[UInt8]] = []
    for pair in body.split(separator: 0x26, omittingEmptySubsequences: false) {
      guard let equals = pair.firstIndex(of: 0x3D), !pair.contains(0x3B),
        decode(String(decoding: pair[..<equals], as: UTF8.self)[...]) == field
      else {
        pairs.append(Array(pair))
        continue
      }
      var rest = Array(pair[(equals + 1)...])
      let encoded = Array(encode(value).utf8)
      var position = 0
      while let match = finder.first(in: rest.span, from: position) {
        rest.replaceSubrange(match.range, with: encoded)
        position = match.range.lowerBound + encoded.count
        isReplaced = true
      }
      pairs.append(Array(pair[...equals]) + rest)
    }
    return isReplaced ? Array(pairs.joined(separator: [0x26])) : nil
  }
}
