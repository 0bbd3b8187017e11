/// From the text of a document to its value, for every kind of document that has a schema.
package enum DocumentReading {
  /// Reads a text with everything that is wrong with it reported at once, in the order of lines.
  package static func read<Value>(
    _ yaml: String,
    file: String,
    vocabulary: Vocabulary,
    _ body: (inout NodeReader, YAMLNode) -> Value
  ) throws(PolicyError) -> Value {
    var composer = YAMLComposer(file: file)
    let root = composer.compose(yaml)
    var reader = NodeReader(file: file, vocabulary: vocabulary)
    let value = root.map { body(&reader, $0) }
    var problems = composer.problems + reader.problems
    if let value, problems.isEmpty { return value }
    for index in problems.indices where problems[index].key.isEmpty && problems[index].line > 0 {
      problems[index].key = KeyFinder.key(atLine: problems[index].line, of: yaml)
    }
    let ordered = problems.enumerated().sorted {
      ($0.element.line, $0.element.column, $0.offset)
        < ($1.element.line, $1.element.column, $1.offset)
    }
    throw PolicyError(ordered.map(\.element))
  }
}

extension NodeReader {
  /// The version that every document begins with.
  package mutating func version(_ node: YAMLNode?, _ root: YAMLNode) {
    guard let node else {
      report(root, "version", "the key is missing", "begin with version: 1")
      return
    }
    guard case .scalar("1", isPlain: true) = node.content else {
      let found = if case .scalar(let text, _) = node.content { quoted(text) } else { node.kind }
      report(
        node,
        "version",
        "\(found) is not a version that this Caisson reads",
        "write version: 1"
      )
      return
    }
  }
}
