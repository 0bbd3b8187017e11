import NIOHTTP1

/// The key that a request bears, wherever its dialect puts it.
enum ClientCredential {
  /// `Authorization: Bearer`, `x-api-key` or `api-key`; nil where there is none, or where two differ:
  /// one of them would be judged and the other one meant.
  static func key(in headers: HTTPHeaders) -> String? {
    var found: String?
    for (name, value) in headers {
      guard let key = key(name, value), !key.isEmpty else { continue }
      if let found, found != key { return nil }
      found = key
    }
    return found
  }

  private static func key(_ name: String, _ value: String) -> String? {
    switch name.count {
    case 13 where name.lowercased() == "authorization":
      let scheme = value.prefix { $0 != " " }
      return scheme.lowercased() == "bearer" ? trimmed(value.dropFirst(scheme.count)) : nil
    case 9 where name.lowercased() == "x-api-key", 7 where name.lowercased() == "api-key":
      return trimmed(value[...])
    default: return nil
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
