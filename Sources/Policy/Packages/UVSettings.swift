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
    var file = UVFile()
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      try file.read(line)
    }
    try file.end()
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

/// The lines of a `uv.toml` that tell of indexes.
private struct UVFile {
  struct Entry {
    var name: String?
    var address = ""
    var isDefault = false
  }

  var index: String?
  var extra: [String] = []
  var links: [String] = []
  var indexes: [Entry] = []
  private var table = ""
  /// A list that goes on over lines.
  private var open: (key: String, text: String)?

  mutating func read(_ line: Substring) throws(ValueProblem) {
    let text = Self.withoutComment(line).trimmed
    guard !text.isEmpty else { return }
    if let list = open {
      open = nil
      return try take(list.key, "\(list.text) \(text)")
    }
    if text.hasPrefix("[") {
      table = text.filter { $0 != " " && $0 != "\t" }
      if table == "[[index]]" { indexes.append(Entry()) }
      return
    }
    guard let equals = text.firstIndex(of: "=") else { return }
    try take(
      String(text[..<equals].trimmed),
      String(text[text.index(after: equals)...].trimmed)
    )
  }

  func end() throws(ValueProblem) {
    guard open == nil, indexes.allSatisfy({ !$0.address.isEmpty }) else {
      throw Self.problem("the list of indexes is not whole")
    }
  }

  private mutating func take(_ key: String, _ value: String) throws(ValueProblem) {
    switch (table, key) {
    case ("[[index]]", "url"): indexes[indexes.count - 1].address = try Self.text(value)
    case ("[[index]]", "name"): indexes[indexes.count - 1].name = try Self.text(value)
    case ("[[index]]", "default"): indexes[indexes.count - 1].isDefault = value == "true"
    case ("", "index"), ("[pip]", "index"): throw Self.problem("'index' is a list of tables")
    case ("", "index-url"), ("[pip]", "index-url"): index = try Self.text(value)
    case ("", "extra-index-url"), ("[pip]", "extra-index-url"):
      extra += try list(key, value)
    case ("", "find-links"), ("[pip]", "find-links"): links += try list(key, value)
    default: break
    }
  }

  private mutating func list(_ key: String, _ value: String) throws(ValueProblem) -> [String] {
    guard value.hasPrefix("["), value.utf8.count < 65_536 else {
      throw Self.problem("\(quoted(key)) is no list")
    }
    guard value.hasSuffix("]") else {
      open = (key, value)
      return []
    }
    var texts: [String] = []
    for item in value.dropFirst().dropLast().split(separator: ",") where !item.trimmed.isEmpty {
      texts.append(try Self.text(String(item.trimmed)))
    }
    return texts
  }

  private static func text(_ value: String) throws(ValueProblem) -> String {
    guard let quote = value.first, quote == "\"" || quote == "'", value.last == quote,
      value.count >= 2
    else { throw problem("an address is not a text") }
    let text = String(value.dropFirst().dropLast())
    guard !text.contains(quote), quote == "'" || !text.contains("\\") else {
      throw problem("an address is written with escapes or in several lines")
    }
    return text
  }

  private static func withoutComment(_ line: Substring) -> Substring {
    var quote: Character?
    for place in line.indices {
      let character = line[place]
      if character == quote {
        quote = nil
      } else if quote == nil, character == "\"" || character == "'" {
        quote = character
      } else if quote == nil, character == "#" {
        return line[..<place]
      }
    }
    return line
  }

  /// Says nothing of what was written: it may hold a credential.
  private static func problem(_ what: String) -> ValueProblem {
    ValueProblem(
      what,
      remedy: "write index-url = \"https://…\", or [[index]] with url = \"https://…\""
    )
  }
}
