/// The small names of a document, each checked by its own rule.
package enum Names {
  /// The name of a program as `PATH` would find it.
  static func program(_ text: String) throws(ValueProblem) -> String {
    if text.contains("/") {
      throw ValueProblem(
        "\(quoted(text)) is a path, not the name of a program",
        remedy: "write the name alone, or the path under filesystem.read"
      )
    }
    return try word(
      text,
      atMost: 64,
      beside: "+-._",
      what: "the name of a program",
      example: "python3"
    )
  }

  /// The name of a secret, as `caisson secret set` knows it.
  package static func secret(_ text: String) throws(ValueProblem) -> String {
    if SecretNames.looksLikeSecret(value: text) {
      throw ValueProblem(
        "this looks like a secret itself, not like the name of one",
        remedy: "store it outside and write its name, as in EXAMPLE_TOKEN"
      )
    }
    return try word(
      text,
      atMost: 64,
      beside: "_",
      what: "the name of a secret",
      example: "EXAMPLE_TOKEN"
    )
  }

  static func model(_ text: String) throws(ValueProblem) -> String {
    try word(
      text,
      atMost: 128,
      beside: "-._:/@*",
      what: "the name of a model",
      example: "mistral-small-4"
    )
  }

  static func server(_ text: String) throws(ValueProblem) -> String {
    try word(text, atMost: 64, beside: "-._", what: "the name of a tool server", example: "git")
  }

  static func tool(_ text: String) throws(ValueProblem) -> String {
    try word(text, atMost: 128, beside: "-._/*", what: "the name of a tool", example: "git_status")
  }

  /// The name of a variable of the environment; where `isPattern`, `*` may stand at its end.
  package static func variable(_ text: String, isPattern: Bool) throws(ValueProblem) -> String {
    if let equals = text.firstIndex(of: "=") {
      let name = text[..<equals]
      throw ValueProblem(
        "\(quoted(text)) holds a value",
        remedy: "write the name alone, or environment.set: { \(name): … }"
      )
    }
    var name = Substring(text)
    if isPattern, name.last == "*" {
      name.removeLast()
      guard name.utf8.count >= 2 else {
        throw ValueProblem(
          "\(quoted(text)) would let nearly everything through",
          remedy: "name the variables, or at least two letters before '*'"
        )
      }
    }
    if text.hasPrefix("$") {
      throw ValueProblem("\(quoted(text)) begins with '$'", remedy: "write \(text.dropFirst())")
    }
    _ = try word(
      String(name),
      atMost: 128,
      beside: "_",
      what: "the name of a variable",
      example: isPattern ? "LANG or LC_*" : "LANG"
    )
    guard let first = name.utf8.first, !(0x30...0x39).contains(first) else {
      throw ValueProblem("\(quoted(text)) begins with a digit", remedy: "name it as in LANG")
    }
    if isPattern, SecretNames.looksLikeSecret(name: text) {
      throw ValueProblem(
        "\(quoted(text)) looks like a credential, and a run holds none",
        remedy: "remove it; what opens a host is bound there: network: [{ host, credential }]"
      )
    }
    return text
  }

  private static func word(
    _ text: String,
    atMost count: Int,
    beside extra: String,
    what: String,
    example: String
  ) throws(ValueProblem) -> String {
    let allowed = Set(extra.utf8)
    let isWord = text.utf8.allSatisfy {
      (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || allowed.contains($0)
    }
    guard isWord, !text.isEmpty, text.utf8.count <= count else {
      throw ValueProblem("\(quoted(text)) is not \(what)", remedy: "write it as in \(example)")
    }
    return text
  }
}
