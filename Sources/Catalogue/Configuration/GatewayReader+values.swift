import Policy

/// Values that occur in more than one place.
extension GatewayReader {
  typealias Entry = (name: String, value: YAMLNode, path: String)

  /// The entries of a mapping whose keys are names of the document's own.
  mutating func entries(_ node: YAMLNode, _ path: String, example: String) -> [Entry] {
    guard case .map(let pairs) = node.content else {
      nodes.report(node, path, "a mapping is expected, not \(node.kind)", "write \(example)")
      return []
    }
    guard pairs.count <= NodeReader.mostEntries else {
      let most = NodeReader.mostEntries
      nodes.report(node, path, "there are more than \(most) entries", "shorten it")
      return []
    }
    var entries: [Entry] = []
    var seen: Set<String> = []
    for (key, value) in pairs {
      let name = nodes.value(key, path, example: example) { text throws(ValueProblem) in
        try Self.name(text)
      }
      guard let name else { continue }
      guard seen.insert(foldedModelName(name)).inserted else {
        nodes.report(key, nodes.join(path, name), "the name is taken", "choose another")
        continue
      }
      entries.append((name, value, nodes.join(path, name)))
    }
    return entries
  }

  /// A name by which something is called from outside.
  static func name(_ text: String) throws(ValueProblem) -> String {
    let isName = text.utf8.allSatisfy {
      (0x61...0x7A).contains($0 | 0x20) && $0 != 0x5F || (0x30...0x39).contains($0)
        || [0x20, 0x2B, 0x2D, 0x2E, 0x2F, 0x3A, 0x40, 0x5F].contains($0)
    }
    guard isName, !text.isEmpty, text.utf8.count <= 128, !text.hasPrefix(" "), !text.hasSuffix(" ")
    else {
      throw ValueProblem(
        "\(quoted(text)) is not a name",
        remedy: "use letters, digits and any of - . _ : / @ +"
      )
    }
    return text
  }

  mutating func flag(_ node: YAMLNode?, _ path: String) -> Bool? {
    guard let node else { return nil }
    switch node.content {
    case .scalar("true", isPlain: true): return true
    case .scalar("false", isPlain: true): return false
    default:
      nodes.report(node, path, "this is neither true nor false", "write true or false")
      return nil
    }
  }

  /// One word of a few.
  mutating func word<Word: RawRepresentable & CaseIterable>(
    _ node: YAMLNode?,
    _ path: String
  ) -> Word? where Word.RawValue == String {
    let names = Word.allCases.map(\.rawValue)
    return nodes.value(node, path, example: names.first ?? "") { text throws(ValueProblem) in
      guard let word = Word(rawValue: text) else {
        throw ValueProblem(
          "\(quoted(text)) is not known here",
          remedy: nearest(to: text, in: names).map { "did you mean '\($0)'?" }
            ?? "use one of \(names.joined(separator: ", "))"
        )
      }
      return word
    }
  }

  mutating func count(_ node: YAMLNode?, _ path: String, in range: ClosedRange<Int>) -> Int? {
    nodes.value(node, path, example: "\(range.lowerBound)") { text throws(ValueProblem) in
      guard let count = digits(text, atMost: 9), range.contains(Int(count)) else {
        throw ValueProblem(
          "\(quoted(text)) is not a number from \(range.lowerBound) to \(range.upperBound)",
          remedy: "name one of them"
        )
      }
      return Int(count)
    }
  }

  mutating func tokens(_ node: YAMLNode?, _ path: String) -> Int? {
    nodes.value(node, path, example: "128k") { text throws(ValueProblem) in
      guard let tokens = Needs.tokens(text) else {
        throw ValueProblem(
          "\(quoted(text)) is not a number of tokens",
          remedy: "write it as in 128000 or 128k"
        )
      }
      return tokens
    }
  }

  mutating func duration(_ node: YAMLNode?, _ path: String) -> Duration? {
    nodes.value(node, path, example: "30s") { text throws(ValueProblem) in
      .milliseconds(Int64((try Limits.seconds(parsing: text) * 1000).rounded()))
    }
  }

  mutating func size(_ node: YAMLNode?, _ path: String, atLeast least: UInt64) -> UInt64? {
    nodes.value(node, path, example: "32MiB") { text throws(ValueProblem) in
      let bytes = try Limits.bytes(parsing: text)
      guard bytes >= least else {
        throw ValueProblem(
          "\(quoted(text)) is too little",
          remedy: "name at least \(Limits.text(bytes: least))"
        )
      }
      return bytes
    }
  }

  mutating func modalities(_ node: YAMLNode?, _ path: String) -> Modalities? {
    let all = nodes.values(node, path, example: "text, image") { text, _ throws(ValueProblem) in
      guard let one = Modalities(name: text) else {
        throw Self.unknown(text, among: Modalities.names.map(\.name))
      }
      return one
    }
    return all.map { Modalities($0) }
  }

  mutating func capabilities(_ node: YAMLNode?, _ path: String) -> Capabilities? {
    let all = nodes.values(node, path, example: "tools, json") { text, _ throws(ValueProblem) in
      guard let one = Capabilities(name: text) else {
        throw Self.unknown(text, among: Capabilities.names.map(\.name))
      }
      return one
    }
    return all.map { Capabilities($0) }
  }

  static func unknown(_ text: String, among names: [String]) -> ValueProblem {
    ValueProblem(
      "\(quoted(text)) is not known here",
      remedy: nearest(to: text, in: names).map { "did you mean '\($0)'?" }
        ?? "use one of \(names.joined(separator: ", "))"
    )
  }
}
