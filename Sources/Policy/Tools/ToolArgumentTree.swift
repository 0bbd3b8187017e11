/// The arguments of a call, each value by the path that leads to it.
///
/// Keys are joined by dots, whether they are nested or hold dots themselves: a rule for `a.b` finds
/// the key `a.b` as well as the key `b` in `a`. The elements of a list have the path of the list.
struct ToolArgumentTree {
  enum Value: Hashable {
    case text(String)
    case nothing
    /// An object, or an empty list: there is no text to be judged.
    case structure
  }

  private(set) var values: [String: [Value]] = [:]

  init(_ json: String) throws(PolicyError) {
    let root = try JSONTree.read(json, file: "arguments")
    guard case .map(let pairs) = root.content else {
      throw PolicyError([
        Problem(
          file: "arguments",
          line: root.line,
          column: root.column,
          key: "",
          what: "the arguments are not an object",
          remedy: "write them as in {\"path\": \"a.txt\"}"
        )
      ])
    }
    for (key, value) in pairs { add(value, Self.text(key)) }
  }

  private mutating func add(_ node: YAMLNode, _ path: String) {
    switch node.content {
    case .scalar("null", isPlain: true): values[path, default: []].append(.nothing)
    case .scalar(let text, _): values[path, default: []].append(.text(text))
    case .list(let items):
      if items.isEmpty { values[path, default: []].append(.structure) }
      for item in items { add(item, path) }
    case .map(let pairs):
      values[path, default: []].append(.structure)
      for (key, value) in pairs { add(value, "\(path).\(Self.text(key))") }
    }
  }

  private static func text(_ key: YAMLNode) -> String {
    if case .scalar(let text, _) = key.content { text } else { "" }
  }
}
