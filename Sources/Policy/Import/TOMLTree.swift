/// Reads the part of TOML that sandbox settings are written in: tables of one name, and keys with a
/// text, a truth value, a whole number, or a list of texts. All else is refused.
struct TOMLTree {
  private typealias Pair = (key: YAMLNode, value: YAMLNode)

  private let file: String
  private var number = 0

  static func read(_ text: String, file: String) throws(PolicyError) -> YAMLNode {
    var tree = TOMLTree(file: file)
    var root: [Pair] = []
    var tables: [(name: YAMLNode, pairs: [Pair])] = []
    var rest = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)[...]
    while let first = rest.popFirst() {
      tree.number += 1
      var line = try tree.trimmed(first)
      if line.isEmpty { continue }
      if line.hasPrefix("[") {
        tables.append((try tree.table(line, tables.map(\.name)), []))
        continue
      }
      // A list may go on over lines until its bracket closes.
      while tree.isOpen(line), let next = rest.popFirst() {
        tree.number += 1
        line += " " + (try tree.trimmed(next))
      }
      let pair = try tree.pair(line, after: tables.last?.pairs ?? root)
      if tables.isEmpty {
        root.append(pair)
      } else {
        tables[tables.count - 1].pairs.append(pair)
      }
    }
    return YAMLNode(
      line: 1,
      column: 1,
      content: .map(
        root
          + tables.map {
            ($0.name, YAMLNode(line: $0.name.line, column: 1, content: .map($0.pairs)))
          }
      )
    )
  }

  private init(file: String) { self.file = file }

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

  private func table(_ line: String, _ former: [YAMLNode]) throws(PolicyError) -> YAMLNode {
    let name = line.dropFirst().dropLast()
    guard line.hasSuffix("]"), Self.isKey(name) else {
      throw problem("the table \(quoted(line)) is of a kind that is not read")
    }
    for node in former {
      if case .scalar(String(name), _) = node.content {
        throw problem("the table \(quoted(line)) is written more than once")
      }
    }
    return node(.scalar(String(name), isPlain: false))
  }

  private func pair(_ line: String, after former: [Pair]) throws(PolicyError) -> Pair {
    guard let equals = line.firstIndex(of: "=") else {
      throw problem("\(quoted(line)) is neither a table nor a key and its value")
    }
    var name = line[..<equals]
    while name.last == " " || name.last == "\t" { name.removeLast() }
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
