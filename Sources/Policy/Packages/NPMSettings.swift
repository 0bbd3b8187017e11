/// Where npm looks for packages, by its files and variables: what is read later wins.
package struct NPMSettings: Hashable, Sendable {
  package private(set) var registry: String?
  /// By scope, `@acme`.
  package private(set) var scopes: [String: String] = [:]
  /// Places with a token, as in `//packages.example.com/npm/`.
  package private(set) var tokens: Set<String> = []
  /// Places with a login of another kind, which is not passed on.
  package private(set) var logins: Set<String> = []

  package init() {}

  /// Reads an `npmrc`, in which `${NAME}` stands for a variable.
  package mutating func read(_ text: String, environment: [String: String]) {
    for line in text.split(whereSeparator: \.isNewline) {
      let content = line.trimmed
      if content.hasPrefix("#") || content.hasPrefix(";") { continue }
      guard let equals = content.firstIndex(of: "=") else { continue }
      take(
        Self.expanded(content[..<equals].trimmed, environment),
        Self.expanded(
          Self.unquoted(content[content.index(after: equals)...].trimmed),
          environment
        )
      )
    }
  }

  package mutating func read(environment: [String: String]) {
    for (name, value) in environment.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
      guard name.lowercased().hasPrefix("npm_config_") else { continue }
      let key = name.dropFirst("npm_config_".count)
      take(key.hasPrefix("@") || key.hasPrefix("//") ? String(key) : key.lowercased(), value)
    }
  }

  private mutating func take(_ key: String, _ value: String) {
    if key == "registry" {
      registry = value
    } else if key.hasPrefix("@"), key.hasSuffix(":registry") {
      scopes[String(key.dropLast(":registry".count))] = value
    } else if key.hasPrefix("//"), let colon = key.lastIndex(of: ":") {
      switch key[key.index(after: colon)...] {
      case "_authToken": tokens.insert(String(key[..<colon]))
      case "_auth", "_password": logins.insert(String(key[..<colon]))
      default: break
      }
    }
  }

  /// The place of a token that is sent to a registry: the longest that its address begins with.
  package func token(for registry: Registry) -> String? {
    tokens.filter { Self.covers($0, registry) }.max { $0.utf8.count < $1.utf8.count }
  }

  /// Whether a login that is not passed on would be sent to a registry.
  package func hasLogin(for registry: Registry) -> Bool {
    registry.login != .none || logins.contains { Self.covers($0, registry) }
  }

  private static func covers(_ place: String, _ registry: Registry) -> Bool {
    var own = "//\(registry.host.text)"
    if registry.port != (registry.isTLS ? 443 : 80) { own += ":\(registry.port)" }
    own += registry.directory
    return own.hasPrefix(place.hasSuffix("/") ? place : place + "/")
  }

  private static func unquoted(_ text: Substring) -> Substring {
    guard text.count >= 2, let quote = text.first, quote == "\"" || quote == "'",
      text.last == quote
    else { return text }
    return text.dropFirst().dropLast()
  }

  private static func expanded(_ text: Substring, _ environment: [String: String]) -> String {
    var result = ""
    var rest = text
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      let behind = rest[rest.index(after: dollar)...]
      guard behind.first == "{", let end = behind.firstIndex(of: "}"),
        let value = environment[String(behind[..<end].dropFirst())]
      else {
        result += "$"
        rest = behind
        continue
      }
      result += value
      rest = behind[behind.index(after: end)...]
    }
    return result + rest
  }
}
