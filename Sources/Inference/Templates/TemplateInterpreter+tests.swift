/// Tests: `value is name(arguments)`.
extension TemplateInterpreter {
  static let tests: Set<String> = [
    "boolean", "callable", "defined", "divisibleby", "eq", "equalto", "escaped", "even", "false",
    "filter", "float", "ge", "greaterthan", "gt", "in", "integer", "iterable", "le", "lessthan",
    "lower", "lt", "mapping", "ne", "none", "number", "odd", "sameas", "sequence", "string", "test",
    "true", "undefined", "upper", "==", "!=", "<", "<=", ">", ">=",
  ]

  func test(
    _ name: String,
    _ value: TemplateValue,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> Bool {
    func other() throws(TemplateError) -> TemplateValue {
      guard let other = arguments.places.first ?? arguments.names.first?.1 else {
        throw TemplateError(.value, "the test '\(name)' needs a value")
      }
      return other
    }
    switch name {
    case "defined", "undefined":
      if case .undefined = value { return name == "undefined" }
      return name == "defined"
    case "none":
      if case .none = value { return true }
      return false
    case "true", "false":
      if case .flag(let flag) = value { return flag == (name == "true") }
      return false
    case "boolean":
      if case .flag = value { return true }
      return false
    case "integer":
      if case .integer = value { return true }
      return false
    case "float":
      if case .real = value { return true }
      return false
    case "number": return number(value) != nil
    case "string":
      if case .text = value { return true }
      return false
    case "mapping":
      if case .dictionary = value { return true }
      return false
    case "iterable", "sequence":
      switch value {
      case .text, .dictionary, .undefined: return true
      case .list(let list): return name == "iterable" || list.hasPlaces
      case .loop: return name == "iterable"
      default: return false
      }
    case "callable":
      switch value {
      // Undefined values can be called in Jinja's eyes; that fails only when it is done.
      case .macro, .function, .method, .undefined, .loop: return true
      default: return false
      }
    case "eq", "equalto", "==": return try compare(.equal, value, other())
    case "ne", "!=": return try compare(.unequal, value, other())
    case "lt", "lessthan", "<": return try compare(.less, value, other())
    case "le", "<=": return try compare(.lessOrEqual, value, other())
    case "gt", "greaterthan", ">": return try compare(.greater, value, other())
    case "ge", ">=": return try compare(.greaterOrEqual, value, other())
    case "in": return try compare(.isIn, value, other())
    case "sameas": return try same(value, other())
    case "even", "odd", "divisibleby":
      let divisor = name == "divisibleby" ? try other() : .integer(2)
      let rest = try combine(.remainder, value, divisor)
      return try equal(rest, .integer(name == "odd" ? 1 : 0))
    case "lower": return try show(value).isLower
    case "upper": return try show(value).isUpper
    case "escaped":
      if case .text(let text) = value { return text.isMarkup }
      return false
    case "filter": return Self.filters.contains(try show(value).string)
    case "test": return Self.tests.contains(try show(value).string)
    default: throw TemplateError(.value, "there is no test '\(name)'")
    }
  }

  /// Whether two are one: small values when they are equal and of one type.
  private func same(
    _ one: TemplateValue,
    _ other: TemplateValue
  ) throws(TemplateError) -> Bool {
    switch (one, other) {
    case (.flag, .flag), (.none, .none), (.integer, .integer), (.text, .text),
      (.namespace, .namespace), (.macro, .macro):
      try equal(one, other)
    default: false
    }
  }
}
