/// Reads the part of TOML that settings are written in: tables of one name, and keys with a text, a
/// truth value, a whole number, or a list of texts. All else is refused.
///
/// Of a file that is full of other things only some keys are read. Then there may be lists of
/// tables, too, and what stands behind other keys is passed over, whatever it is.
struct TOMLTree {
  private typealias Pair = (key: YAMLNode, value: YAMLNode)

  private struct Table {
    var name: YAMLNode
    var path: String
    var isInList: Bool
    var pairs: [Pair] = []

    var node: YAMLNode { YAMLNode(line: name.line, column: 1, content: .map(pairs)) }
  }

  private let file: String
  /// The keys that are read, each behind its table and a dot; nil for all.
  private let keys: Set<String>?
  private var rest: ArraySlice<Substring>
  private var number = 0

  static func read(
    _ text: String,
    file: String,
    only keys: Set<String>? = nil
  ) throws(PolicyError) -> YAMLNode {
    var tree = TOMLTree(text, file: file, only: keys)
    var root: [Pair] = []
    var tables: [Table] = []
    while let first = tree.next() {
      if tree.passesOver(first, in: tables.last?.path ?? "") { continue }
      var line = try tree.trimmed(first)
      if line.isEmpty { continue }
      if line.hasPrefix("[") {
        tables.append(try tree.table(line, tables))
        continue
      }
      // A list may go on over lines until its bracket closes.
      while tree.isOpen(line), let next = tree.next() { line += " " + (try tree.trimmed(next)) }
      let pair = try tree.pair(line, after: tables.last?.pairs ?? root)
      if tables.isEmpty {
        root.append(pair)
      } else {
        tables[tables.count - 1].pairs.append(pair)
      }
    }
    return YAMLNode(line: 1, column: 1, content: .map(root + tree.pairs(of: tables)))
  }

  private init(_ text: String, file: String, only keys: Set<String>?) {
    self.file = file
    self.keys = keys
    rest = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)[...]
  }

  private mutating func next() -> Substring? {
    guard let line = rest.popFirst() else { return nil }
    number += 1
    return line
  }

  /// The tables as values of their names, those of a list together.
  private func pairs(of tables: [Table]) -> [Pair] {
    var lists: [String: [YAMLNode]] = [:]
    for table in tables where table.isInList { lists[table.path, default: []].append(table.node) }
    return tables.compactMap { table in
      if !table.isInList { return (table.name, table.node) }
      return lists.removeValue(forKey: table.path).map { nodes in
        (table.name, YAMLNode(line: table.name.line, column: 1, content: .list(nodes)))
      }
    }
  }

  // MARK: - What is not read

  /// Whether the line, and what belongs to it, is none of those that are read. They are behind it
  /// then.
  private mutating func passesOver(_ line: Substring, in table: String) -> Bool {
    let text = line.drop { $0 == " " || $0 == "\t" }
    guard let keys, text.first != "[" else { return false }
    if text.first == "#" { return true }
    guard let equals = text.firstIndex(of: "=") else {
      passOver(text)
      return true
    }
    let key = Self.bare(text[..<equals])
    if keys.contains(table.isEmpty ? key : "\(table).\(key)") { return false }
    passOver(text[equals...])
    return true
  }

  /// Goes on to where brackets and long texts are closed.
  private mutating func passOver(_ text: Substring) {
    var line = text
    var depth = 0
    var quote: String?
    while true {
      while let character = line.first {
        if let open = quote {
          if character == "\\", open.first == "\"" {
            line = line.dropFirst(2)
          } else if line.hasPrefix(open) {
            line = line.dropFirst(open.count)
            quote = nil
          } else {
            line.removeFirst()
          }
          continue
        }
        if character == "#" { break }
        if character == "[" || character == "{" { depth += 1 }
        if character == "]" || character == "}" { depth -= 1 }
        quote = ["\"\"\"", "'''", "\"", "'"].first { line.hasPrefix($0) }
        line = line.dropFirst(quote?.count ?? 1)
      }
      // A short text ends with its line.
      if quote?.count == 1 { quote = nil }
      guard depth > 0 || quote != nil, let next = next() else { return }
      line = next
    }
  }

  /// A name without the quotes and the space that it may be written with.
  private static func bare(_ name: Substring) -> String {
    name.filter { !["\"", "'", " ", "\t"].contains($0) }
  }

  // MARK: - What is read

  private func problem(_ what: String) -> PolicyError {
    PolicyError([
      Problem(
        file: file,
        line: number,
        column: 1,
        key: "",
        what: what,
        remedy: "keep sandbox_mode and [sandbox_workspace_write] in a file of their own"
      )
    ])
  }

  private func node(_ content: YAMLNode.Content) -> YAMLNode {
    YAMLNode(line: number, column: 1, content: content)
  }

  /// A line without its comment and the space around it.
  private func trimmed(_ line: Substring) throws(PolicyError) -> String {
    var quote: Character?
    var text = ""
    for character in line {
      if character == quote {
        quote = nil
      } else if quote == nil, character == "\"" || character == "'" {
        quote = character
      } else if quote == nil, character == "#" {
        break
      }
      text.append(character)
    }
    guard quote == nil, !text.contains("\"\"\""), !text.contains("'''") else {
      throw problem("a text of more than one line is not read")
    }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return String(text.drop { $0 == " " || $0 == "\t" })
  }

  private func isOpen(_ line: String) -> Bool {
    guard let equals = line.firstIndex(of: "=") else { return false }
    let value = line[line.index(after: equals)...].drop { $0 == " " }
    return value.first == "[" && line.last != "]" && line.utf8.count < 65_536
  }

  private func table(_ line: String, _ former: [Table]) throws(PolicyError) -> Table {
    let isInList = keys != nil && line.hasPrefix("[[") && line.hasSuffix("]]")
    let inner = line.dropFirst(isInList ? 2 : 1).dropLast(isInList ? 2 : 1)
    let name = keys == nil ? String(inner) : Self.bare(inner)
    // What stands in tables with other names is passed over, where only some keys are read.
    let isName = keys == nil ? Self.isKey(inner) : !name.contains { $0 == "[" || $0 == "]" }
    guard line.hasSuffix("]"), isName else {
      throw problem("the table \(quoted(line)) is of a kind that is not read")
    }
    if keys == nil, former.contains(where: { $0.path == name }) {
      throw problem("the table \(quoted(line)) is written more than once")
    }
    return Table(name: node(.scalar(name, isPlain: false)), path: name, isInList: isInList)
  }

  private func pair(_ line: String, after former: [Pair]) throws(PolicyError) -> Pair {
    guard let equals = line.firstIndex(of: "=") else {
      throw problem("\(quoted(line)) is neither a table nor a key and its value")
    }
    var name = line[..<equals]
    while name.last == " " || name.last == "\t" { name.removeLast() }
    if keys != nil { name = Self.bare(name)[...] }
    guard Self.isKey(name) else { throw problem("the key \(quoted(name)) is not read") }
    for pair in former {
      if case .scalar(String(name), _) = pair.key.content {
        throw problem("the key \(quoted(name)) is written more than once")
      }
    }
    let value = line[line.index(after: equals)...].drop { $0 == " " || $0 == "\t" }
    return (node(.scalar(String(name), isPlain: false)), try self.value(value))
  }

  private func value(_ text: Substring) throws(PolicyError) -> YAMLNode {
    if ["true", "false"].contains(text) || !text.isEmpty && text.allSatisfy(\.isWholeNumber) {
      return node(.scalar(String(text), isPlain: true))
    }
    if text.first == "[", text.last == "]" {
      return node(.list(try items(text.dropFirst().dropLast())))
    }
    var rest = text
    let item = try self.text(&rest)
    guard rest.isEmpty else { throw problem("something stands behind the value") }
    return item
  }

  private func items(_ text: Substring) throws(PolicyError) -> [YAMLNode] {
    var items: [YAMLNode] = []
    var rest = text.drop { $0 == " " || $0 == "\t" }
    while !rest.isEmpty {
      items.append(try self.text(&rest))
      rest = rest.drop { $0 == " " || $0 == "\t" }
      guard rest.isEmpty || rest.first == "," else { throw problem("a comma is missing") }
      rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
    }
    return items
  }

  private func text(_ rest: inout Substring) throws(PolicyError) -> YAMLNode {
    guard let quote = rest.popFirst(), quote == "\"" || quote == "'",
      let end = rest.firstIndex(of: quote)
    else { throw problem("\(quoted(rest)) is of a kind that is not read") }
    let text = rest[..<end]
    guard quote == "'" || !text.contains("\\") else { throw problem("escapes are not read") }
    rest = rest[rest.index(after: end)...]
    return node(.scalar(String(text), isPlain: false))
  }

  private static func isKey(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy {
        (0x61...0x7A).contains($0 | 0x20) && $0 < 0x80 || (0x30...0x39).contains($0) || $0 == 0x2D
          || $0 == 0x5F || $0 == 0x2E
      }
  }
}
