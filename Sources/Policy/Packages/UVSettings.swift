/// Where uv looks for packages, by its `uv.toml` and its variables.
package struct UVSettings: Hashable, Sendable {
  package struct Index: Hashable, Sendable {
    package var name: String?
    package var address: String
  }

  /// The index that is asked last, where one is named.
  package private(set) var index: String?
  /// Those that are asked before it.
  package private(set) var extra: [Index] = []
  package private(set) var links: [String] = []

  package init() {}

  /// Reads a `uv.toml`, as far as it tells of indexes. What tells of one and cannot be read is an
  /// error: passing over it would let the run use another index.
  package mutating func read(_ text: String) throws(ValueProblem) {
    let file = try UVFile(text)
    if let named = file.indexes.first(where: \.isDefault)?.address ?? file.index { index = named }
    for entry in file.indexes where !entry.isDefault {
      extra.append(Index(name: entry.name, address: entry.address))
    }
    extra += file.extra.map { Index(name: nil, address: $0) }
    links += file.links
  }

  package mutating func read(environment: [String: String]) {
    func words(_ name: String, _ separators: Set<Character> = [" ", "\t", "\n"]) -> [String] {
      (environment[name] ?? "").split { separators.contains($0) }.map(String.init)
    }
    if let named = (words("UV_DEFAULT_INDEX") + words("UV_INDEX_URL")).first {
      index = Self.entry(named).address
    }
    let named = words("UV_INDEX") + words("UV_EXTRA_INDEX_URL")
    if !named.isEmpty { extra = named.map(Self.entry) }
    let links = words("UV_FIND_LINKS", [" ", "\t", "\n", ","])
    if !links.isEmpty { self.links = links }
  }

  /// `name=address`, or the address alone.
  private static func entry(_ text: String) -> Index {
    guard let equals = text.firstIndex(of: "="),
      text[..<equals].firstIndex(of: ":") == nil
    else { return Index(name: nil, address: text) }
    return Index(
      name: String(text[..<equals]),
      address: String(text[text.index(after: equals)...])
    )
  }
}

/// What a `uv.toml` tells of indexes.
private struct UVFile {
  struct Entry {
    var name: String?
    var address = ""
    var isDefault = false
  }

  private(set) var index: String?
  private(set) var extra: [String] = []
  private(set) var links: [String] = []
  private(set) var indexes: [Entry] = []

  private static let keys: Set<String> = [
    "index", "index-url", "extra-index-url", "find-links", "pip.index", "pip.index-url",
    "pip.extra-index-url", "pip.find-links", "index.url", "index.name", "index.default",
  ]

  init(_ text: String) throws(ValueProblem) {
    let tree: YAMLNode
    do throws(PolicyError) {
      tree = try TOMLTree.read(text, file: "uv.toml", only: Self.keys)
    } catch {
      throw Self.problem("line \(error.problems.first?.line ?? 1) cannot be read")
    }
    try take(tree, in: "")
  }

  private mutating func take(_ node: YAMLNode, in table: String) throws(ValueProblem) {
    for (key, value) in Self.pairs(node) {
      switch table + key {
      case "pip": try take(value, in: "pip.")
      case "index":
        guard case .list(let nodes) = value.content else {
          throw Self.problem("'index' is a list of tables")
        }
        for node in nodes { indexes.append(try Self.entry(node)) }
      case "index-url", "pip.index-url": index = try Self.text(value)
      case "extra-index-url", "pip.extra-index-url": extra += try Self.texts(value, key)
      case "find-links", "pip.find-links": links += try Self.texts(value, key)
      case let key where Self.keys.contains(key): throw Self.problem("'index' is a list of tables")
      default: break
      }
    }
  }

  private static func entry(_ node: YAMLNode) throws(ValueProblem) -> Entry {
    guard case .map = node.content else { throw problem("'index' is a list of tables") }
    var entry = Entry()
    for (key, value) in pairs(node) {
      switch key {
      case "url": entry.address = try text(value)
      case "name": entry.name = try text(value)
      case "default":
        if case .scalar("true", isPlain: true) = value.content { entry.isDefault = true }
      default: break
      }
    }
    guard !entry.address.isEmpty else { throw problem("an index has no url") }
    return entry
  }

  private static func pairs(_ node: YAMLNode) -> [(key: String, value: YAMLNode)] {
    guard case .map(let pairs) = node.content else { return [] }
    return pairs.compactMap { key, value in
      if case .scalar(let name, _) = key.content { (name, value) } else { nil }
    }
  }

  private static func text(_ node: YAMLNode) throws(ValueProblem) -> String {
    guard case .scalar(let text, isPlain: false) = node.content else {
      throw problem("an address is not a text")
    }
    return text
  }

  private static func texts(_ node: YAMLNode, _ key: String) throws(ValueProblem) -> [String] {
    guard case .list(let nodes) = node.content else { throw problem("\(quoted(key)) is no list") }
    return try nodes.map { node throws(ValueProblem) in try text(node) }
  }

  /// Says nothing of what was written: it may hold a credential.
  private static func problem(_ what: String) -> ValueProblem {
    ValueProblem(
      what,
      remedy: "write index-url = \"https://…\", or [[index]] with url = \"https://…\""
    )
  }
}
