/// A place that packages come from, as the configuration of a client names it. It holds no
/// credential: of what was written in front of the host only the form is kept.
package struct Registry: Hashable, Sendable {
  package enum Login: Hashable, Sendable {
    case none
    /// `user:password@`, of which the first part is kept.
    case password(user: String)
    /// `token@`
    case token
  }

  package let isTLS: Bool
  package let host: HostPattern
  package let port: UInt16
  /// Begins with a slash.
  package let path: String
  package let login: Login

  /// Reads an address. What is wrong is said without what may be a credential.
  package init(parsing text: String) throws(ValueProblem) {
    guard let separator = text.firstRange(ofASCII: "://"), text.utf8.count <= 2048,
      text.utf8.allSatisfy(Self.isPlain)
    else {
      throw ValueProblem(
        "the address of a registry is not one of the web",
        remedy: "write it as in https://packages.example.com/simple"
      )
    }
    let scheme = text[..<separator.lowerBound].lowercased()
    guard ["http", "https"].contains(scheme) else {
      throw ValueProblem(
        "registries are reached by http and https, not by \(quoted(scheme))",
        remedy: "write it as in https://packages.example.com/simple"
      )
    }
    isTLS = scheme == "https"
    let rest = text[separator.upperBound...].prefix { $0 != "#" }
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let behind = rest[authority.endIndex...]
    guard !behind.contains("?") else {
      throw ValueProblem(
        "the address of a registry holds a query, which may hold a credential",
        remedy: "leave the query out"
      )
    }
    path = behind.isEmpty ? "/" : String(behind)
    let cut = authority.lastIndex(of: "@")
    login = Self.login(cut.map { authority[..<$0] } ?? "")
    let place = cut.map { authority[authority.index(after: $0)...] } ?? authority
    let (name, number) = Self.parts(of: place)
    host = try HostPattern(parsing: String(name))
    guard let number else {
      port = isTLS ? 443 : 80
      return
    }
    guard let port = UInt16(number), port > 0 else {
      throw ValueProblem("\(quoted(number)) is not a port", remedy: "name 1 to 65535")
    }
    self.port = port
  }

  /// A registry that a client uses where it is told of none.
  package static func known(_ host: String, path: String = "/") -> Registry? {
    try? Registry(parsing: "https://\(host)\(path)")
  }

  /// The address, with what stands for a credential where the one that was read had one.
  package func address(login value: String? = nil) -> String {
    var text = isTLS ? "https://" : "http://"
    switch (login, value) {
    case (.password(let user), let value?): text += "\(user):\(value)@"
    case (.token, let value?): text += "\(value)@"
    default: break
    }
    text += host.text
    if port != (isTLS ? 443 : 80) { text += ":\(port)" }
    return text + path
  }

  /// The path with a slash at its end.
  var directory: String { path.hasSuffix("/") ? path : path + "/" }

  private static func login(_ text: Substring) -> Login {
    guard !text.isEmpty else { return .none }
    guard let colon = text.firstIndex(of: ":") else { return .token }
    return .password(user: String(text[..<colon]))
  }

  private static func parts(of text: Substring) -> (host: Substring, port: Substring?) {
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      let behind = text[text.index(after: end)...]
      return (text[...end], behind.first == ":" ? behind.dropFirst() : nil)
    }
    guard let colon = text.lastIndex(of: ":") else { return (text, nil) }
    return (text[..<colon], text[text.index(after: colon)...])
  }

  /// What means itself in a shell, in a configuration file, in a list and in a pattern.
  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) && ![0x22, 0x24, 0x27, 0x2A, 0x2C, 0x5C, 0x60].contains(byte)
  }
}
