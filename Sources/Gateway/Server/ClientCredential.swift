import NIOHTTP1

/// The key that a request bears, wherever its dialect puts it.
enum ClientCredential {
  /// `Authorization: Bearer`, `x-api-key` or `api-key`, each key once. Of several that differ none is to
  /// be taken: one of them would be judged and the other one meant.
  static func keys(in headers: HTTPHeaders) -> [String] {
    var found: [String] = []
    for (name, value) in headers {
      guard let key = key(name, value), !key.isEmpty, !found.contains(key) else { continue }
      found.append(key)
    }
    return found
  }

  /// Told by bytes: every request pays for this.
  private static func key(_ name: String, _ value: String) -> String? {
    switch name.utf8.count {
    case 13 where isSame(name, "authorization"):
      let scheme = value.utf8.prefix { $0 != 0x20 }
      guard scheme.count == 6, isSame(Substring(scheme), "bearer") else { return nil }
      return trimmed(value.utf8.dropFirst(6))
    case 9 where isSame(name, "x-api-key"), 7 where isSame(name, "api-key"):
      return trimmed(value.utf8[...])
    default: return nil
    }
  }

  /// Whether a text is this one, capitals aside.
  private static func isSame(_ text: some StringProtocol, _ lower: StaticString) -> Bool {
    lower.withUTF8Buffer { lower in
      text.utf8.elementsEqual(lower) { byte, other in
        byte == other || (0x41...0x5A).contains(byte) && byte | 0x20 == other
      }
    }
  }

  private static func trimmed(_ text: Substring.UTF8View) -> String {
    var text = text
    while text.first == 0x20 { text = text.dropFirst() }
    while text.last == 0x20 { text = text.dropLast() }
    return String(Substring(text))
  }
}
