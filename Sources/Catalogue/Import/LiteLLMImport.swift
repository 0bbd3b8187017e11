package import Policy

/// A LiteLLM proxy's configuration, said in Caisson's words, and what became of each of its keys.
package struct LiteLLMImport: Hashable, Sendable {
  package enum Status: String, Hashable, Sendable, CaseIterable {
    /// Means the same here.
    case exact
    /// Means nearly the same; the reason says what differs.
    case approximate
    /// Cannot be carried over by a program, and a person can.
    case manual
    /// Has no counterpart, or is refused.
    case unsupported
  }

  /// What became of one key.
  package struct Line: Hashable, Sendable {
    package let line: Int
    /// The way to it, such as `model_list[0].litellm_params.model`.
    package let key: String
    package let status: Status
    package let why: String
    /// Whether it is refused for what it would do, and not for want of a counterpart.
    package let isRefused: Bool
  }

  package let configuration: GatewayConfiguration
  /// One for each key that holds a value, in the order of the file.
  package let lines: [Line]

  package func count(_ status: Status) -> Int { lines.count { $0.status == status } }

  /// Reads a `config.yaml`. What it refers to is not looked at: files, variables, databases.
  package static func read(
    _ text: String,
    file: String,
    catalogue: ModelCatalogue
  ) throws(PolicyError) -> LiteLLMImport {
    let imported = try DocumentReading.read(
      text,
      file: file,
      vocabulary: Vocabulary(root: LiteLLMReader.sections, examples: [:])
    ) { nodes, root in
      guard case .map = root.content else {
        nodes.report(root, "", "a mapping is expected, not \(root.kind)", "name a config.yaml")
        return LiteLLMImport(configuration: GatewayConfiguration(), lines: [])
      }
      var reader = LiteLLMReader(root: root, catalogue: catalogue)
      reader.read()
      return LiteLLMImport(configuration: reader.configuration, lines: reader.ledger.lines)
    }
    // What was made is held against the rules for what is written by hand.
    _ = try GatewayConfiguration.parse(
      imported.configuration.text,
      file: "the imported configuration",
      catalogue: catalogue
    )
    return imported
  }
}

/// The keys of a document, each of which is settled once. What nobody settles is unsupported: no
/// key can be overlooked.
struct LiteLLMLedger {
  typealias Status = LiteLLMImport.Status

  private struct Item {
    let line: Int
    let key: String
    var verdict: (status: Status, why: String, isRefused: Bool)?
  }

  private var items: [Item] = []
  private var places: [String: Int] = [:]

  init(_ root: YAMLNode) {
    collect(root, "")
  }

  var lines: [LiteLLMImport.Line] {
    items.map { item in
      LiteLLMImport.Line(
        line: item.line,
        key: printable(item.key, atMost: 160),
        status: item.verdict?.status ?? .unsupported,
        why: item.verdict?.why ?? "there is nothing like it here",
        isRefused: item.verdict?.isRefused ?? false
      )
    }
  }

  /// Settles a key, or all keys below it that are not settled.
  mutating func settle(_ key: String, _ status: Status, _ why: String, isRefused: Bool = false) {
    if let place = places[key] {
      items[place].verdict = (status, why, isRefused)
      return
    }
    for place in items.indices where items[place].verdict == nil {
      let own = items[place].key
      guard own.hasPrefix("\(key).") || own.hasPrefix("\(key)[") else { continue }
      items[place].verdict = (status, why, isRefused)
    }
  }

  private mutating func collect(_ node: YAMLNode, _ path: String) {
    switch node.content {
    case .map(let pairs) where !pairs.isEmpty:
      for (key, value) in pairs {
        guard case .scalar(let name, _) = key.content else { continue }
        collect(value, path.isEmpty ? name : "\(path).\(name)", line: key.line)
      }
    default: collect(node, path, line: node.line)
    }
  }

  private mutating func collect(_ value: YAMLNode, _ path: String, line: Int) {
    switch value.content {
    case .map(let pairs) where !pairs.isEmpty: collect(value, path)
    case .list(let entries) where entries.contains(where: \.isNested):
      for (index, entry) in entries.enumerated() {
        collect(entry, "\(path)[\(index)]", line: entry.line)
      }
    default:
      guard !path.isEmpty else { return }
      places[path] = items.count
      items.append(Item(line: line, key: path))
    }
  }
}

extension YAMLNode {
  fileprivate var isNested: Bool {
    switch content {
    case .scalar: false
    case .list, .map: true
    }
  }

  /// The values of a mapping by their keys, in their order.
  var fields: [(name: String, value: YAMLNode)] {
    guard case .map(let pairs) = content else { return [] }
    return pairs.compactMap { key, value in
      guard case .scalar(let name, _) = key.content else { return nil }
      return (name, value)
    }
  }

  subscript(name: String) -> YAMLNode? {
    fields.first { $0.name == name }?.value
  }

  var items: [YAMLNode] {
    if case .list(let items) = content { items } else { [] }
  }

  /// The text of a scalar that is not nothing.
  var text: String? {
    guard case .scalar(let text, _) = content, !isNothing else { return nil }
    return text
  }

  /// As YAML 1.1 writes it, and LiteLLM reads it.
  var truth: Bool? {
    switch text?.lowercased() {
    case "true", "yes", "on": true
    case "false", "no", "off": false
    default: nil
    }
  }

  var wholeNumber: Int? {
    text.flatMap { digits($0, atMost: 9) }.map { Int($0) }
  }
}
