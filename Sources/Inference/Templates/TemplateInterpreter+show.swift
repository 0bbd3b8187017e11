/// Values as text: Python's `str` and `repr`, and `json.dumps`.
extension TemplateInterpreter {
  /// What `{{ value }}` writes.
  func show(_ value: TemplateValue) throws(TemplateError) -> TemplateText {
    switch value {
    case .undefined: return TemplateText(bytes: [])
    case .text(let text): return text
    default:
      var bytes: [UInt8] = []
      try represent(value, into: &bytes)
      return TemplateText(bytes: bytes)
    }
  }

  func represent(_ value: TemplateValue, into out: inout [UInt8]) throws(TemplateError) {
    try step()
    let before = out.count
    switch value {
    case .undefined: out += "Undefined".utf8
    case .none: out += "None".utf8
    case .flag(let flag): out += (flag ? "True" : "False").utf8
    case .integer(let number): out += String(number).utf8
    case .real(let number): out += Self.python(number).utf8
    case .text(let text): Self.quote(text, into: &out)
    case .list(let list): try represent(list, into: &out)
    case .dictionary(let dictionary): try represent(dictionary, into: &out)
    case .namespace(let place):
      out += "<Namespace ".utf8
      let held = namespaces[place]
      try deeper { () throws(TemplateError) in try represent(held, into: &out) }
      out += ">".utf8
    case .loop(let place):
      out += "<LoopContext \(loops[place].place + 1)/\(loops[place].items.count)>".utf8
    case .macro(let place): out += "<Macro '\(macros[place].macro.name)'>".utf8
    case .function(let function): out += "<function \(function.rawValue)>".utf8
    case .method(let method): out += "<built-in method \(method.name)>".utf8
    }
    if value.depth == 0 { try charge(out.count - before) }
  }

  private func represent(_ list: TemplateList, into out: inout [UInt8]) throws(TemplateError) {
    if list.kind == .generator {
      out += "<generator object>".utf8
      return
    }
    out.append(list.kind == .tuple ? 0x28 : 0x5B)
    for (index, item) in list.items.enumerated() {
      if index > 0 { out += ", ".utf8 }
      try represent(item, into: &out)
    }
    if list.kind == .tuple, list.items.count == 1 { out.append(UInt8(ascii: ",")) }
    out.append(list.kind == .tuple ? 0x29 : 0x5D)
  }

  private func represent(
    _ dictionary: TemplateDictionary,
    into out: inout [UInt8]
  ) throws(TemplateError) {
    out.append(UInt8(ascii: "{"))
    for (index, entry) in dictionary.entries.enumerated() {
      if index > 0 { out += ", ".utf8 }
      try represent(entry.key, into: &out)
      out += ": ".utf8
      try represent(entry.value, into: &out)
    }
    out.append(UInt8(ascii: "}"))
  }

  /// A number as Python's `repr` writes it: the shortest digits, plain from 1e-4 up to 1e16.
  static func python(_ number: Double) -> String {
    if number.isNaN { return "nan" }
    if number.isInfinite { return number < 0 ? "-inf" : "inf" }
    // Swift writes the same digits; where the point and the exponent stand differs.
    var text = number.magnitude.description
    var exponent = 0
    if let mark = text.firstIndex(of: "e") {
      exponent = Int(text[text.index(after: mark)...]) ?? 0
      text = String(text[..<mark])
    }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    var digits = Array(parts.joined().utf8)
    // The value is 0.d1d2d3… times ten to the power of `point`.
    var point = (parts.first?.utf8.count ?? 0) + exponent
    while digits.count > 1, digits.first == 0x30 {
      digits.removeFirst()
      point -= 1
    }
    while digits.count > 1, digits.last == 0x30 { digits.removeLast() }
    let sign = number.sign == .minus ? "-" : ""
    if digits == [0x30] { return sign + "0.0" }
    let all = String(decoding: digits, as: UTF8.self)
    if point > 16 || point < -3 {
      let power = point - 1
      let rest = all.dropFirst()
      let size = String(abs(power))
      return sign + all.prefix(1) + (rest.isEmpty ? "" : "." + rest) + "e" + (power < 0 ? "-" : "+")
        + (size.utf8.count < 2 ? "0" : "") + size
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + all }
    if digits.count <= point {
      return sign + all + String(repeating: "0", count: point - digits.count) + ".0"
    }
    return sign + all.prefix(point) + "." + all.dropFirst(point)
  }

  private static func hex(_ value: UInt32, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  /// A string as `repr` quotes it.
  private static func quote(_ text: TemplateText, into out: inout [UInt8]) {
    let single = UInt8(ascii: "'")
    let double = UInt8(ascii: "\"")
    let mark = text.bytes.contains(single) && !text.bytes.contains(double) ? double : single
    out.append(mark)
    for scalar in text.string.unicodeScalars {
      switch scalar {
      case "\\": out += "\\\\".utf8
      case "\n": out += "\\n".utf8
      case "\r": out += "\\r".utf8
      case "\t": out += "\\t".utf8
      case "'" where mark == single: out += "\\'".utf8
      default:
        if (0x20..<0x7F).contains(scalar.value) {
          out.append(UInt8(truncatingIfNeeded: scalar.value))
        } else if isPrintable(scalar) {
          out += Array(String(Character(scalar)).utf8)
        } else if scalar.value < 0x100 {
          out += "\\x\(hex(scalar.value, 2))".utf8
        } else if scalar.value < 0x10000 {
          out += "\\u\(hex(scalar.value, 4))".utf8
        } else {
          out += "\\U\(hex(scalar.value, 8))".utf8
        }
      }
    }
    out.append(mark)
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }

  // MARK: JSON

  struct JSONStyle {
    var ascii = false
    var indent: [UInt8]? = nil
    var comma: [UInt8]
    var colon: [UInt8]
    var sorted = false
  }

  /// `json.dumps`, with what `apply_chat_template` sets: text stays as it is.
  func json(
    _ value: TemplateValue,
    _ style: JSONStyle,
    level: Int = 0,
    into out: inout [UInt8]
  ) throws(TemplateError) {
    try step()
    let before = out.count
    switch value {
    case .none: out += "null".utf8
    case .flag(let flag): out += (flag ? "true" : "false").utf8
    case .integer(let number): out += String(number).utf8
    case .real(let number): out += Self.json(number).utf8
    case .text(let text): Self.jsonQuote(text, ascii: style.ascii, into: &out)
    case .list(let list) where list.hasPlaces:
      try json(list.items.map { (nil, $0) }, 0x5B, 0x5D, style, level, into: &out)
    case .dictionary(let dictionary):
      var entries = dictionary.entries
      if style.sorted { entries = try sorted(entries) { $0.key } }
      var items: [(TemplateText?, TemplateValue)] = []
      for entry in entries { items.append((try jsonKey(entry.key), entry.value)) }
      try json(items, 0x7B, 0x7D, style, level, into: &out)
    default:
      throw TemplateError(.value, "\(typeName(value)) cannot be written as JSON")
    }
    if value.depth == 0 { try charge(out.count - before) }
  }

  private func json(
    _ items: [(TemplateText?, TemplateValue)],
    _ open: UInt8,
    _ close: UInt8,
    _ style: JSONStyle,
    _ level: Int,
    into out: inout [UInt8]
  ) throws(TemplateError) {
    out.append(open)
    func newline(_ level: Int, _ out: inout [UInt8]) throws(TemplateError) {
      guard let indent = style.indent else { return }
      try charge(indent.count * level + 1)
      out.append(0x0A)
      for _ in 0..<level { out += indent }
    }
    for (index, (key, item)) in items.enumerated() {
      if index > 0 { out += style.comma }
      try newline(level + 1, &out)
      if let key {
        Self.jsonQuote(key, ascii: style.ascii, into: &out)
        out += style.colon
      }
      try json(item, style, level: level + 1, into: &out)
    }
    if !items.isEmpty { try newline(level, &out) }
    out.append(close)
  }

  private func jsonKey(_ key: TemplateValue) throws(TemplateError) -> TemplateText {
    switch key {
    case .text(let text): return text
    case .none: return "null"
    case .flag(let flag): return flag ? "true" : "false"
    case .integer(let number): return TemplateText(String(number))
    case .real(let number): return TemplateText(Self.json(number))
    default: throw TemplateError(.value, "\(typeName(key)) cannot be a name in JSON")
    }
  }

  private static func json(_ number: Double) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
    return python(number)
  }

  static func jsonQuote(_ text: TemplateText, ascii: Bool, into out: inout [UInt8]) {
    out.append(0x22)
    for scalar in text.string.unicodeScalars {
      switch scalar.value {
      case 0x22: out += "\\\"".utf8
      case 0x5C: out += "\\\\".utf8
      case 0x0A: out += "\\n".utf8
      case 0x0D: out += "\\r".utf8
      case 0x09: out += "\\t".utf8
      case 0x08: out += "\\b".utf8
      case 0x0C: out += "\\f".utf8
      case 0..<0x20: out += "\\u\(hex(scalar.value, 4))".utf8
      case 0x20..<0x7F: out.append(UInt8(truncatingIfNeeded: scalar.value))
      default:
        if ascii {
          for unit in String(Character(scalar)).utf16 { out += "\\u\(hex(UInt32(unit), 4))".utf8 }
        } else {
          out += Array(String(Character(scalar)).utf8)
        }
      }
    }
    out.append(0x22)
  }
}
