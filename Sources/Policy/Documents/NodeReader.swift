/// Reads a tree by its schema and keeps every problem that it meets on the way.
///
/// A value that is wrong is reported once and read as missing, so that the rest is still judged.
package struct NodeReader {
  /// The longest text that any value may be.
  package static let longestText = 4096
  /// The most entries that any list may have.
  package static let mostEntries = 1000

  package let file: String
  package var problems: [Problem] = []
  private let vocabulary: Vocabulary

  package init(file: String, vocabulary: Vocabulary = Schema.vocabulary) {
    self.file = file
    self.vocabulary = vocabulary
  }

  package mutating func report(_ node: YAMLNode, _ key: String, _ what: String, _ remedy: String) {
    problems.append(
      Problem(
        file: file,
        line: node.line,
        column: node.column,
        key: key,
        what: what,
        remedy: remedy
      )
    )
  }

  /// The values of a mapping by their keys; unknown keys are reported with the nearest known one.
  package mutating func map(_ node: YAMLNode, _ path: String, keys: [String]) -> [String: YAMLNode]
  {
    guard case .map(let pairs) = node.content else {
      report(node, path, "a mapping is expected, not \(node.kind)", "write \(example(keys))")
      return [:]
    }
    var values: [String: YAMLNode] = [:]
    for (key, value) in pairs {
      guard case .scalar(let name, _) = key.content else {
        report(key, path, "a key must be a word, not \(key.kind)", "write \(example(keys))")
        continue
      }
      guard keys.contains(name) else {
        // Looking for the nearest word takes its time, and nobody reads a thousand of them.
        let remedy =
          problems.count < 200 ? vocabulary.remedy(for: name, among: keys) : "remove it"
        report(key, join(path, name), "unknown key", remedy)
        continue
      }
      if values.updateValue(value, forKey: name) != nil {
        report(key, join(path, name), "the key is written more than once", "keep one of them")
      }
    }
    return values
  }

  /// The entries of a list with the path of each.
  package mutating func list(
    _ node: YAMLNode,
    _ path: String,
    example: String
  ) -> [(node: YAMLNode, path: String)] {
    guard case .list(let items) = node.content else {
      report(node, path, "a list is expected, not \(node.kind)", "write [\(example)]")
      return []
    }
    guard items.count <= Self.mostEntries else {
      report(node, path, "the list has more than \(Self.mostEntries) entries", "shorten it")
      return []
    }
    return items.enumerated().map { ($1, "\(path)[\($0)]") }
  }

  /// A text that is a value.
  package mutating func text(_ node: YAMLNode, _ path: String, example: String) -> String? {
    guard case .scalar(let text, _) = node.content, !node.isNothing else {
      report(node, path, "a text is expected, not \(node.kind)", "write it as in \(example)")
      return nil
    }
    guard text.utf8.count <= Self.longestText else {
      report(node, path, "the text is longer than \(Self.longestText) bytes", "shorten it")
      return nil
    }
    return text
  }

  /// A text, read by its own rule.
  package mutating func value<Value>(
    _ node: YAMLNode?,
    _ path: String,
    example: String,
    _ read: (String) throws(ValueProblem) -> Value
  ) -> Value? {
    guard let node, let text = text(node, path, example: example) else { return nil }
    do {
      return try read(text)
    } catch {
      report(node, path, error.what, error.remedy)
      return nil
    }
  }

  /// A list of texts, each read by the same rule; nil where there is no list at all.
  package mutating func values<Value>(
    _ node: YAMLNode?,
    _ path: String,
    example: String,
    _ read: (String, YAMLNode) throws(ValueProblem) -> Value
  ) -> [Value]? {
    guard let node else { return nil }
    var values: [Value] = []
    for item in list(node, path, example: example) {
      let value = value(item.node, item.path, example: example) { text throws(ValueProblem) in
        try read(text, item.node)
      }
      if let value { values.append(value) }
    }
    return values
  }

  package func join(_ path: String, _ key: String) -> String {
    let name = printable(key, atMost: 60)
    return path.isEmpty ? name : "\(path).\(name)"
  }

  private func example(_ keys: [String]) -> String {
    "it as in \(vocabulary.examples[keys] ?? "key: value")"
  }
}
