package import Policy

/// Where a provider's interface begins: `https://api.example.com/v1`, or a socket of this machine.
package struct BaseURL: Hashable, Sendable {
  /// The path of a socket, over which HTTP is spoken; nil for a host and a port.
  package let socket: String?
  package let isTLS: Bool
  /// In lower case; an IPv6 address stands in brackets.
  package let host: String
  package let port: Int
  /// Begins with a slash and does not end in one; empty for the root.
  package let path: String

  package init(parsing text: String) throws(ValueProblem) {
    func malformed(_ why: String) -> ValueProblem {
      ValueProblem(
        "\(quoted(text)) \(why)",
        remedy: "write it as in https://api.example.com/v1"
      )
    }
    let scheme: String
    if text.hasPrefix("https://") {
      scheme = "https://"
    } else if text.hasPrefix("http://") {
      scheme = "http://"
    } else {
      throw malformed("does not begin with https:// or http://")
    }
    isTLS = scheme == "https://"
    socket = nil
    let rest = text.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" }
    if authority.contains("@") {
      throw ValueProblem(
        "the address holds a login",
        remedy: "store the key with 'caisson secret set', and write its name under key"
      )
    }
    guard !text.contains("?"), !text.contains("#") else {
      throw malformed("holds a query or a fragment")
    }
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !text.contains("\\") else {
      throw malformed("holds a character that no address has")
    }
    var host = authority
    var port: Int?
    let colon = authority.lastIndex(of: ":")
    if let colon, !authority.hasSuffix("]") {
      guard let number = digits(authority[authority.index(after: colon)...], atMost: 5),
        (1...65_535).contains(number)
      else { throw malformed("has a port that is none") }
      port = Int(number)
      host = authority[..<colon]
    }
    let isName = host.utf8.allSatisfy {
      (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E
    }
    let isIPv6 =
      host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
      && host.dropFirst().dropLast().utf8.allSatisfy {
        (0x61...0x66).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x3A || $0 == 0x2E
      }
    guard isName || isIPv6, !host.isEmpty, host.utf8.count <= 253 else {
      throw malformed("names no host")
    }
    self.host = host.lowercased()
    self.port = port ?? (isTLS ? 443 : 80)
    var path = String(rest.dropFirst(authority.count))
    while path.hasSuffix("/") { path.removeLast() }
    guard !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
      throw malformed("has a path that goes up")
    }
    self.path = path
  }

  /// A socket of this machine.
  package init(socket: String) {
    self.socket = socket
    isTLS = false
    host = "localhost"
    port = 80
    path = ""
  }

  /// Whether it is this machine, for sure.
  package var isLoopback: Bool { Self.isLoopback(host) }

  package static func isLoopback(_ host: String) -> Bool {
    if ["localhost", "[::1]", "::1"].contains(host) { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { part in digits(part, atMost: 3).map { $0 <= 255 } ?? false }
  }

  package var text: String {
    if let socket { return "http+unix://" + Self.escaped(socket) }
    let isUsual = port == (isTLS ? 443 : 80)
    return (isTLS ? "https://" : "http://") + host + (isUsual ? "" : ":\(port)") + path
  }

  /// A path as the host of an address.
  private static func escaped(_ path: String) -> String {
    path.utf8.map { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F:
        String(Unicode.Scalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }.joined()
  }
}
