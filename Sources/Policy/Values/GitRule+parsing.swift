extension GitRule {
  /// Reads `github.com/acme/app` and the branches that may be pushed.
  package static func location(
    parsing text: String
  ) throws(ValueProblem) -> (host: HostPattern, repository: String) {
    if text.firstRange(ofASCII: "://") != nil || text.contains("@") {
      throw ValueProblem(
        "\(quoted(text)) is an address with a scheme or a user",
        remedy: "write only host and path, as in github.com/acme/app"
      )
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count >= 2 else {
      throw ValueProblem(
        "\(quoted(text)) names no repository",
        remedy: "write it as in github.com/acme/app"
      )
    }
    let host = try HostPattern(parsing: String(parts[0]))
    guard !host.text.contains("*") else {
      throw ValueProblem(
        "the host of a repository cannot be a pattern",
        remedy: "name the host, as in github.com"
      )
    }
    var names = parts.dropFirst().map(String.init)
    if let last = names.last, last.hasSuffix(".git") { names[names.count - 1].removeLast(4) }
    for name in names {
      let isPlain = name.utf8.allSatisfy {
        (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x2D
          || $0 == 0x5F || $0 == 0x2E || $0 == 0x7E
      }
      guard isPlain, !name.isEmpty, name != ".", name != ".." else {
        throw ValueProblem(
          "\(quoted(text)) is not the path of a repository",
          remedy: "write it as in github.com/acme/app"
        )
      }
    }
    return (host, names.joined(separator: "/"))
  }

  /// Checks a pattern of branch names by git's own rules for them.
  package static func branch(parsing text: String) throws(ValueProblem) -> String {
    if text.hasPrefix("refs/") {
      throw ValueProblem(
        "\(quoted(text)) is a full reference",
        remedy: "name the branch alone, as in caisson/*"
      )
    }
    if text.hasPrefix("+") {
      throw ValueProblem("\(quoted(text)) would force", remedy: "remove '+': pushes never force")
    }
    let bad: Set<UInt8> = [0x20, 0x7E, 0x5E, 0x3A, 0x3F, 0x5B, 0x5C, 0x7F]
    let segments = text.split(separator: "/", omittingEmptySubsequences: false)
    let isWell =
      !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && !bad.contains($0) }
      && text.firstRange(ofASCII: "..") == nil && text.firstRange(ofASCII: "@{") == nil
      && !text.hasPrefix("-")
      && segments.allSatisfy {
        !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasSuffix(".") && !$0.hasSuffix(".lock")
      }
    guard isWell else {
      throw ValueProblem(
        "\(quoted(text)) cannot name a branch",
        remedy: "write it as in caisson/* or main"
      )
    }
    return text
  }
}
