/// Filters: `value | name(arguments)`.
extension TemplateInterpreter {
  static let filters: Set<String> = [
    "abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e",
    "escape", "first", "float", "forceescape", "format", "groupby", "indent", "int", "items",
    "join", "last", "length", "list", "lower", "map", "max", "min", "pprint", "reject",
    "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice", "sort",
    "string", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "wordcount",
  ]

  func filter(
    _ name: String,
    _ value: TemplateValue,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "default", "d":
      let standard = arguments.value(0, "default_value") ?? .text("")
      if case .undefined = value { return standard }
      let falsyToo = arguments.value(1, "boolean").map(isTrue) ?? false
      return falsyToo && !isTrue(value) ? standard : value
    case "length", "count": return .integer(try length(value))
    case "tojson": return try toJSON(value, arguments)
    case "list": return try make(try items(of: value))
    case "items":
      switch value {
      case .undefined: return .list(TemplateList([], .generator))
      case .dictionary(let dictionary):
        try charge(dictionary.count * 96)
        return .list(TemplateList(pairs(dictionary), .generator))
      default: throw TemplateError(.value, "\(typeName(value)) has no entries")
      }
    case "trim", "lower", "upper", "capitalize", "title", "string", "safe", "e", "escape",
      "forceescape", "replace", "indent", "format", "center", "truncate", "wordcount":
      return try textFilter(name, value, arguments)
    case "int", "float", "abs", "round": return try numberFilter(name, value, arguments)
    case "attr":
      guard case .text(let attributeName)? = arguments.places.first else {
        throw TemplateError(.value, "'attr' needs a name")
      }
      if case .dictionary = value, !Self.dictionaryMethods.contains(attributeName.string) {
        return .undefined(attributeName.string)
      }
      return try attribute(attributeName, of: value)
    case "pprint":
      var bytes: [UInt8] = []
      try represent(value, into: &bytes)
      return .text(TemplateText(bytes: bytes))
    default: return try sequenceFilter(name, value, arguments)
    }
  }

  private func toJSON(
    _ value: TemplateValue,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    var style = JSONStyle(comma: Array(", ".utf8), colon: Array(": ".utf8))
    style.ascii = arguments.value(0, "ensure_ascii").map(isTrue) ?? false
    switch arguments.value(1, "indent") {
    case nil, TemplateValue.none?: break
    case .text(let text)?: style.indent = text.bytes
    case let width?:
      style.indent = Array(repeating: 0x20, count: min(64, max(0, try integer(width))))
    }
    if style.indent != nil { style.comma = Array(",".utf8) }
    switch arguments.value(2, "separators") {
    case .list(let list)? where list.items.count == 2:
      style.comma = try show(list.items[0]).bytes
      style.colon = try show(list.items[1]).bytes
    case nil, TemplateValue.none?: break
    default: throw TemplateError(.value, "separators are two strings")
    }
    style.sorted = arguments.value(3, "sort_keys").map(isTrue) ?? false
    var bytes: [UInt8] = []
    try json(value, style, into: &bytes)
    return .text(TemplateText(bytes: bytes))
  }

  // MARK: Text

  private func textFilter(
    _ name: String,
    _ value: TemplateValue,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    let text = try show(value)
    try charge(text.bytes.count)
    switch name {
    case "trim":
      switch arguments.value(0, "chars") {
      case .text(let set)?: return .text(text.trimmed(set))
      default: return .text(text.trimmed())
      }
    case "lower": return .text(text.lowercased)
    case "upper": return .text(text.uppercased)
    case "capitalize": return .text(text.capitalized)
    case "title": return .text(text.titledWords)
    case "string": return .text(text)
    case "safe": return .text(TemplateText(bytes: text.bytes, isMarkup: true))
    case "e", "escape": return try make(text.escaped)
    case "forceescape": return try make(TemplateText(bytes: text.bytes).escaped)
    case "replace":
      guard let old = arguments.value(0, "old"), let new = arguments.value(1, "new") else {
        throw TemplateError(.value, "'replace' needs what to replace, and by what")
      }
      let limit = arguments.value(2, "count")
      var times = -1
      if let limit, case .integer(let count)? = number(limit) { times = count }
      return try replace(
        TemplateText(bytes: text.bytes),
        try show(old),
        try show(new),
        limit: times
      )
    case "indent": return try indent(text, arguments)
    case "format":
      return try make(
        try percent(
          text,
          arguments.names.isEmpty
            ? .list(TemplateList(arguments.places, .tuple)) : .dictionary(arguments.names)
        )
      )
    case "center":
      var call = TemplateCall()
      call.places = [arguments.value(0, "width") ?? .integer(80)]
      return try self.call("center", text, call)
    case "wordcount": return .integer(text.words().count)
    default: return try truncate(text, arguments)
    }
  }

  private func indent(
    _ text: TemplateText,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    var prefix = [UInt8](repeating: 0x20, count: 4)
    switch arguments.value(0, "width") {
    case .text(let text)?: prefix = text.bytes
    case let width?:
      let count = max(0, try integer(width))
      try charge(count)
      prefix = Array(repeating: 0x20, count: count)
    case nil: break
    }
    let first = arguments.value(1, "first").map(isTrue) ?? false
    let blank = arguments.value(2, "blank").map(isTrue) ?? false
    // A newline is added for the split, as Jinja does, so that a last one is kept.
    let lines = TemplateText(bytes: text.bytes + [0x0A]).lines()
    try charge(lines.count.multipliedReportingOverflow(by: prefix.count + 1).partialValue)
    var out: [UInt8] = first ? prefix : []
    for (index, line) in lines.enumerated() {
      if index > 0 {
        out.append(0x0A)
        if blank || !line.bytes.isEmpty { out += prefix }
      }
      out += line.bytes
    }
    return .text(TemplateText(bytes: out, isMarkup: text.isMarkup))
  }

  private func truncate(
    _ text: TemplateText,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    let length = try integer(arguments.value(0, "length") ?? .integer(255))
    let kills = arguments.value(1, "killwords").map(isTrue) ?? false
    let end = try show(arguments.value(2, "end") ?? .text("..."))
    let leeway = try integer(arguments.value(3, "leeway") ?? .integer(5))
    let characters = text.characters
    let (allowed, overflow) = length.addingReportingOverflow(leeway)
    if overflow || characters.count <= allowed { return .text(text) }
    guard length >= end.count else {
      throw TemplateError(.value, "'truncate' cuts to less than its end")
    }
    var bytes = characters.prefix(length - end.count).flatMap(\.bytes)
    if !kills, let space = bytes.lastIndex(of: 0x20) { bytes = Array(bytes[..<space]) }
    return .text(TemplateText(bytes: bytes + end.bytes))
  }

  // MARK: Numbers

  private func numberFilter(
    _ name: String,
    _ value: TemplateValue,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "int":
      let standard = arguments.value(0, "default") ?? .integer(0)
      switch value {
      case .text(let text):
        var base = 10
        if let given = arguments.value(1, "base") { base = min(36, max(2, try integer(given))) }
        var digits = text.trimmed().string.filter { $0 != "_" }
        let prefixes = [16: "0x", 8: "0o", 2: "0b"]
        if let prefix = prefixes[base], digits.lowercased().hasPrefix(prefix) {
          digits.removeFirst(2)
        }
        if let number = Int(digits, radix: base) { return .integer(number) }
        if let real = Self.real(text), let whole = Int(exactly: real.rounded(.towardZero)) {
          return .integer(whole)
        }
        return standard
      default:
        if case .undefined(let name) = value { throw undefined(name) }
        guard let number = number(value) else { return standard }
        guard case .real(let real) = number else { return number }
        return Int(exactly: real.rounded(.towardZero)).map { .integer($0) } ?? standard
      }
    case "float":
      let standard = arguments.value(0, "default") ?? .real(0)
      if case .undefined(let name) = value { throw undefined(name) }
      if case .text(let text) = value { return Self.real(text).map { .real($0) } ?? standard }
      return number(value).map { .real(real($0)) } ?? standard
    case "abs":
      switch number(value) {
      case .integer(let number)?:
        guard number != .min else { throw TemplateError(.limit, "a number becomes too large") }
        return .integer(abs(number))
      case .real(let number)?: return .real(number.magnitude)
      default: throw TemplateError(.value, "\(typeName(value)) has no size")
      }
    default: return try round(value, arguments)
    }
  }

  private func round(
    _ value: TemplateValue,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    guard let number = number(value) else {
      throw TemplateError(.value, "\(typeName(value)) cannot be rounded")
    }
    let digits = try integer(arguments.value(0, "precision") ?? .integer(0))
    let method = try show(arguments.value(1, "method") ?? .text("common")).string
    if method == "common", case .integer = number, digits >= 0 { return number }
    guard (0...15).contains(digits) else {
      throw TemplateError(.value, "a number is rounded to 0 to 15 digits")
    }
    let real = real(number)
    if method == "common" {
      guard let rounded = Double(try fixed(real, digits)) else { return .real(real) }
      return .real(rounded)
    }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return .real((real * scale).rounded(method == "ceil" ? .up : .down) / scale)
  }

  private static func real(_ text: TemplateText) -> Double? {
    let digits = text.trimmed().string.filter { $0 != "_" }
    guard !digits.lowercased().hasPrefix("0x"), !digits.isEmpty else { return nil }
    return Double(digits)
  }
}
