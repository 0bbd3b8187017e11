/// Expressions.
extension TemplateInterpreter {
  func evaluate(
    _ expression: TemplateExpression,
    _ scope: TemplateScope
  ) throws(TemplateError) -> TemplateValue {
    try step()
    switch expression {
    case .constant(let value): return value
    case .name(let name): return scope.value(of: name) ?? global(name)
    case .chain(let base, let links):
      return try deeper { () throws(TemplateError) in
        try follow(try evaluate(base, scope), links, scope)
      }
    default:
      return try deeper { () throws(TemplateError) in try compound(expression, scope) }
    }
  }

  private func compound(
    _ expression: TemplateExpression,
    _ scope: TemplateScope
  ) throws(TemplateError) -> TemplateValue {
    switch expression {
    case .constant, .name, .chain: return try evaluate(expression, scope)
    case .tuple(let items): return try make(evaluate(items, scope), .tuple)
    case .list(let items): return try make(evaluate(items, scope))
    case .dictionary(let entries):
      var result = TemplateDictionary()
      for (name, value) in entries {
        let shown = try evaluate(name, scope)
        result.set(try key(shown), shown, try evaluate(value, scope))
      }
      return try make(result)
    case .conditional(let test, let then, let other):
      if isTrue(try evaluate(test, scope)) { return try evaluate(then, scope) }
      guard let other else { return .undefined("the inline if without an else") }
      return try evaluate(other, scope)
    case .any(let items):
      var value = TemplateValue.none
      for item in items {
        value = try evaluate(item, scope)
        if isTrue(value) { break }
      }
      return value
    case .all(let items):
      var value = TemplateValue.none
      for item in items {
        value = try evaluate(item, scope)
        if !isTrue(value) { break }
      }
      return value
    case .not(let value): return .flag(!isTrue(try evaluate(value, scope)))
    case .compare(let first, let rest): return .flag(try compare(first, rest, scope))
    case .arithmetic(let first, let rest):
      var value = try evaluate(first, scope)
      for (op, operand) in rest { value = try combine(op, value, evaluate(operand, scope)) }
      return value
    case .concatenation(let items):
      var bytes: [UInt8] = []
      for item in items { bytes += try show(evaluate(item, scope)).bytes }
      return try make(TemplateText(bytes: bytes))
    case .negative(let value):
      return try combine(.multiply, .integer(-1), signed(evaluate(value, scope)))
    case .positive(let value): return try signed(evaluate(value, scope))
    }
  }

  private func signed(_ value: TemplateValue) throws(TemplateError) -> TemplateValue {
    if case .undefined(let name) = value { throw undefined(name) }
    guard let number = number(value) else {
      throw TemplateError(.value, "\(typeName(value)) has no sign")
    }
    return number
  }

  private func evaluate(
    _ expressions: [TemplateExpression],
    _ scope: TemplateScope
  ) throws(TemplateError) -> [TemplateValue] {
    var result: [TemplateValue] = []
    for expression in expressions { result.append(try evaluate(expression, scope)) }
    return result
  }

  private func compare(
    _ first: TemplateExpression,
    _ rest: [(TemplateExpression.Comparison, TemplateExpression)],
    _ scope: TemplateScope
  ) throws(TemplateError) -> Bool {
    var left = try evaluate(first, scope)
    for (comparison, operand) in rest {
      let right = try evaluate(operand, scope)
      guard try compare(comparison, left, right) else { return false }
      left = right
    }
    return true
  }

  func compare(
    _ comparison: TemplateExpression.Comparison,
    _ left: TemplateValue,
    _ right: TemplateValue
  ) throws(TemplateError) -> Bool {
    switch comparison {
    case .equal: try equal(left, right)
    case .unequal: try !equal(left, right)
    case .less: try precedes(left, right)
    case .greater: try precedes(right, left)
    case .lessOrEqual: try precedes(left, right) ? true : equal(left, right)
    case .greaterOrEqual: try precedes(right, left) ? true : equal(left, right)
    case .isIn: try contains(right, left)
    case .notIn: try !contains(right, left)
    }
  }

  /// Applies what follows a value, link by link.
  func follow(
    _ base: TemplateValue,
    _ links: [TemplateExpression.Link],
    _ scope: TemplateScope
  ) throws(TemplateError) -> TemplateValue {
    var value = base
    for link in links {
      try step()
      switch link {
      case .attribute(let name): value = try attribute(name, of: value)
      case .item(let key): value = try item(evaluate(key, scope), of: value)
      case .slice(let start, let end, let step):
        value = try slice(
          value,
          start.map { (bound: TemplateExpression) throws(TemplateError) -> TemplateValue in
            try evaluate(bound, scope)
          },
          end.map { (bound: TemplateExpression) throws(TemplateError) -> TemplateValue in
            try evaluate(bound, scope)
          },
          step.map { (bound: TemplateExpression) throws(TemplateError) -> TemplateValue in
            try evaluate(bound, scope)
          }
        )
      case .call(let arguments): value = try call(value, evaluate(arguments, scope), caller: nil)
      case .filter(let name, let arguments):
        value = try filter(name, value, evaluate(arguments, scope))
      case .test(let name, let arguments, let negated):
        value = .flag(try test(name, value, evaluate(arguments, scope)) != negated)
      }
    }
    return value
  }

  /// Calls what an expression ends in, with a `caller` for it.
  func call(
    _ expression: TemplateExpression,
    caller: TemplateValue,
    _ scope: TemplateScope
  ) throws(TemplateError) -> TemplateValue {
    guard case .chain(let base, let links) = expression, case .call(let arguments)? = links.last
    else { throw TemplateError(.syntax, "a call block calls nothing") }
    let callee = try follow(try evaluate(base, scope), Array(links.dropLast()), scope)
    return try call(callee, evaluate(arguments, scope), caller: caller)
  }

  func evaluate(
    _ arguments: TemplateArguments,
    _ scope: TemplateScope
  ) throws(TemplateError) -> TemplateCall {
    if arguments.isEmpty { return TemplateCall() }
    var result = TemplateCall(places: try evaluate(arguments.places, scope))
    for (name, value) in arguments.names { result.names.append((name, try evaluate(value, scope))) }
    if let more = arguments.morePlaces {
      result.places += try items(of: try evaluate(more, scope))
    }
    if let more = arguments.moreNames {
      guard case .dictionary(let dictionary) = try evaluate(more, scope) else {
        throw TemplateError(.value, "what follows '**' is no dictionary")
      }
      for entry in dictionary.entries {
        result.names.append((try show(entry.key).string, entry.value))
      }
    }
    return result
  }

  // MARK: Parts of a value

  /// `value.name`: for a dictionary its methods come before its entries, as in Jinja.
  func attribute(
    _ name: TemplateText,
    of value: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    switch value {
    case .undefined(let missing): throw undefined(missing)
    case .dictionary(let dictionary):
      let string = name.string
      if Self.dictionaryMethods.contains(string) { return .method(TemplateMethod(value, string)) }
      // Methods that change a value are there, and the sandbox does not give them out.
      if ["clear", "pop", "popitem", "setdefault", "update", "fromkeys"].contains(string) {
        return .undefined(string)
      }
      return dictionary[.text(name.bytes)] ?? .undefined(string)
    case .namespace(let place):
      return namespaces[place][.text(name.bytes)] ?? .undefined(name.string)
    case .loop(let place): return try loopAttribute(name.string, place)
    case .text:
      let string = name.string
      return Self.textMethods.contains(string)
        ? .method(TemplateMethod(value, string)) : .undefined(string)
    case .list(let list):
      let string = name.string
      return list.hasPlaces && ["index", "count", "copy"].contains(string)
        ? .method(TemplateMethod(value, string)) : .undefined(string)
    case .macro(let place) where name.string == "name":
      return .text(macros[place].macro.name)
    default: return .undefined(name.string)
    }
  }

  /// `value[key]`.
  func item(_ key: TemplateValue, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
    switch (value, key) {
    case (.undefined(let missing), _): throw undefined(missing)
    case (.dictionary(let dictionary), _):
      if let found = TemplateKey(key).flatMap({ dictionary[$0] }) { return found }
    case (.list(let list), .integer(let place)) where list.hasPlaces:
      let at = place < 0 ? place &+ list.items.count : place
      return list.items.indices.contains(at) ? list.items[at] : .undefined("\(place)")
    case (.text(let text), .integer(let place)):
      try charge(text.bytes.count * 8)
      let starts = text.starts
      let at = place < 0 ? place &+ (starts.count - 1) : place
      guard (0..<(starts.count - 1)).contains(at) else { return .undefined("\(place)") }
      return .text(
        TemplateText(text.bytes[starts[at]..<starts[at + 1]], isMarkup: text.isMarkup)
      )
    case (_, .flag(let flag)) where key.depth == 0:
      return try item(.integer(flag ? 1 : 0), of: value)
    default: break
    }
    if case .text(let name) = key { return try attribute(name, of: value) }
    return .undefined(try show(key).string)
  }

  private func slice(
    _ value: TemplateValue,
    _ start: TemplateValue?,
    _ end: TemplateValue?,
    _ step: TemplateValue?
  ) throws(TemplateError) -> TemplateValue {
    func bound(_ value: TemplateValue?) throws(TemplateError) -> Int? {
      switch value {
      case nil, TemplateValue.none?: return nil
      case .integer(let number)?: return number
      case .flag(let flag)?: return flag ? 1 : 0
      default: throw TemplateError(.value, "the bounds of a slice must be whole numbers")
      }
    }
    let (start, end) = (try bound(start), try bound(end))
    let step = try bound(step) ?? 1
    guard step != 0 else { throw TemplateError(.value, "the step of a slice cannot be zero") }
    func places(_ count: Int) -> [Int] {
      func clamp(_ bound: Int?, _ standard: Int) -> Int {
        guard var bound else { return standard }
        if bound < 0 { bound = bound < -count ? (step < 0 ? -1 : 0) : bound + count }
        return min(bound, step < 0 ? count - 1 : count)
      }
      let first = clamp(start, step < 0 ? count - 1 : 0)
      let last = clamp(end, step < 0 ? -1 : count)
      // A step beyond the length reaches one item; it must not overflow on the way.
      let stride = max(-count - 1, min(count + 1, step))
      return Array(Swift.stride(from: first, to: last, by: stride))
    }
    switch value {
    case .undefined(let name): throw undefined(name)
    case .list(let list) where list.hasPlaces:
      return try make(places(list.items.count).map { list.items[$0] }, list.kind)
    case .text(let text):
      try charge(text.bytes.count * 9)
      let starts = text.starts
      var bytes: [UInt8] = []
      for place in places(starts.count - 1) {
        bytes += text.bytes[starts[place]..<starts[place + 1]]
      }
      return .text(TemplateText(bytes: bytes, isMarkup: text.isMarkup))
    default: return .undefined("a slice of \(typeName(value))")
    }
  }

  private func loopAttribute(_ name: String, _ place: Int) throws(TemplateError) -> TemplateValue {
    let state = loops[place]
    let count = state.items.count
    switch name {
    case "index": return .integer(state.place + 1)
    case "index0": return .integer(state.place)
    case "revindex": return .integer(count - state.place)
    case "revindex0": return .integer(count - state.place - 1)
    case "first": return .flag(state.place == 0)
    case "last": return .flag(state.place == count - 1)
    case "length": return .integer(count)
    case "depth": return .integer(state.level + 1)
    case "depth0": return .integer(state.level)
    case "previtem": return state.place > 0 ? state.items[state.place - 1] : .undefined(name)
    case "nextitem":
      return state.place + 1 < count ? state.items[state.place + 1] : .undefined(name)
    case "cycle", "changed": return .method(TemplateMethod(.loop(place), name))
    default: return .undefined(name)
    }
  }
}
