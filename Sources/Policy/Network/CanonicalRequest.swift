/// A request in the one form in which it is both judged and sent.
///
/// What could be read in two ways is refused rather than resolved: encoded slashes, dot segments,
/// doubled slashes and doubly encoded bytes lead to different places on different servers.
package struct CanonicalRequest: Hashable, Sendable {
  package struct Field: Hashable, Sendable {
    package let name: String
    package let value: String
  }

  package let method: String
  /// `http` or `https`.
  package let scheme: String
  /// In lower case.
  package let host: String
  package let port: UInt16
  /// The path as it is sent: escapes in capitals, and only where they are needed.
  package let path: String
  /// What stands between the slashes of the path, decoded.
  package let segments: [[UInt8]]
  /// Whether a segment holds a slash. Servers differ about what it means, so that it needs a grant.
  package let hasEncodedSlash: Bool
  /// What stands behind the question mark, as it came; nil where there is none.
  package let rawQuery: String?
  /// The fields of the query in their order, decoded.
  package let query: [Field]
  /// Names in lower case; only those that were handed in.
  package let headers: [Field]

  /// What goes into the request line.
  package var target: String { rawQuery.map { "\(path)?\($0)" } ?? path }

  package static let longestTarget = 16 << 10
  static let mostSegments = 256

  /// - Parameters:
  ///   - target: as in the request line: in origin form, or in absolute form.
  ///   - authority: the `Host` header or `:authority`.
  ///   - headers: what conditions of the policy may look at, and overrides may hide in.
  package init(
    method: String,
    target: String,
    scheme: String,
    authority: String,
    headers: [(name: String, value: String)] = []
  ) throws(RequestProblem) {
    guard scheme == "http" || scheme == "https" else {
      throw RequestProblem("the scheme \(quoted(scheme)) is neither http nor https")
    }
    try Self.check(method: method)
    guard target.utf8.count <= Self.longestTarget else {
      throw RequestProblem("the target is longer than \(Self.longestTarget) bytes")
    }
    for byte in target.utf8 where byte <= 0x20 || byte >= 0x7F || byte == 0x5C || byte == 0x23 {
      throw RequestProblem(
        "the target holds a space, a backslash, '#', or a byte that must be encoded"
      )
    }
    let place = try Self.place(of: authority, scheme: scheme)
    let rest = try Self.originForm(target, scheme: scheme, place: place)
    let parts = rest.split(separator: 0x3F, maxSplits: 1, omittingEmptySubsequences: false)
    let segments = try Self.segments(of: parts[0])
    self.method = method
    self.scheme = scheme
    host = place.host
    port = place.port
    self.segments = segments
    hasEncodedSlash = segments.contains { $0.contains(0x2F) }
    path = Self.path(of: segments)
    rawQuery = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : nil
    query = parts.count > 1 ? try Self.fields(of: parts[1]) : []
    self.headers = headers.map { Field(name: $0.name.lowercased(), value: $0.value) }
    if let problem = RequestHeaders.problem(headers) { throw problem }
  }

  private static func check(method: String) throws(RequestProblem) {
    let isToken = method.utf8.allSatisfy {
      (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F
    }
    guard isToken, (1...32).contains(method.utf8.count) else {
      throw RequestProblem("the method \(quoted(method)) is not a word in capitals")
    }
    // TRACE gives back what it got, credentials included; CONNECT is no request to a server.
    guard method != "TRACE", method != "TRACK", method != "CONNECT" else {
      throw RequestProblem("the method \(method) is never let through")
    }
  }

  private typealias Place = (host: String, port: UInt16)

  private static func place(
    of authority: String,
    scheme: String
  ) throws(RequestProblem) -> Place {
    let usual: UInt16 = scheme == "https" ? 443 : 80
    let parts = authority.utf8.split(separator: 0x3A, omittingEmptySubsequences: false)
    let isWell = authority.utf8.allSatisfy {
      (0x61...0x7A).contains($0 | 0x20) && $0 < 0x80 || (0x30...0x3A).contains($0)
        || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
    }
    guard isWell, (1...2).contains(parts.count), let name = parts.first, !name.isEmpty,
      name.count <= 253, name.last != 0x2E, name.first != 0x2E
    else {
      throw RequestProblem("the host \(quoted(authority)) is not a name, or a name and a port")
    }
    let host = String(decoding: name, as: UTF8.self).lowercased()
    guard parts.count == 2 else { return (host, usual) }
    let written = String(decoding: parts[1], as: UTF8.self)
    guard let number = digits(written, atMost: 5), let port = UInt16(exactly: number), port > 0
    else { throw RequestProblem("the port of \(quoted(authority)) is none") }
    return (host, port)
  }

  private static func originForm(
    _ target: String,
    scheme: String,
    place: Place
  ) throws(RequestProblem) -> ArraySlice<UInt8> {
    let bytes = Array(target.utf8)
    if bytes.first == 0x2F { return bytes[...] }
    let head = Array("\(scheme)://".utf8)
    guard Glob.folded(Array(bytes.prefix(head.count))) == head else {
      throw RequestProblem("the target \(quoted(target)) is neither a path nor an address")
    }
    let behind = bytes[head.count...]
    let authority = behind.prefix { $0 != 0x2F && $0 != 0x3F }
    let named = try Self.place(of: String(decoding: authority, as: UTF8.self), scheme: scheme)
    guard named == place else {
      throw RequestProblem("the target names \(named.host), and the header Host \(place.host)")
    }
    let rest = behind.dropFirst(authority.count)
    return rest.first == 0x2F ? rest : [0x2F] + rest
  }
}
