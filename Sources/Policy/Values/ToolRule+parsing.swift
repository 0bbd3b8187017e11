extension ToolRule {
  /// A word of a command line.
  static func word(parsing text: String) throws(ValueProblem) -> String {
    guard !text.isEmpty, !text.utf8.contains(0) else {
      throw ValueProblem("a word of the command is empty or holds a NUL", remedy: "remove it")
    }
    guard !SecretNames.looksLikeSecret(value: text) else {
      throw ValueProblem(
        "this looks like a secret, which a command line shows to everybody",
        remedy: "store it with 'caisson secret set', and bind it to its host in the server's policy"
      )
    }
    return text
  }

  /// The name of a profile, or the path of a policy.
  static func policy(parsing text: String) throws(ValueProblem) -> String {
    guard !text.isEmpty, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
    else {
      throw ValueProblem(
        "\(quoted(text)) is neither a profile nor a file",
        remedy: "write it as in default, or git-server.yaml"
      )
    }
    return text
  }

  /// An address over HTTPS, without a user and a password.
  static func address(parsing text: String) throws(ValueProblem) -> String {
    let scheme = "https://"
    let rest = text.hasPrefix(scheme) ? text.dropFirst(scheme.count) : ""
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let isPrintable = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x5C }
    let host = authority.prefix { $0 != ":" }
    let isHost =
      !host.isEmpty
      && host.utf8.allSatisfy {
        (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E
      }
    let port = authority.dropFirst(host.count)
    let isPort =
      port.isEmpty
      || (digits(String(port.dropFirst()), atMost: 5)).map { (1...65535).contains($0) } ?? false
    guard isPrintable, isHost, isPort, !text.contains("#") else {
      throw ValueProblem(
        "\(quoted(text)) is not an address over HTTPS",
        remedy: "write it as in https://tools.example.com/mcp"
      )
    }
    return text
  }

  /// The path of an argument, and whether it may be left out.
  static func argument(
    parsing text: String
  ) throws(ValueProblem) -> (path: String, isOptional: Bool) {
    let isOptional = text.hasSuffix("?")
    let path = isOptional ? String(text.dropLast()) : text
    let keys = path.split(separator: ".", omittingEmptySubsequences: false)
    let isPath =
      path.utf8.count <= 256 && keys.allSatisfy { !$0.isEmpty }
      && path.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "?" }
    guard isPath, path == printable(path, atMost: 256) else {
      throw ValueProblem(
        "\(quoted(text)) is not the path of an argument",
        remedy:
          "write it as in repo_path, options.depth, or \"max_count?\" where it may be left out"
      )
    }
    return (path, isOptional)
  }
}
