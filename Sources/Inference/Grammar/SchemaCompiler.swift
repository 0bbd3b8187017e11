/// Makes a JSON schema (a subset of draft 2020-12) into nodes of a grammar.
///
/// What can be enforced is enforced, `oneOf` as `anyOf`; what cannot is refused by name. The grammar may
/// be narrower than the schema, never wider: texts have the escapes that they need and no others where
/// a pattern rules, numbers have at most 15 digits before and behind the point (whole ones 18).
struct SchemaCompiler {
  private(set) var nodes: [GrammarNode] = []
  private let root: JSONValue
  private var references: [String: Int] = [:]
  private var anything: Int? = nil
  private var depth = 0
  private var states = 0
  private var folds = 0

  init(root: JSONValue) { self.root = root }

  /// - Returns: the node of the whole schema.
  mutating func compile() throws(GrammarError) -> Int { try node([root], at: "#") }

  mutating func add(_ node: GrammarNode, at place: String = "#") throws(GrammarError) -> Int {
    guard nodes.count < 4096 else { throw .tooLarge("more than 4096 parts", at: place) }
    nodes.append(node)
    return nodes.count - 1
  }

  /// The node of schemas that must all hold; nil where no value can.
  private mutating func node(
    _ schemas: [JSONValue],
    at place: String
  ) throws(GrammarError) -> Int {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 64 else { throw .tooLarge("more than 64 schemas inside one another", at: place) }
    if schemas.count == 1, case .object(let members) = schemas[0],
      case .text(let pointer)? = schemas[0]["$ref"],
      members.allSatisfy({ ["$ref", "title", "description", "default"].contains($0.name) })
    {
      if let known = references[pointer] { return known }
      let reserved = try add(.any([]), at: place)
      references[pointer] = reserved
      nodes[reserved] = .any([try node([try resolve(pointer, at: place)], at: pointer)])
      return reserved
    }
    var facts = SchemaFacts()
    for schema in schemas { try fold(schema, into: &facts, at: place, 0) }
    return try node(facts, at: place)
  }

  /// Puts a schema, what it refers to and its `allOf` together with what is known.
  private mutating func fold(
    _ schema: JSONValue,
    into facts: inout SchemaFacts,
    at place: String,
    _ level: Int
  ) throws(GrammarError) {
    folds += 1
    guard level < 32, folds < 20_000 else {
      throw .tooLarge("references and allOf go on for ever", at: place)
    }
    switch schema {
    case .flag(true): return
    case .flag(false): facts.types = []
    case .object(let members):
      if let reference = schema["$ref"] {
        guard case .text(let pointer) = reference else {
          throw .malformed(keyword: "$ref", at: place)
        }
        try fold(try resolve(pointer, at: place), into: &facts, at: place, level + 1)
      }
      if let all = schema["allOf"] {
        guard case .list(let parts) = all else { throw .malformed(keyword: "allOf", at: place) }
        for part in parts { try fold(part, into: &facts, at: place, level + 1) }
      }
      try facts.add(members, at: place)
    default: throw .malformed(keyword: "schema", at: place)
    }
  }

  private func resolve(_ pointer: String, at place: String) throws(GrammarError) -> JSONValue {
    guard pointer.hasPrefix("#") else {
      throw .unsupported(keyword: "$ref to '\(pointer.prefix(80))'", at: place)
    }
    var value = root
    for part in pointer.dropFirst().split(separator: "/") {
      let bytes = TemplateText(String(part)).replacing(Array("~1".utf8), with: [0x2F])
        .replacing(Array("~0".utf8), with: [0x7E])
      let name = bytes.string
      if case .list(let list) = value, let index = Int(name), list.indices.contains(index) {
        value = list[index]
      } else if let next = value[name] {
        value = next
      } else {
        throw .malformed(keyword: "$ref to '\(pointer.prefix(80))'", at: place)
      }
    }
    return value
  }

  // MARK: Facts to nodes

  private mutating func node(_ facts: SchemaFacts, at place: String) throws(GrammarError) -> Int {
    var facts = facts
    if let choice = facts.choices.popLast() {
      var nodes: [Int] = []
      for (index, schema) in choice.enumerated() {
        if facts.isEmpty {
          // On its own, so that a reference back to a schema around it is one.
          nodes.append(try node([schema], at: "\(place)/anyOf/\(index)"))
          continue
        }
        var joined = facts
        try fold(schema, into: &joined, at: place, 0)
        depth += 1
        defer { depth -= 1 }
        guard depth <= 64 else { throw .tooLarge("too many choices combine", at: place) }
        nodes.append(try node(joined, at: "\(place)/anyOf/\(index)"))
      }
      return try add(.any(nodes), at: place)
    }
    if let values = facts.values { return try enumeration(values, facts, at: place) }
    var kinds: [Int] = []
    for kind in facts.kinds.sorted() {
      switch kind {
      case "null": kinds.append(try automaton(.literal("null"), at: place))
      case "boolean":
        kinds.append(try automaton(.either([.literal("true"), .literal("false")]), at: place))
      case "integer": kinds.append(try whole(facts, at: place))
      case "number": kinds.append(try number(facts, at: place))
      case "string": kinds.append(try string(facts, at: place))
      case "array": kinds.append(try array(facts, at: place))
      default: kinds.append(try object(facts, at: place))
      }
    }
    return kinds.count == 1 ? kinds[0] : try add(.any(kinds), at: place)
  }

  private mutating func automaton(
    _ automaton: ByteAutomaton,
    at place: String
  ) throws(GrammarError) -> Int {
    states += automaton.count
    guard states <= 32_768 else { throw .tooLarge("its automata have too many states", at: place) }
    return try add(.automaton(automaton), at: place)
  }

  private mutating func automaton(
    _ expression: ByteExpression,
    at place: String
  ) throws(GrammarError) -> Int {
    do { return try automaton(try ByteAutomaton(expression), at: place) } catch let failure
      as ByteAutomaton.Failure
    {
      if failure == .impossible { return try add(.any([]), at: place) }
      throw .tooLarge("an automaton has too many states", at: place)
    } catch let error as GrammarError { throw error } catch {
      throw .tooLarge("\(error)", at: place)
    }
  }

  private mutating func enumeration(
    _ values: [JSONValue],
    _ facts: SchemaFacts,
    at place: String
  ) throws(GrammarError) -> Int {
    for (name, isUsed) in [
      ("pattern", !facts.patterns.isEmpty), ("format", !facts.formats.isEmpty),
      ("minimum or maximum", !facts.bounds.isEmpty),
      ("minLength or maxLength", !facts.lengths.isOpen),
      ("properties or required", !facts.properties.isEmpty || !facts.required.isEmpty),
      ("items", !facts.items.isEmpty || !facts.prefix.isEmpty),
    ] where isUsed {
      throw .unsupported(keyword: "enum or const beside \(name)", at: place)
    }
    let allowed = values.filter { value in
      guard let types = facts.types else { return true }
      return switch value {
      case .null: types.contains("null")
      case .flag: types.contains("boolean")
      case .number: types.contains("number") || (types.contains("integer") && value.integer != nil)
      case .text: types.contains("string")
      case .list: types.contains("array")
      case .object: types.contains("object")
      }
    }
    return try automaton(.either(allowed.map { .literal($0.written) }), at: place)
  }

  // MARK: Numbers

  private mutating func whole(_ facts: SchemaFacts, at place: String) throws(GrammarError) -> Int {
    var (low, high) = (-NumberExpression.unbounded, NumberExpression.unbounded)
    try refuseFormats(facts, at: place)
    for bound in facts.bounds {
      guard let real = Double(bound.text) else {
        throw .malformed(keyword: bound.keyword, at: place)
      }
      let isLow = bound.keyword.lowercased().hasSuffix("minimum")
      let excludes = bound.keyword.hasPrefix("exclusive")
      let value: Int
      if let whole = Int(bound.text) ?? Int(exactly: real) {
        let (moved, overflow) = whole.addingReportingOverflow(excludes ? (isLow ? 1 : -1) : 0)
        value = overflow ? whole : moved
      } else if real.magnitude < 1e18 {
        value = Int(real.rounded(isLow ? .up : .down))
      } else {
        value = real < 0 ? .min : .max
      }
      if isLow { low = max(low, value) } else { high = min(high, value) }
    }
    guard let expression = NumberExpression.whole(low, high) else {
      return try add(.any([]), at: place)
    }
    return try automaton(expression, at: place)
  }

  private mutating func number(_ facts: SchemaFacts, at place: String) throws(GrammarError) -> Int {
    try refuseFormats(facts, at: place)
    if facts.bounds.isEmpty { return try automaton(NumberExpression.any, at: place) }
    var automata: [ByteAutomaton] = []
    for bound in facts.bounds {
      guard let real = Double(bound.text) else {
        throw .malformed(keyword: bound.keyword, at: place)
      }
      let isLow = bound.keyword.lowercased().hasSuffix("minimum")
      // Beyond what is written here anyway, a bound says nothing, or that nothing is right.
      if real.magnitude >= 1e15 {
        if (real < 0) == isLow { continue }
        return try add(.any([]), at: place)
      }
      guard
        let limit = NumberExpression.Bound(
          bound.text,
          isExclusive: bound.keyword.hasPrefix("exclusive")
        ),
        let found = try? NumberExpression.within(isLow ? limit : nil, isLow ? nil : limit)
      else {
        throw .unsupported(keyword: "\(bound.keyword) of \(bound.text.prefix(40))", at: place)
      }
      automata.append(found)
    }
    guard var result = automata.first else { return try automaton(NumberExpression.any, at: place) }
    for other in automata.dropFirst() {
      guard let both = try? ByteAutomaton(result, and: other) else {
        return try add(.any([]), at: place)
      }
      result = both
    }
    return try automaton(result, at: place)
  }

  private func refuseFormats(_ facts: SchemaFacts, at place: String) throws(GrammarError) {
    for format in facts.formats
    where !SchemaFormats.numeric.contains(format) && SchemaFormats.patterns[format] == nil {
      throw .unsupported(keyword: "format '\(format.prefix(40))'", at: place)
    }
  }

  // MARK: Texts

  private mutating func string(_ facts: SchemaFacts, at place: String) throws(GrammarError) -> Int {
    let formats = facts.formats.filter { !SchemaFormats.numeric.contains($0) }
    let lengths = facts.lengths
    if lengths.isEmpty { return try add(.any([]), at: place) }
    if facts.patterns.isEmpty, formats.isEmpty {
      return try add(.string(least: lengths.least, most: lengths.most), at: place)
    }
    try refuseFormats(facts, at: place)
    var expressions: [ByteExpression] = []
    for pattern in facts.patterns + formats.compactMap({ SchemaFormats.patterns[$0] }) {
      do { expressions.append(try PatternReader.read(pattern)) } catch {
        throw .unsupported(
          keyword: "pattern '\(pattern.prefix(60))' (\(error.reason))",
          at: place
        )
      }
    }
    var result: ByteAutomaton? = nil
    for expression in expressions {
      do {
        let next = try ByteAutomaton(expression)
        if let known = result {
          result = try ByteAutomaton(known, and: next)
        } else {
          result = next
        }
      } catch {
        if error == .impossible { return try add(.any([]), at: place) }
        throw .tooLarge(
          "a pattern, or patterns and lengths together, need too many states",
          at: place
        )
      }
    }
    guard var result else { return try add(.any([]), at: place) }
    if !lengths.isOpen {
      do {
        let character = try ByteAutomaton(CodePointSet.all.inJSON)
        let length = try ByteAutomaton(repeating: character, lengths.least, lengths.most)
        result = try ByteAutomaton(result, and: length)
      } catch {
        if error == .impossible { return try add(.any([]), at: place) }
        throw .tooLarge("a pattern and lengths together need too many states", at: place)
      }
    }
    return try automaton(result.quoted, at: place)
  }

  // MARK: Containers

  /// Any JSON value.
  private mutating func anyValue(at place: String) throws(GrammarError) -> Int {
    if let anything { return anything }
    let reserved = try add(.any([]), at: place)
    anything = reserved
    var facts = SchemaFacts()
    facts.types = ["null", "boolean", "number", "string"]
    let scalar = try node(facts, at: place)
    let array = try add(
      .array(GrammarArray(prefix: [], rest: reserved, least: 0, most: nil)),
      at: place
    )
    let object = try add(
      .object(GrammarObject(properties: [], required: 0, additional: reserved)),
      at: place
    )
    nodes[reserved] = .any([scalar, array, object])
    return reserved
  }

  private mutating func node(
    orAnything schemas: [JSONValue],
    at place: String
  ) throws(GrammarError) -> Int {
    let kept = schemas.filter { $0 != .flag(true) && $0 != .object([]) }
    return kept.isEmpty ? try anyValue(at: place) : try node(kept, at: place)
  }

  private mutating func array(_ facts: SchemaFacts, at place: String) throws(GrammarError) -> Int {
    if facts.counts.isEmpty { return try add(.any([]), at: place) }
    guard facts.prefix.count <= 256 else { throw .tooLarge("more than 256 prefixItems", at: place) }
    var prefix: [Int] = []
    for (index, schemas) in facts.prefix.enumerated() {
      prefix.append(try node(orAnything: schemas, at: "\(place)/prefixItems/\(index)"))
    }
    let rest =
      facts.items.contains(.flag(false))
      ? nil : try node(orAnything: facts.items, at: "\(place)/items")
    if rest == nil, facts.counts.least > prefix.count { return try add(.any([]), at: place) }
    return try add(
      .array(
        GrammarArray(
          prefix: prefix,
          rest: rest,
          least: facts.counts.least,
          most: facts.counts.most
        )
      ),
      at: place
    )
  }

  private mutating func object(_ facts: SchemaFacts, at place: String) throws(GrammarError) -> Int {
    var properties: [GrammarObject.Property] = []
    var prohibited: [[UInt8]] = []
    var required: UInt128 = 0
    var all = facts.properties
    for name in facts.required where !all.contains(where: { $0.name == name }) {
      all.append((name, facts.additional))
    }
    guard all.count <= GrammarObject.maximumProperties else {
      throw .tooLarge("more than \(GrammarObject.maximumProperties) properties", at: place)
    }
    guard all.reduce(0, { $0 + $1.name.utf8.count * 2 }) <= 30_000 else {
      throw .tooLarge("the names of its properties have more than 15,000 bytes", at: place)
    }
    for (name, schemas) in all {
      if schemas.contains(.flag(false)) {
        guard !facts.required.contains(name) else { return try add(.any([]), at: place) }
        prohibited.append(Array(name.utf8))
        continue
      }
      if facts.required.contains(name) { required |= UInt128(1) << UInt128(properties.count) }
      properties.append(
        GrammarObject.Property(
          name: Array(name.utf8),
          node: try node(orAnything: schemas, at: "\(place)/\(name)")
        )
      )
    }
    let additional =
      facts.additional.contains(.flag(false))
      ? nil : try node(orAnything: facts.additional, at: "\(place)/additionalProperties")
    let sizes = facts.sizes
    if sizes.isEmpty || required.nonzeroBitCount > sizes.most ?? .max
      || (additional == nil && properties.count < sizes.least)
    {
      return try add(.any([]), at: place)
    }
    return try add(
      .object(
        GrammarObject(
          properties: properties,
          required: required,
          additional: additional,
          prohibited: prohibited,
          least: sizes.least,
          most: sizes.most
        )
      ),
      at: place
    )
  }
}
