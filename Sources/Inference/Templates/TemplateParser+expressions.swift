/// Expressions, with the precedence of Jinja: `or`, `and`, `not`, comparisons, `+ -`, `~`, `* / // %`,
/// `**`, signs, and what follows a value.
extension TemplateParser {
  mutating func expression() throws(TemplateError) -> TemplateExpression {
    try nested { (parser) throws(TemplateError) in
      var value = try parser.disjunction()
      while parser.takeName("if") {
        parser.conditions += 1
        defer { parser.conditions -= 1 }
        let test = try parser.disjunction()
        let other = parser.takeName("else") ? try parser.expression() : nil
        value = .conditional(test: test, then: value, else: other)
      }
      return value
    }
  }

  /// One expression, or several with commas between as a tuple.
  mutating func tuple(conditional: Bool = true) throws(TemplateError) -> TemplateExpression {
    var items: [TemplateExpression] = []
    var isTuple = false
    while true {
      if !items.isEmpty || isTuple {
        guard take(",") else { break }
        isTuple = true
      }
      if endsTuple { break }
      items.append(conditional ? try expression() : try disjunction())
    }
    if isTuple { return .tuple(items) }
    guard let only = items.first else { throw unexpected("an expression") }
    return only
  }

  private var endsTuple: Bool {
    switch token {
    case .variableEnd, .blockEnd, .op(")"), .name("recursive"): true
    default: false
    }
  }

  private mutating func disjunction() throws(TemplateError) -> TemplateExpression {
    var items = [try conjunction()]
    while takeName("or") { items.append(try conjunction()) }
    return items.count == 1 ? items[0] : .any(items)
  }

  private mutating func conjunction() throws(TemplateError) -> TemplateExpression {
    var items = [try negation()]
    while takeName("and") { items.append(try negation()) }
    return items.count == 1 ? items[0] : .all(items)
  }

  private mutating func negation() throws(TemplateError) -> TemplateExpression {
    guard takeName("not") else { return try comparison() }
    return .not(try nested { (parser) throws(TemplateError) in try parser.negation() })
  }

  private mutating func comparison() throws(TemplateError) -> TemplateExpression {
    let first = try sum()
    var rest: [(TemplateExpression.Comparison, TemplateExpression)] = []
    let ops: [String: TemplateExpression.Comparison] = [
      "==": .equal, "!=": .unequal, "<": .less, "<=": .lessOrEqual, ">": .greater,
      ">=": .greaterOrEqual,
    ]
    while true {
      if case .op(let op) = token, let comparison = ops[op] {
        at += 1
        rest.append((comparison, try sum()))
      } else if takeName("in") {
        rest.append((.isIn, try sum()))
      } else if isName("not"), at + 1 < tokens.count, tokens[at + 1].token == .name("in") {
        at += 2
        rest.append((.notIn, try sum()))
      } else {
        return rest.isEmpty ? first : .compare(first, rest)
      }
    }
  }

  private mutating func arithmetic(
    _ ops: [String: TemplateExpression.Arithmetic],
    _ operand: (inout TemplateParser) throws(TemplateError) -> TemplateExpression
  ) throws(TemplateError) -> TemplateExpression {
    let first = try operand(&self)
    var rest: [(TemplateExpression.Arithmetic, TemplateExpression)] = []
    while case .op(let name) = token, let op = ops[name] {
      at += 1
      rest.append((op, try operand(&self)))
    }
    return rest.isEmpty ? first : .arithmetic(first, rest)
  }

  private mutating func sum() throws(TemplateError) -> TemplateExpression {
    try arithmetic(["+": .add, "-": .subtract]) { (parser) throws(TemplateError) in
      var items = [try parser.product()]
      while parser.take("~") { items.append(try parser.product()) }
      return items.count == 1 ? items[0] : .concatenation(items)
    }
  }

  private mutating func product() throws(TemplateError) -> TemplateExpression {
    try arithmetic(["*": .multiply, "/": .divide, "//": .floorDivide, "%": .remainder]) {
      (parser) throws(TemplateError) in
      try parser.arithmetic(["**": .power]) { (parser) throws(TemplateError) in
        try parser.unary(filters: true)
      }
    }
  }

  private mutating func unary(filters: Bool) throws(TemplateError) -> TemplateExpression {
    let base: TemplateExpression
    if isOp("-") || isOp("+") {
      let isNegative = isOp("-")
      at += 1
      let value = try nested { (parser) throws(TemplateError) in try parser.unary(filters: false) }
      base = isNegative ? .negative(value) : .positive(value)
    } else {
      base = try primary()
    }
    var links: [TemplateExpression.Link] = []
    while true {
      if isOp(".") || isOp("[") {
        links.append(try subscripted())
      } else if isOp("(") {
        links.append(.call(try arguments()))
      } else if filters, take("|") {
        links.append(try filter())
        // Behind a filter only filters, tests and calls follow, as in Jinja.
      } else if filters, takeName("is") {
        links.append(try test())
      } else {
        return links.isEmpty ? base : .chain(base, links)
      }
    }
  }

  private mutating func primary() throws(TemplateError) -> TemplateExpression {
    let token = token
    switch token {
    case .name(let name):
      at += 1
      switch name {
      case "true", "True": return .constant(.flag(true))
      case "false", "False": return .constant(.flag(false))
      case "none", "None": return .constant(.none)
      default: return .name(number(of: name))
      }
    case .text(var bytes):
      at += 1
      while case .text(let more) = self.token {
        bytes += more
        at += 1
      }
      return .constant(.text(TemplateText(bytes: bytes)))
    case .integer(let value):
      at += 1
      return .constant(.integer(value))
    case .real(let value):
      at += 1
      return .constant(.real(value))
    case .op("("):
      at += 1
      if take(")") { return .tuple([]) }
      let value = try nested { (parser) throws(TemplateError) in try parser.tuple() }
      try expect(.op(")"))
      return value
    case .op("["):
      at += 1
      var items: [TemplateExpression] = []
      while !take("]") {
        if !items.isEmpty { try expect(.op(",")) }
        if take("]") { break }
        items.append(try expression())
      }
      return .list(items)
    case .op("{"):
      at += 1
      var entries: [(TemplateExpression, TemplateExpression)] = []
      while !take("}") {
        if !entries.isEmpty { try expect(.op(",")) }
        if take("}") { break }
        let key = try expression()
        try expect(.op(":"))
        entries.append((key, try expression()))
      }
      return .dictionary(entries)
    default: throw unexpected("a value")
    }
  }

  private mutating func subscripted() throws(TemplateError) -> TemplateExpression.Link {
    if take(".") {
      if case .integer(let place) = token {
        at += 1
        return .item(.constant(.integer(place)))
      }
      return .attribute(TemplateText(try expectName()))
    }
    try expect(.op("["))
    let first = isOp(":") ? nil : try expression()
    guard take(":") else {
      if isOp(","), let first {
        var items = [first]
        while take(",") { items.append(try expression()) }
        try expect(.op("]"))
        return .item(.tuple(items))
      }
      try expect(.op("]"))
      guard let first else { throw unexpected("a place") }
      return .item(first)
    }
    let second = isOp(":") || isOp("]") ? nil : try expression()
    var step: TemplateExpression? = nil
    if take(":"), !isOp("]") { step = try expression() }
    try expect(.op("]"))
    return .slice(first, second, step)
  }

  mutating func arguments() throws(TemplateError) -> TemplateArguments {
    var result = TemplateArguments()
    try expect(.op("("))
    while !take(")") {
      if !result.isEmpty { try expect(.op(",")) }
      if take(")") { break }
      if take("**") {
        result.moreNames = try expression()
      } else if take("*") {
        result.morePlaces = try expression()
      } else if case .name(let name) = token, at + 1 < tokens.count,
        tokens[at + 1].token == .op("=")
      {
        at += 2
        result.names.append((name, try expression()))
      } else {
        guard result.names.isEmpty, result.moreNames == nil else {
          throw TemplateError(.syntax, "a plain argument follows a named one", line: line)
        }
        result.places.append(try expression())
      }
    }
    return result
  }

  mutating func filter() throws(TemplateError) -> TemplateExpression.Link {
    let line = line
    var name = try expectName()
    while take(".") { name += "." + (try expectName()) }
    guard conditions > 0 || TemplateInterpreter.filters.contains(name) else {
      throw TemplateError(.syntax, "there is no filter '\(name)'", line: line)
    }
    return .filter(name, isOp("(") ? try arguments() : TemplateArguments())
  }

  private mutating func test() throws(TemplateError) -> TemplateExpression.Link {
    let line = line
    let negated = takeName("not")
    let name = try expectName()
    guard conditions > 0 || TemplateInterpreter.tests.contains(name) else {
      throw TemplateError(.syntax, "there is no test '\(name)'", line: line)
    }
    var arguments = TemplateArguments()
    switch token {
    case .op("("): arguments = try self.arguments()
    case .name("else"), .name("or"), .name("and"), .name("if"), .name("is"): break
    case .name, .text, .integer, .real, .op("["), .op("{"):
      let base = try primary()
      var links: [TemplateExpression.Link] = []
      while isOp(".") || isOp("[") { links.append(try subscripted()) }
      arguments.places = [links.isEmpty ? base : .chain(base, links)]
    default: break
    }
    return .test(name, arguments, negated: negated)
  }
}
