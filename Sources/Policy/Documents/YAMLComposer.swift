import Yams

/// Text in, tree out: the only place that knows the YAML library.
struct YAMLComposer {
  static let deepest = 12
  /// Keys that are set aside, so that the rest of a document with duplicates can be checked.
  private static let mostDuplicates = 8
  /// The largest text that is read once more for the sake of its other problems.
  private static let largestReread = 1 << 16

  let file: String
  private(set) var problems: [Problem] = []
  /// Keys of which another stands in the same mapping, by their place.
  private var setAside: [Place: String] = [:]

  private struct Place: Hashable {
    let line: Int
    let column: Int
  }

  init(file: String) {
    self.file = file
  }

  /// The tree of the only document in a text; nil where `problems` says why there is none.
  mutating func compose(_ text: String) -> YAMLNode? {
    problems = TextCheck.problems(in: text, file: file)
    guard problems.isEmpty else { return nil }
    guard let root = load(text) else { return nil }
    return convert(root, depth: 0)
  }

  /// The library stops at the first mapping with a duplicate key. To see the rest, too, that key
  /// is written differently, in as many characters, and the text is read anew.
  private mutating func load(_ text: String) -> Node? {
    // The library takes a byte order mark for the indentation of the first line.
    var text =
      text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    while true {
      do {
        guard let root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        else {
          report(1, 1, "the document is empty", "begin with version: 1")
          return nil
        }
        return root
      } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
        let name = keys.first ?? ""
        let place = Place(line: context.mark.line, column: context.mark.column)
        guard setAside.count < Self.mostDuplicates, text.utf8.count <= Self.largestReread,
          let renamed = rename(keyAt: place, in: text, number: setAside.count)
        else {
          report(
            place.line,
            place.column,
            "the key \(quoted(name)) is written more than once",
            "keep one of them"
          )
          return nil
        }
        setAside[place] = name
        text = renamed
      } catch let error as YamlError {
        let place = YAMLComplaint(error, text: text)
        report(place.line, place.column, place.what, place.remedy)
        return nil
      } catch {
        report(1, 1, "the document cannot be read", "write it anew")
        return nil
      }
    }
  }

  /// Replaces the first character of a key by one for private use; nil where that is not possible.
  private func rename(keyAt place: Place, in text: String, number: Int) -> String? {
    guard let stand = Unicode.Scalar(0xE000 + UInt32(number)) else { return nil }
    var scalars = Array(text.unicodeScalars)
    var index = 0
    var line = 1
    while line < place.line, index < scalars.count {
      if scalars[index] == "\r", index + 1 < scalars.count, scalars[index + 1] == "\n" {
        index += 1
      }
      if scalars[index] == "\n" || scalars[index] == "\r" { line += 1 }
      index += 1
    }
    index += place.column - 1
    if index < scalars.count, scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
    guard index < scalars.count else { return nil }
    switch scalars[index] {
    case "a"..."z", "A"..."Z", "0"..."9", "_", "$", "/": break
    default: return nil
    }
    scalars[index] = stand
    var renamed = String.UnicodeScalarView()
    renamed.append(contentsOf: scalars)
    return String(renamed)
  }

  private mutating func convert(_ node: Node, depth: Int) -> YAMLNode? {
    let line = node.mark?.line ?? 1
    let column = node.mark?.column ?? 1
    guard depth <= Self.deepest else {
      report(
        line,
        column,
        "the document is nested too deeply",
        "none needs more than 6 levels"
      )
      return nil
    }
    guard node.anchor == nil else {
      report(
        line,
        column,
        "documents here have no anchors and aliases",
        "write the value out"
      )
      return nil
    }
    switch node {
    case .scalar(let scalar):
      guard node.tag.description == Tag.Name.str.rawValue else {
        return refuseTag(line, column)
      }
      return YAMLNode(
        line: line,
        column: column,
        content: .scalar(scalar.string, isPlain: scalar.style == .plain)
      )
    case .sequence(let sequence):
      guard node.tag.description == Tag.Name.seq.rawValue else { return refuseTag(line, column) }
      let items = sequence.compactMap { convert($0, depth: depth + 1) }
      return YAMLNode(line: line, column: column, content: .list(items))
    case .mapping(let mapping):
      guard node.tag.description == Tag.Name.map.rawValue else { return refuseTag(line, column) }
      return convert(mapping, line, column, depth: depth)
    case .alias:
      report(line, column, "documents here have no anchors and aliases", "write the value out")
      return nil
    }
  }

  private mutating func convert(
    _ mapping: Node.Mapping,
    _ line: Int,
    _ column: Int,
    depth: Int
  ) -> YAMLNode? {
    var pairs: [(key: YAMLNode, value: YAMLNode)] = []
    for (key, value) in mapping {
      guard let key = convert(key, depth: depth + 1) else { continue }
      // The key that was set aside is the first of its name; the complaint is about the later one.
      if let name = setAside[Place(line: key.line, column: key.column)] {
        complain(aboutSecond: name, first: key, in: mapping)
        continue
      }
      guard let value = convert(value, depth: depth + 1) else { continue }
      pairs.append((key, value))
    }
    return YAMLNode(line: line, column: column, content: .map(pairs))
  }

  private mutating func complain(
    aboutSecond name: String,
    first: YAMLNode,
    in mapping: Node.Mapping
  ) {
    let second = mapping.first { key, _ in
      guard case .scalar(let scalar) = key else { return false }
      return scalar.string == name
    }
    let mark = second?.key.mark
    report(
      mark?.line ?? first.line,
      mark?.column ?? first.column,
      "the key \(quoted(name)) is written more than once (first in line \(first.line))",
      "keep one of them"
    )
  }

  private mutating func refuseTag(_ line: Int, _ column: Int) -> YAMLNode? {
    report(line, column, "documents here have no YAML tags", "remove the tag that begins with '!'")
    return nil
  }

  private mutating func report(_ line: Int, _ column: Int, _ what: String, _ remedy: String) {
    problems.append(
      Problem(file: file, line: line, column: column, key: "", what: what, remedy: remedy)
    )
  }
}
