/// The methods of strings, as Python has them.
extension TemplateInterpreter {
  func call(
    _ name: String,
    _ text: TemplateText,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    try charge(text.bytes.count)
    switch name {
    case "capitalize": return .text(text.capitalized)
    case "casefold", "lower": return .text(text.lowercased)
    case "upper": return .text(text.uppercased)
    case "title": return .text(text.titled)
    case "swapcase": return .text(text.swappedCase)
    case "strip", "lstrip", "rstrip":
      return .text(
        text.trimmed(try set(arguments), start: name != "rstrip", end: name != "lstrip")
      )
    case "removeprefix":
      let part = try string(0, "prefix", arguments)
      return .text(
        text.hasPrefix(part) ? TemplateText(text.bytes.dropFirst(part.bytes.count)) : text
      )
    case "removesuffix":
      let part = try string(0, "suffix", arguments)
      return .text(
        text.hasSuffix(part) ? TemplateText(text.bytes.dropLast(part.bytes.count)) : text
      )
    case "startswith", "endswith": return .flag(try matches(name == "startswith", text, arguments))
    case "isalnum": return .flag(text.isAlphanumeric)
    case "isalpha": return .flag(text.isAlpha)
    case "isdecimal": return .flag(text.isDecimal)
    case "isdigit": return .flag(text.isDigit)
    case "isnumeric": return .flag(text.isNumeric)
    case "isspace": return .flag(text.isSpace)
    case "islower": return .flag(text.isLower)
    case "isupper": return .flag(text.isUpper)
    case "find", "index", "rfind", "rindex", "count": return try find(name, text, arguments)
    case "split", "rsplit": return try split(text, arguments, fromEnd: name == "rsplit")
    case "splitlines":
      let keeps = arguments.value(0, "keepends").map(isTrue) ?? false
      return try make(text.lines(keepingEnds: keeps).map { .text($0) })
    case "partition", "rpartition":
      return try partition(text, try string(0, "sep", arguments), fromEnd: name == "rpartition")
    case "replace":
      let (old, new) = (try string(0, "old", arguments), try string(1, "new", arguments))
      let limit = try arguments.value(2, "count").map { (v) throws(TemplateError) in
        try integer(v)
      }
      return try replace(text, old, new, limit: limit ?? -1)
    case "join":
      return try join(try items(of: arguments.value(0, "iterable") ?? .none), text, strict: true)
    case "center", "ljust", "rjust", "zfill": return try pad(name, text, arguments)
    case "format": return try make(try format(text, arguments))
    default: throw TemplateError(.value, "the method '\(name)' of a string is not known here")
    }
  }

  // MARK: Arguments

  func string(
    _ place: Int,
    _ name: String,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateText {
    guard case .text(let text)? = arguments.value(place, name) else {
      throw TemplateError(.value, "a method of a string needs a string as '\(name)'")
    }
    return text
  }

  func integer(_ value: TemplateValue) throws(TemplateError) -> Int {
    guard case .integer(let number)? = number(value) else {
      throw TemplateError(.value, "\(typeName(value)) stands where a whole number should")
    }
    return number
  }

  private func set(_ arguments: TemplateCall) throws(TemplateError) -> TemplateText? {
    switch arguments.value(0, "chars") {
    case nil, TemplateValue.none?: return nil
    case .text(let text)?: return text
    case let other?: throw TemplateError(.value, "\(typeName(other)) stands where a string should")
    }
  }

  // MARK: Methods

  private func matches(
    _ start: Bool,
    _ text: TemplateText,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> Bool {
    var candidates: [TemplateValue] = []
    switch arguments.value(0, "prefix") {
    case .list(let list)? where list.kind == .tuple: candidates = list.items
    case let value?: candidates = [value]
    case nil: break
    }
    for candidate in candidates {
      guard case .text(let part) = candidate else {
        throw TemplateError(.value, "\(typeName(candidate)) stands where a string should")
      }
      if start ? text.hasPrefix(part) : text.hasSuffix(part) { return true }
    }
    return false
  }

  private func find(
    _ name: String,
    _ text: TemplateText,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    let part = try string(0, "sub", arguments)
    try step(text.bytes.count / 16)
    if name == "count" { return .integer(text.occurrences(of: part.bytes)) }
    let found = name.hasPrefix("r") ? text.findLast(part.bytes) : text.find(part.bytes)
    guard let found else {
      if name.hasSuffix("index") {
        throw TemplateError(.value, "the part looked for is not in the string")
      }
      return .integer(-1)
    }
    return .integer(TemplateText(text.bytes[..<found]).count)
  }

  private func split(
    _ text: TemplateText,
    _ arguments: TemplateCall,
    fromEnd: Bool
  ) throws(TemplateError) -> TemplateValue {
    let limit = try arguments.value(1, "maxsplit").map { (v) throws(TemplateError) in
      try integer(v)
    }
    switch arguments.value(0, "sep") {
    case nil, TemplateValue.none?:
      return try make(text.words(limit: limit ?? -1, fromEnd: fromEnd).map { .text($0) })
    case .text(let separator)?:
      guard !separator.bytes.isEmpty else {
        throw TemplateError(.value, "a string cannot be split by nothing")
      }
      return try make(
        text.split(by: separator.bytes, limit: limit ?? -1, fromEnd: fromEnd).map { .text($0) }
      )
    case let other?: throw TemplateError(.value, "\(typeName(other)) cannot split a string")
    }
  }

  private func partition(
    _ text: TemplateText,
    _ separator: TemplateText,
    fromEnd: Bool
  ) throws(TemplateError) -> TemplateValue {
    let found = fromEnd ? text.findLast(separator.bytes) : text.find(separator.bytes)
    guard let found, !separator.bytes.isEmpty else {
      let nothing = TemplateValue.text("")
      return try make(
        fromEnd ? [nothing, nothing, .text(text)] : [.text(text), nothing, nothing],
        .tuple
      )
    }
    return try make(
      [
        .text(TemplateText(text.bytes[..<found])), .text(separator),
        .text(TemplateText(text.bytes[(found + separator.bytes.count)...])),
      ],
      .tuple
    )
  }

  func replace(
    _ text: TemplateText,
    _ old: TemplateText,
    _ new: TemplateText,
    limit: Int = -1
  ) throws(TemplateError) -> TemplateValue {
    let places = text.occurrences(of: old.bytes)
    let (size, overflow) = places.multipliedReportingOverflow(by: new.bytes.count)
    try charge(overflow ? .max : size)
    return try make(text.replacing(old.bytes, with: new.bytes, limit: limit))
  }

  /// The items with `separator` between them; `strict` as `str.join`, which takes strings only.
  func join(
    _ items: [TemplateValue],
    _ separator: TemplateText,
    strict: Bool
  ) throws(TemplateError) -> TemplateValue {
    var bytes: [UInt8] = []
    for (index, item) in items.enumerated() {
      if strict, case .text = item {
      } else if strict {
        throw TemplateError(.value, "\(typeName(item)) stands among strings to join")
      }
      let shown = try show(item)
      try charge(shown.bytes.count + separator.bytes.count + 8)
      if index > 0 { bytes += separator.bytes }
      bytes += shown.bytes
    }
    return .text(TemplateText(bytes: bytes))
  }

  private func pad(
    _ name: String,
    _ text: TemplateText,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    guard let width = arguments.value(0, "width") else {
      throw TemplateError(.value, "'\(name)' needs a width")
    }
    let missing = max(0, try integer(width) - text.count)
    try charge(missing)
    var fill = TemplateText(name == "zfill" ? "0" : " ")
    if name != "zfill", arguments.value(1, "fillchar") != nil {
      fill = try string(1, "fillchar", arguments)
    }
    guard fill.count == 1 else { throw TemplateError(.value, "'\(name)' fills with one character") }
    func filler(_ count: Int) -> [UInt8] {
      Array(repeatElement(fill.bytes, count: count).joined())
    }
    switch name {
    case "ljust": return .text(TemplateText(bytes: text.bytes + filler(missing)))
    case "rjust": return .text(TemplateText(bytes: filler(missing) + text.bytes))
    case "center":
      // Python puts the odd one to the left where the width is odd.
      let left = missing / 2 + (missing & 1 & (text.count + missing))
      return .text(TemplateText(bytes: filler(left) + text.bytes + filler(missing - left)))
    default:
      let signs = text.bytes.first == 0x2B || text.bytes.first == 0x2D ? 1 : 0
      return .text(
        TemplateText(
          bytes: text.bytes.prefix(signs) + filler(missing) + text.bytes.dropFirst(signs)
        )
      )
    }
  }
}
