/// `'{}'.format(…)` and `'%s' % …`.
extension TemplateInterpreter {
  /// Replaces `{}`, `{0}`, `{name}` and `{:spec}`; parts of a value (`{0.x}`) are not known here.
  func format(_ text: TemplateText, _ arguments: TemplateCall) throws(TemplateError) -> TemplateText
  {
    var out: [UInt8] = []
    let bytes = text.bytes
    var at = 0
    var automatic = 0
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      guard byte == 0x7B || byte == 0x7D else {
        out.append(byte)
        continue
      }
      if at < bytes.count, bytes[at] == byte {
        out.append(byte)
        at += 1
        continue
      }
      guard byte == 0x7B, let end = bytes[at...].firstIndex(of: 0x7D) else {
        throw TemplateError(.value, "a single brace stands in a format")
      }
      var field = bytes[at..<end]
      at = end + 1
      var spec: ArraySlice<UInt8> = []
      if let colon = field.firstIndex(of: 0x3A) {
        spec = field[(colon + 1)...]
        field = field[..<colon]
      }
      var represents = false
      if field.suffix(2).elementsEqual([0x21, 0x72]) {
        represents = true
        field = field.dropLast(2)
      } else if field.suffix(2).elementsEqual([0x21, 0x73]) {
        field = field.dropLast(2)
      }
      let name = String(decoding: field, as: UTF8.self)
      let found: TemplateValue?
      if name.isEmpty || Int(name) != nil {
        let place = Int(name) ?? automatic
        if name.isEmpty { automatic += 1 }
        found = arguments.places.indices.contains(place) ? arguments.places[place] : nil
      } else {
        found = arguments.names.last { $0.0 == name }?.1
      }
      guard let found else {
        throw TemplateError(.value, "the format has no value for '{\(name)}'")
      }
      var shown = found
      if represents {
        var bytes: [UInt8] = []
        try represent(found, into: &bytes)
        shown = .text(TemplateText(bytes: bytes))
      }
      out += try formatted(shown, spec: String(decoding: spec, as: UTF8.self)).bytes
      try charge(16)
    }
    return TemplateText(bytes: out)
  }

  /// `[[fill]align][sign][0][width][,][.precision][type]`.
  private func formatted(
    _ value: TemplateValue,
    spec: String
  ) throws(TemplateError) -> TemplateText {
    if spec.isEmpty { return try show(value) }
    var rest = Array(spec.unicodeScalars)[...]
    var fill: Unicode.Scalar = " "
    var align: Unicode.Scalar? = nil
    let aligns: [Unicode.Scalar] = ["<", ">", "^", "="]
    if rest.count > 1, aligns.contains(rest[rest.startIndex + 1]) {
      fill = rest.removeFirst()
      align = rest.removeFirst()
    } else if let first = rest.first, aligns.contains(first) {
      align = rest.removeFirst()
    }
    var sign = ""
    if rest.first == "+" || rest.first == " " { sign = String(rest.removeFirst()) }
    if rest.first == "-" { rest.removeFirst() }
    if rest.first == "0" {
      rest.removeFirst()
      if align == nil { (fill, align) = ("0", "=") }
    }
    func digits() -> Int? {
      var text = ""
      while let first = rest.first, ("0"..."9").contains(first) {
        text.unicodeScalars.append(first)
        rest.removeFirst()
      }
      return text.isEmpty ? nil : Int(text) ?? .max
    }
    let width = digits() ?? 0
    let groups = rest.first == ","
    if groups { rest.removeFirst() }
    var precision: Int? = nil
    if rest.first == "." {
      rest.removeFirst()
      precision = digits()
    }
    let kind = rest.popFirst()
    guard rest.isEmpty else {
      throw TemplateError(.value, "the format '\(spec)' is not known here")
    }
    var text = try body(value, kind: kind, precision: precision, spec: spec)
    if groups { text = grouped(text) }
    let isNumber = number(value) != nil
    if isNumber, !text.hasPrefix("-") { text = sign + text }
    let missing = width - text.unicodeScalars.count
    guard missing > 0 else { return TemplateText(text) }
    try charge(missing)
    func filler(_ count: Int) -> String { String(repeating: String(fill), count: count) }
    switch align ?? (isNumber ? ">" : "<") {
    case "<": return TemplateText(text + filler(missing))
    case "^":
      return TemplateText(filler(missing / 2) + text + filler(missing - missing / 2))
    case "=":
      let signs = text.hasPrefix("-") || text.hasPrefix("+") ? 1 : 0
      return TemplateText(text.prefix(signs) + filler(missing) + text.dropFirst(signs))
    default: return TemplateText(filler(missing) + text)
    }
  }

  private func body(
    _ value: TemplateValue,
    kind: Unicode.Scalar?,
    precision: Int?,
    spec: String
  ) throws(TemplateError) -> String {
    switch (kind, number(value)) {
    case ("f"?, let number?), ("F"?, let number?):
      return try fixed(real(number), precision ?? 6)
    case ("%"?, let number?): return try fixed(real(number) * 100, precision ?? 6) + "%"
    case ("d"?, .integer(let number)?), (nil, .integer(let number)?): return String(number)
    case ("x"?, .integer(let number)?): return String(number, radix: 16)
    case ("X"?, .integer(let number)?): return String(number, radix: 16, uppercase: true)
    case ("b"?, .integer(let number)?): return String(number, radix: 2)
    case ("o"?, .integer(let number)?): return String(number, radix: 8)
    case (nil, .real?) where precision == nil: return try show(value).string
    case (nil, nil), ("s"?, nil):
      let text = try show(value)
      guard let precision else { return text.string }
      return String(String.UnicodeScalarView(text.string.unicodeScalars.prefix(precision)))
    default: throw TemplateError(.value, "the format '\(spec)' does not suit \(typeName(value))")
    }
  }

  /// A number with so many digits behind the point, rounded half to even on its exact value.
  func fixed(_ number: Double, _ precision: Int) throws(TemplateError) -> String {
    guard number.isFinite else { return Self.python(number) }
    guard precision <= 15, number.magnitude < 1e15 else {
      throw TemplateError(.limit, "a number has too many digits for a format")
    }
    var scale = 1.0
    for _ in 0..<precision { scale *= 10 }
    // The product's own rounding error decides where the digits end on a half.
    let product = number.magnitude * scale
    let error = (-product).addingProduct(number.magnitude, scale)
    var whole = product.rounded(.down)
    let part = (product - whole) + error
    if part > 0.5 || (part == 0.5 && whole.truncatingRemainder(dividingBy: 2) != 0) { whole += 1 }
    if part < 0 { whole -= 1 }
    guard whole < 9e18 else {
      throw TemplateError(.limit, "a number has too many digits for a format")
    }
    var digits = String(Int(whole))
    digits = String(repeating: "0", count: max(0, precision + 1 - digits.utf8.count)) + digits
    let head = digits.dropLast(precision)
    let sign = number.sign == .minus ? "-" : ""
    return sign + head + (precision > 0 ? "." + digits.suffix(precision) : "")
  }

  private func grouped(_ text: String) -> String {
    let sign = text.hasPrefix("-") ? "-" : ""
    let parts = text.dropFirst(sign.count).split(separator: ".", maxSplits: 1)
    guard let whole = parts.first else { return text }
    var result = ""
    for (index, digit) in whole.enumerated() {
      if index > 0, (whole.count - index) % 3 == 0 { result += "," }
      result.append(digit)
    }
    return sign + result + (parts.count > 1 ? "." + parts[1] : "")
  }

  /// `format % values`, with `%s %d %i %r %f %x %%`, widths and precisions.
  func percent(_ format: TemplateText, _ value: TemplateValue) throws(TemplateError) -> TemplateText
  {
    var values: [TemplateValue] = [value]
    if case .list(let list) = value, list.kind == .tuple { values = list.items }
    var named: TemplateDictionary? = nil
    if case .dictionary(let dictionary) = value { named = dictionary }
    var out: [UInt8] = []
    var used = 0
    var at = 0
    let bytes = format.bytes
    while at < bytes.count {
      guard bytes[at] == 0x25 else {
        out.append(bytes[at])
        at += 1
        continue
      }
      at += 1
      var chosen: TemplateValue? = nil
      if at < bytes.count, bytes[at] == 0x28, let end = bytes[at...].firstIndex(of: 0x29) {
        chosen = named?[.text(Array(bytes[(at + 1)..<end]))]
        guard chosen != nil else { throw TemplateError(.value, "a format names a missing value") }
        at = end + 1
      }
      var spec = ""
      while at < bytes.count,
        bytes[at] == 0x2D || bytes[at] == 0x2B || (0x2E...0x39).contains(bytes[at])
      {
        spec.unicodeScalars.append(Unicode.Scalar(bytes[at]))
        at += 1
      }
      guard at < bytes.count else { throw TemplateError(.value, "a format ends too early") }
      let kind = bytes[at]
      at += 1
      if kind == 0x25 {
        out.append(0x25)
        continue
      }
      if chosen == nil {
        guard used < values.count else {
          throw TemplateError(.value, "a format has too few values")
        }
        chosen = values[used]
        used += 1
      }
      guard var shown = chosen else { continue }
      var letter = ""
      switch kind {
      case UInt8(ascii: "s"): shown = .text(try show(shown))
      case UInt8(ascii: "r"):
        var text: [UInt8] = []
        try represent(shown, into: &text)
        shown = .text(TemplateText(bytes: text))
      case UInt8(ascii: "d"), UInt8(ascii: "i"):
        if case .real(let number) = shown, let whole = Int(exactly: number.rounded(.towardZero)) {
          shown = .integer(whole)
        }
        letter = "d"
      case UInt8(ascii: "f"), UInt8(ascii: "x"), UInt8(ascii: "X"), UInt8(ascii: "o"):
        letter = String(Character(Unicode.Scalar(kind)))
      default:
        throw TemplateError(.value, "a format holds a letter that is not known here")
      }
      if spec.hasPrefix("-") {
        spec = "<" + spec.dropFirst()
      } else if letter.isEmpty, !spec.isEmpty, !spec.hasPrefix(".") {
        spec = ">" + spec
      }
      out += try formatted(shown, spec: spec + letter).bytes
    }
    guard used == values.count || named != nil || (used == 0 && values.isEmpty) else {
      throw TemplateError(.value, "a format has too many values")
    }
    return TemplateText(bytes: out, isMarkup: format.isMarkup)
  }
}
