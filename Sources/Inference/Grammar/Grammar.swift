/// What a model may write: a pushdown automaton over bytes, made from a JSON schema.
///
/// It may stand alone, behind thinking (`after`), or in the tool calls of a text (`calls`).
package final class Grammar: Sendable {
  let nodes: [GrammarNode]
  let start: Int
  /// The least depth of containers that each node needs; nil where nothing finite suits it.
  let depths: [Int?]
  let costs: GrammarCosts

  /// Containers inside one another. Beyond it only values that end are allowed.
  static let maximumDepth = 48
  /// Spaces behind a new line.
  static let maximumIndent = 24

  /// The values of a JSON schema.
  package convenience init(schema: JSONValue) throws(GrammarError) {
    var compiler = SchemaCompiler(root: schema)
    let start = try compiler.compile()
    try self.init(nodes: compiler.nodes, start: start)
  }

  package convenience init(schema text: String) throws(GrammarError) {
    try self.init(schema: try Self.read(text))
  }

  /// Any JSON object: what `response_format: json_object` asks for.
  package static func anyObject() throws(GrammarError) -> Grammar {
    try Grammar(schema: .object([JSONMember(name: "type", value: .text("object"))]))
  }

  /// Free text up to a marker such as `</think>`, then the values of the schema.
  package convenience init(schema: JSONValue, after marker: String) throws(GrammarError) {
    var compiler = SchemaCompiler(root: schema)
    let value = try compiler.compile()
    let space = try compiler.add(try Self.lineEnds)
    let body = try compiler.add(.sequence([space, value]))
    let start = try compiler.add(
      .free(try Self.marker(marker), body: body, returns: false, mayEnd: false)
    )
    try self.init(nodes: compiler.nodes, start: start)
  }

  /// A tool that may be called.
  package struct Tool: Sendable {
    package let name: String
    package let arguments: JSONValue

    package init(name: String, arguments: JSONValue) {
      self.name = name
      self.arguments = arguments
    }
  }

  /// Text in which tools may be called, or must be.
  ///
  /// A call is `{"name": …, "arguments": …}` between the markers. With `demandsCall` nothing else may
  /// be written than one call, or several one after the other.
  package convenience init(
    calling tools: [Tool],
    begin: String,
    end: String,
    demandsCall: Bool,
    after thinking: String? = nil,
    argumentsName: String = "arguments"
  ) throws(GrammarError) {
    guard !tools.isEmpty else { throw .unsatisfiable(at: "the list of tools") }
    var nodes: [GrammarNode] = []
    func add(_ node: GrammarNode) -> Int {
      nodes.append(node)
      return nodes.count - 1
    }
    var calls: [Int] = []
    for tool in tools {
      var compiler = SchemaCompiler(root: tool.arguments)
      let start = try compiler.compile()
      let offset = nodes.count
      nodes += compiler.nodes.map { $0.moved(by: offset) }
      let name = add(try Self.literal(JSONValue.quoted(tool.name)))
      calls.append(
        add(
          .object(
            GrammarObject(
              properties: [
                GrammarObject.Property(name: Array("name".utf8), node: name),
                GrammarObject.Property(name: Array(argumentsName.utf8), node: start + offset),
              ],
              required: 3,
              additional: nil,
              isOrdered: true
            )
          )
        )
      )
    }
    let call = add(.any(calls))
    let space = add(try Self.lineEnds)
    var parts = [space, call, space]
    if !end.isEmpty { parts.append(add(try Self.literal(Array(end.utf8)))) }
    var start: Int
    if demandsCall {
      if !begin.isEmpty { parts.insert(add(try Self.literal(Array(begin.utf8))), at: 0) }
      start = add(.sequence(parts))
    } else {
      let body = add(.sequence(parts))
      start = add(.free(try Self.marker(begin), body: body, returns: true, mayEnd: true))
    }
    if let thinking, demandsCall {
      let body = add(.sequence([space, start]))
      start = add(.free(try Self.marker(thinking), body: body, returns: false, mayEnd: false))
    }
    try self.init(nodes: nodes, start: start)
  }

  private init(nodes: [GrammarNode], start: Int) throws(GrammarError) {
    self.nodes = nodes
    self.start = start
    depths = GrammarDepths.of(nodes)
    costs = GrammarCosts(nodes)
    guard let depth = depths[start], depth <= Self.maximumDepth else {
      throw .unsatisfiable(at: "#")
    }
    if let node = GrammarDepths.circle(nodes) {
      throw .unsatisfiable(at: "part \(node), which is itself")
    }
  }

  private static func read(_ text: String) throws(GrammarError) -> JSONValue {
    do { return try JSONReader.read(Array(text.utf8), maximumSize: 1 << 20) } catch {
      throw .notJSON("\(error)")
    }
  }

  private static func marker(_ text: String) throws(GrammarError) -> GrammarMarker {
    guard !text.isEmpty else { throw .malformed(keyword: "marker", at: "#") }
    return GrammarMarker(text)
  }

  private static func literal(_ bytes: [UInt8]) throws(GrammarError) -> GrammarNode {
    do { return .automaton(try ByteAutomaton(.literal(bytes))) } catch {
      throw .tooLarge("a name has more than 4,000 bytes", at: "#")
    }
  }

  /// Up to two ends of lines.
  private static var lineEnds: GrammarNode {
    get throws(GrammarError) {
      do { return .automaton(try ByteAutomaton(.repeated(.literal("\n"), 0, 2))) } catch {
        throw .tooLarge("white space", at: "#")
      }
    }
  }
}

extension GrammarNode {
  /// The node with the places it names moved.
  func moved(by offset: Int) -> GrammarNode {
    switch self {
    case .automaton, .string: self
    case .array(let array):
      .array(
        GrammarArray(
          prefix: array.prefix.map { $0 + offset },
          rest: array.rest.map { $0 + offset },
          least: array.least,
          most: array.most
        )
      )
    case .object(let object):
      .object(
        GrammarObject(
          properties: object.properties.map {
            GrammarObject.Property(name: $0.name, node: $0.node + offset)
          },
          required: object.required,
          additional: object.additional.map { $0 + offset },
          prohibited: Array(object.reserved),
          least: object.least,
          most: object.most,
          isOrdered: object.isOrdered
        )
      )
    case .any(let nodes): .any(nodes.map { $0 + offset })
    case .sequence(let nodes): .sequence(nodes.map { $0 + offset })
    case .free(let marker, let body, let returns, let mayEnd):
      .free(marker, body: body + offset, returns: returns, mayEnd: mayEnd)
    }
  }
}

/// How deep nodes are at least, and whether one begins with itself.
enum GrammarDepths {
  static func of(_ nodes: [GrammarNode]) -> [Int?] {
    var depths = [Int?](repeating: nil, count: nodes.count)
    var changes = true
    while changes {
      changes = false
      for (index, node) in nodes.enumerated() {
        guard let depth = depth(node, depths), depths[index].map({ depth < $0 }) ?? true else {
          continue
        }
        depths[index] = depth
        changes = true
      }
    }
    return depths
  }

  private static func depth(_ node: GrammarNode, _ depths: [Int?]) -> Int? {
    func deepest(_ nodes: some Sequence<Int>) -> Int? {
      var result = 0
      for node in nodes {
        guard let depth = depths[node] else { return nil }
        result = max(result, depth)
      }
      return result
    }
    switch node {
    case .automaton, .string: return 0
    case .any(let nodes): return nodes.compactMap { depths[$0] }.min()
    case .sequence(let nodes): return deepest(nodes)
    case .free(_, let body, _, _): return depths[body]
    case .array(let array):
      let needed = (0..<min(array.least, array.prefix.count + 1)).map { array.item($0) }
      guard !needed.contains(nil) else { return nil }
      return deepest(needed.compactMap { $0 }).map { $0 + 1 }
    case .object(let object):
      var needed: [Int] = []
      var others: [Int] = []
      for (index, property) in object.properties.enumerated() {
        if object.required & (UInt128(1) << UInt128(index)) != 0 {
          needed.append(property.node)
        } else if depths[property.node] != nil {
          others.append(property.node)
        }
      }
      let missing = object.least - needed.count
      if missing > 0 {
        others.sort { depths[$0] ?? 0 < depths[$1] ?? 0 }
        if let additional = object.additional, depths[additional] != nil {
          others += Array(repeating: additional, count: missing)
        }
        guard others.count >= missing else { return nil }
        needed += others.prefix(missing)
      }
      return deepest(needed).map { $0 + 1 }
    }
  }

  /// A node that can begin with itself, without a byte in between.
  static func circle(_ nodes: [GrammarNode]) -> Int? {
    // 0: not seen, 1: on the way, 2: done.
    var marks = [UInt8](repeating: 0, count: nodes.count)
    for root in nodes.indices where marks[root] == 0 {
      var stack = [(root, firsts(nodes[root]))]
      marks[root] = 1
      while let (node, rest) = stack.popLast() {
        guard let next = rest.first else {
          marks[node] = 2
          continue
        }
        stack.append((node, rest.dropFirst()))
        if marks[next] == 1 { return next }
        if marks[next] == 0 {
          marks[next] = 1
          stack.append((next, firsts(nodes[next])))
        }
      }
    }
    return nil
  }

  private static func firsts(_ node: GrammarNode) -> ArraySlice<Int> {
    switch node {
    case .any(let nodes), .sequence(let nodes): nodes[...]
    default: []
    }
  }
}
