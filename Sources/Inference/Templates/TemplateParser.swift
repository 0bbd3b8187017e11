/// Reads tokens into a tree: statements. Expressions are in `TemplateParser+expressions.swift`.
struct TemplateParser {
  var tokens: [(token: TemplateToken, line: Int)]
  var at = 0
  /// Names of variables by the numbers they have in the tree.
  private(set) var names = ["loop", "caller", "varargs", "kwargs"]
  private var numbers = ["loop": 0, "caller": 1, "varargs": 2, "kwargs": 3]
  private var nesting = 0
  private let limit: Int
  private var loops = 0
  /// Inside a condition an unknown filter is an error only where it is reached.
  var conditions = 0

  /// The numbers of the names that Jinja itself sets.
  static let loop = 0
  static let caller = 1
  static let varargs = 2
  static let kwargs = 3

  static func parse(
    _ source: [UInt8],
    limits: TemplateLimits
  ) throws(TemplateError) -> (body: [TemplateNode], names: [String]) {
    guard source.count <= limits.source else {
      throw TemplateError(
        .limit,
        "it has \(source.count) bytes, and at most \(limits.source) are read"
      )
    }
    var parser = TemplateParser(
      tokens: try TemplateLexer.tokens(source),
      limit: limits.nesting
    )
    let body = try parser.body(until: [])
    return (body, parser.names)
  }

  private init(tokens: [(token: TemplateToken, line: Int)], limit: Int) {
    self.tokens = tokens
    self.limit = limit
  }

  // MARK: Tokens

  var token: TemplateToken { tokens[min(at, tokens.count - 1)].token }
  var line: Int { tokens[min(at, tokens.count - 1)].line }

  mutating func number(of name: String) -> Int {
    if let number = numbers[name] { return number }
    names.append(name)
    numbers[name] = names.count - 1
    return names.count - 1
  }

  func isOp(_ op: String) -> Bool { token == .op(op) }
  func isName(_ name: String) -> Bool { token == .name(name) }

  mutating func take(_ op: String) -> Bool {
    guard isOp(op) else { return false }
    at += 1
    return true
  }

  mutating func takeName(_ name: String) -> Bool {
    guard isName(name) else { return false }
    at += 1
    return true
  }

  mutating func expect(_ wanted: TemplateToken) throws(TemplateError) {
    guard token == wanted else { throw unexpected("\(wanted)") }
    at += 1
  }

  mutating func expectName() throws(TemplateError) -> String {
    guard case .name(let name) = token else { throw unexpected("a name") }
    at += 1
    return name
  }

  func unexpected(_ wanted: String) -> TemplateError {
    TemplateError(.syntax, "\(token) stands where \(wanted) should", line: line)
  }

  /// Counts what is inside one another while `read` runs.
  mutating func nested<T>(
    _ read: (inout TemplateParser) throws(TemplateError) -> T
  ) throws(TemplateError) -> T {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= limit else {
      throw TemplateError(.limit, "more than \(limit) things are inside one another", line: line)
    }
    return try read(&self)
  }

  // MARK: Statements

  /// Statements up to one of `ends`, whose name is read too; to the end of the source for none.
  private mutating func body(until ends: [String]) throws(TemplateError) -> [TemplateNode] {
    var nodes: [TemplateNode] = []
    while true {
      let line = line
      switch token {
      case .end:
        guard ends.isEmpty else {
          throw TemplateError(
            .syntax,
            "'\(ends.joined(separator: "' or '"))' is missing",
            line: line
          )
        }
        return nodes
      case .data(let bytes):
        at += 1
        nodes.append(TemplateNode(statement: .data(bytes), line: line))
      case .variableBegin:
        at += 1
        let value = try tuple()
        try expect(.variableEnd)
        nodes.append(TemplateNode(statement: .output(value), line: line))
      case .blockBegin:
        at += 1
        if case .name(let name) = token, ends.contains(name) { return nodes }
        let statement = try nested { (parser) throws(TemplateError) in try parser.statement() }
        nodes.append(TemplateNode(statement: statement, line: line))
      default: throw unexpected("text")
      }
    }
  }

  private mutating func block(until end: String) throws(TemplateError) -> [TemplateNode] {
    try expect(.blockEnd)
    let nodes = try body(until: [end])
    at += 1
    try expect(.blockEnd)
    return nodes
  }

  private mutating func statement() throws(TemplateError) -> TemplateStatement {
    let line = line
    let name = try expectName()
    switch name {
    case "if": return try branches()
    case "for": return try loop()
    case "set": return try set()
    case "macro":
      let name = try expectName()
      return .macro(try macro(name: name, until: "endmacro"))
    case "call":
      var parameters: ([(name: Int, label: String)], [TemplateExpression]) = ([], [])
      if isOp("(") { parameters = try signature() }
      let called = try expression()
      let start = at
      let body = try block(until: "endcall")
      let caller = TemplateMacro(
        name: "caller",
        number: Self.caller,
        parameters: parameters.0,
        defaults: parameters.1,
        body: body,
        usesMore: more(since: start)
      )
      return .call(caller, called)
    case "filter":
      var filters = [try filter()]
      while take("|") { filters.append(try filter()) }
      return .filter(filters, try block(until: "endfilter"))
    case "with":
      var values: [(TemplateTarget, TemplateExpression)] = []
      while token != .blockEnd {
        if !values.isEmpty { try expect(.op(",")) }
        let target = try target()
        try expect(.op("="))
        values.append((target, try expression()))
      }
      return .with(values, try block(until: "endwith"))
    case "generation": return .group(try block(until: "endgeneration"))
    case "break", "continue":
      guard loops > 0 else {
        throw TemplateError(.syntax, "'\(name)' stands outside of a loop", line: line)
      }
      try expect(.blockEnd)
      return name == "break" ? .leave : .next
    default:
      throw TemplateError(.syntax, "the block '\(name)' is not known here", line: line)
    }
  }

  private mutating func branches() throws(TemplateError) -> TemplateStatement {
    conditions += 1
    defer { conditions -= 1 }
    var branches: [(test: TemplateExpression, body: [TemplateNode])] = []
    while true {
      let test = try tuple(conditional: false)
      try expect(.blockEnd)
      let nodes = try body(until: ["elif", "else", "endif"])
      branches.append((test, nodes))
      if takeName("elif") { continue }
      if takeName("endif") {
        try expect(.blockEnd)
        return .branches(branches, otherwise: [])
      }
      at += 1
      return .branches(branches, otherwise: try block(until: "endif"))
    }
  }

  private mutating func loop() throws(TemplateError) -> TemplateStatement {
    let target = try targets()
    guard takeName("in") else { throw unexpected("'in'") }
    let sequence = try tuple(conditional: false)
    let condition = takeName("if") ? try expression() : nil
    let isRecursive = takeName("recursive")
    try expect(.blockEnd)
    loops += 1
    let nodes = try body(until: ["endfor", "else"])
    loops -= 1
    var otherwise: [TemplateNode] = []
    if takeName("else") {
      otherwise = try block(until: "endfor")
    } else {
      at += 1
      try expect(.blockEnd)
    }
    return .loop(
      TemplateLoop(
        target: target,
        sequence: sequence,
        condition: condition,
        isRecursive: isRecursive,
        body: nodes,
        otherwise: otherwise
      )
    )
  }

  private mutating func set() throws(TemplateError) -> TemplateStatement {
    let target = try targets()
    if take("=") {
      let value = try tuple()
      try expect(.blockEnd)
      return .set(target, value)
    }
    var filters: [TemplateExpression.Link] = []
    while take("|") { filters.append(try filter()) }
    return .setBlock(target, filters: filters, try block(until: "endset"))
  }

  private mutating func macro(
    name: String,
    until end: String
  ) throws(TemplateError) -> TemplateMacro {
    let (parameters, defaults) = try signature()
    let outer = loops
    loops = 0
    defer { loops = outer }
    let start = at
    let body = try block(until: end)
    return TemplateMacro(
      name: name,
      number: number(of: name),
      parameters: parameters,
      defaults: defaults,
      body: body,
      usesMore: more(since: start)
    )
  }

  private func more(since start: Int) -> (places: Bool, names: Bool) {
    let read = tokens[start..<at]
    return (
      read.contains { $0.token == .name("varargs") }, read.contains { $0.token == .name("kwargs") }
    )
  }

  private mutating func signature() throws(TemplateError) -> (
    [(name: Int, label: String)], [TemplateExpression]
  ) {
    var parameters: [(name: Int, label: String)] = []
    var defaults: [TemplateExpression] = []
    try expect(.op("("))
    while !take(")") {
      if !parameters.isEmpty { try expect(.op(",")) }
      if take(")") { break }
      let label = try expectName()
      parameters.append((number(of: label), label))
      if take("=") {
        defaults.append(try expression())
      } else if !defaults.isEmpty {
        throw TemplateError(
          .syntax,
          "the parameter '\(label)' needs a default like the one before it",
          line: line
        )
      }
    }
    return (parameters, defaults)
  }

  // MARK: Targets

  private mutating func targets() throws(TemplateError) -> TemplateTarget {
    var list = [try target()]
    var isTuple = false
    while take(",") {
      isTuple = true
      guard case .name(let name) = token, name != "in" else { break }
      list.append(try target())
    }
    return isTuple ? .tuple(list) : list[0]
  }

  private mutating func target() throws(TemplateError) -> TemplateTarget {
    if take("(") {
      let inner = try nested { (parser) throws(TemplateError) in try parser.targets() }
      try expect(.op(")"))
      return inner
    }
    let line = line
    let name = try expectName()
    guard !["true", "false", "none", "True", "False", "None"].contains(name) else {
      throw TemplateError(.syntax, "'\(name)' cannot be set", line: line)
    }
    if take(".") { return .attribute(number(of: name), try expectName()) }
    return .name(number(of: name))
  }
}
