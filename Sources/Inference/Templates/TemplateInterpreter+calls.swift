/// Calls: macros, the functions that every template has, and the methods of values.
extension TemplateInterpreter {
  static let dictionaryMethods: Set<String> = ["get", "items", "keys", "values", "copy"]
  static let textMethods: Set<String> = [
    "capitalize", "casefold", "center", "count", "endswith", "find", "format", "index", "isalnum",
    "isalpha", "isdecimal", "isdigit", "islower", "isnumeric", "isspace", "isupper", "join",
    "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind",
    "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith",
    "strip", "swapcase", "title", "upper", "zfill",
  ]

  func call(
    _ callee: TemplateValue,
    _ arguments: TemplateCall,
    caller: TemplateValue?
  ) throws(TemplateError) -> TemplateValue {
    switch callee {
    case .undefined(let name): throw undefined(name)
    case .macro(let place):
      return try deeper { () throws(TemplateError) in
        try call(place, arguments, caller: caller)
      }
    case .function(let function): return try call(function, arguments)
    case .method(let method): return try call(method, arguments)
    case .loop(let place):
      let state = loops[place]
      guard let loop = state.loop, let scope = state.scope else {
        throw TemplateError(.value, "this loop is not marked 'recursive', so it cannot be called")
      }
      guard let items = arguments.places.first else {
        throw TemplateError(.value, "a loop is called with nothing to go over")
      }
      return try deeper { () throws(TemplateError) in
        try captured { () throws(TemplateError) in
          try run(loop, over: items, level: state.level + 1, scope)
        }
      }
    default: throw TemplateError(.value, "\(typeName(callee)) cannot be called")
    }
  }

  private func call(
    _ function: TemplateFunction,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    switch function {
    case .raiseException:
      throw TemplateError(
        .refused,
        try arguments.value(0, "message").map { (v) throws(TemplateError) in
          try show(v).string
        } ?? "no reason given"
      )
    case .strftimeNow:
      return try make(moment.formatted(try show(arguments.value(0, "format") ?? .none)))
    case .range: return try range(arguments)
    case .namespace:
      namespaces.append(try dictionary(arguments))
      return .namespace(namespaces.count - 1)
    case .dict: return try make(try dictionary(arguments))
    }
  }

  private func dictionary(_ arguments: TemplateCall) throws(TemplateError) -> TemplateDictionary {
    var result = TemplateDictionary()
    switch arguments.places.first {
    case .dictionary(let dictionary)?: result = dictionary
    case let value?:
      for pair in try items(of: value) {
        let parts = try items(of: pair)
        guard parts.count == 2 else {
          throw TemplateError(.value, "an entry must have a name and a value")
        }
        result.set(try key(parts[0]), parts[0], parts[1])
      }
    case nil: break
    }
    for (name, value) in arguments.names {
      result.set(.text(TemplateText(name)), name: name, value)
    }
    try charge(result.count * 64 + 32)
    guard result.depth <= 128 else {
      throw TemplateError(.limit, "more than 128 dictionaries are inside one another")
    }
    return result
  }

  private func range(_ arguments: TemplateCall) throws(TemplateError) -> TemplateValue {
    var bounds: [Int] = []
    for value in arguments.places {
      guard case .integer(let bound)? = number(value) else {
        throw TemplateError(.value, "a range is made of whole numbers")
      }
      bounds.append(bound)
    }
    guard (1...3).contains(bounds.count) else {
      throw TemplateError(.value, "a range takes one to three numbers")
    }
    let start = bounds.count > 1 ? bounds[0] : 0
    let end = bounds.count > 1 ? bounds[1] : bounds[0]
    let step = bounds.count > 2 ? bounds[2] : 1
    guard step != 0 else { throw TemplateError(.value, "the step of a range cannot be zero") }
    // As Jinja's sandbox: a longer one is an attack or a mistake.
    let (span, overflow) = end.subtractingReportingOverflow(start)
    guard !overflow, span != .min, step != .min, abs(span) / abs(step) < 100_000 else {
      throw TemplateError(.limit, "a range has at most 100,000 numbers")
    }
    var numbers: [TemplateValue] = []
    var value = start
    while step > 0 ? value < end : value > end {
      numbers.append(.integer(value))
      let next = value.addingReportingOverflow(step)
      if next.overflow { break }
      value = next.partialValue
    }
    return try make(numbers)
  }

  private func call(
    _ method: TemplateMethod,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    switch method.receiver {
    case .text(let text): return try call(method.name, text, arguments)
    case .dictionary(let dictionary): return try call(method.name, dictionary, arguments)
    case .list(let list):
      if method.name == "copy" { return method.receiver }
      guard let wanted = arguments.places.first else {
        throw TemplateError(.value, "'\(method.name)' needs a value")
      }
      var found: [Int] = []
      for (place, item) in list.items.enumerated() where try equal(item, wanted) {
        found.append(place)
      }
      if method.name == "count" { return .integer(found.count) }
      guard let first = found.first else {
        throw TemplateError(.value, "the value looked for is not in the list")
      }
      return .integer(first)
    case .loop(let place):
      if method.name == "cycle" {
        guard !arguments.places.isEmpty else {
          throw TemplateError(.value, "'cycle' needs values")
        }
        return arguments.places[loops[place].place % arguments.places.count]
      }
      let now = try make(arguments.places, .tuple)
      if let last = loops[place].last, try equal(last, now) { return .flag(false) }
      loops[place].last = now
      return .flag(true)
    default: throw TemplateError(.value, "'\(method.name)' cannot be called")
    }
  }

  private func call(
    _ name: String,
    _ dictionary: TemplateDictionary,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    try charge(name == "get" ? 0 : dictionary.count * 96)
    switch name {
    case "get":
      guard let wanted = arguments.places.first else {
        throw TemplateError(.value, "'get' needs a name")
      }
      let standard = arguments.places.count > 1 ? arguments.places[1] : .none
      if case .undefined = wanted { return standard }
      return dictionary[try key(wanted)] ?? standard
    case "keys": return .list(TemplateList(dictionary.entries.map(\.key), .view))
    case "values": return .list(TemplateList(dictionary.entries.map(\.value), .view))
    case "items": return .list(TemplateList(pairs(dictionary), .view))
    default: return .dictionary(dictionary)
    }
  }

  func pairs(_ dictionary: TemplateDictionary) -> [TemplateValue] {
    dictionary.entries.map { .list(TemplateList([$0.key, $0.value], .tuple)) }
  }
}
