/// What values mean: truth, equality, order, items, arithmetic.
extension TemplateInterpreter {
  func isTrue(_ value: TemplateValue) -> Bool {
    switch value {
    case .undefined, .none: false
    case .flag(let flag): flag
    case .integer(let number): number != 0
    case .real(let number): number != 0
    case .text(let text): !text.bytes.isEmpty
    case .list(let list): list.kind == .generator || !list.items.isEmpty
    case .dictionary(let dictionary): dictionary.count > 0
    case .namespace, .loop, .macro, .function, .method: true
    }
  }

  /// The name of a value's type, for errors.
  func typeName(_ value: TemplateValue) -> String {
    switch value {
    case .undefined(let name): "undefined ('\(name)')"
    case .none: "none"
    case .flag: "a Boolean"
    case .integer, .real: "a number"
    case .text: "a string"
    case .list(let list): list.hasPlaces ? "a list" : "a sequence without places"
    case .dictionary: "a dictionary"
    case .namespace: "a namespace"
    case .loop: "a loop"
    case .macro, .function, .method: "a function"
    }
  }

  func undefined(_ name: String) -> TemplateError {
    TemplateError(.value, "'\(name)' is undefined")
  }

  /// A list that does not nest too deeply.
  func make(_ items: [TemplateValue], _ kind: TemplateList.Kind = .list) throws(TemplateError)
    -> TemplateValue
  {
    try charge(items.count * 32 + 32)
    let list = TemplateList(items, kind)
    guard list.depth <= 128 else {
      throw TemplateError(.limit, "more than 128 lists are inside one another")
    }
    return .list(list)
  }

  func make(_ dictionary: TemplateDictionary) throws(TemplateError) -> TemplateValue {
    try charge(dictionary.count * 64 + 32)
    guard dictionary.depth <= 128 else {
      throw TemplateError(.limit, "more than 128 dictionaries are inside one another")
    }
    return .dictionary(dictionary)
  }

  func make(_ text: TemplateText) throws(TemplateError) -> TemplateValue {
    try charge(text.bytes.count)
    return .text(text)
  }

  func key(_ value: TemplateValue) throws(TemplateError) -> TemplateKey {
    guard let key = TemplateKey(value) else {
      throw TemplateError(.value, "\(typeName(value)) cannot be the key of an entry")
    }
    return key
  }

  /// The items that a loop goes over.
  func items(of value: TemplateValue) throws(TemplateError) -> [TemplateValue] {
    switch value {
    case .undefined: return []
    case .list(let list): return list.items
    case .dictionary(let dictionary):
      try charge(dictionary.count * 32)
      return dictionary.entries.map(\.key)
    case .text(let text):
      try charge(text.bytes.count * 48)
      return text.characters.map { .text($0) }
    default: throw TemplateError(.value, "\(typeName(value)) has no items to go over")
    }
  }

  func length(_ value: TemplateValue) throws(TemplateError) -> Int {
    switch value {
    case .undefined: return 0
    case .text(let text): return text.count
    case .list(let list) where list.kind != .generator: return list.items.count
    case .dictionary(let dictionary): return dictionary.count
    default: throw TemplateError(.value, "\(typeName(value)) has no length")
    }
  }

  // MARK: Comparison

  func number(_ value: TemplateValue) -> TemplateValue? {
    switch value {
    case .flag(let flag): .integer(flag ? 1 : 0)
    case .integer, .real: value
    default: nil
    }
  }

  func equal(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateError) -> Bool {
    try step()
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.text(let left), .text(let right)):
      try step(min(left.bytes.count, right.bytes.count) / 64)
      return left == right
    case (.list(let left), .list(let right)):
      guard left.kind == right.kind, left.items.count == right.items.count else { return false }
      for (one, other) in zip(left.items, right.items) where try !equal(one, other) {
        return false
      }
      return true
    case (.dictionary(let left), .dictionary(let right)):
      guard left.count == right.count else { return false }
      for entry in left.entries {
        guard let other = right[try key(entry.key)], try equal(entry.value, other) else {
          return false
        }
      }
      return true
    case (.namespace(let left), .namespace(let right)): return left == right
    case (.macro(let left), .macro(let right)): return left == right
    case (.loop(let left), .loop(let right)): return left == right
    case (.function(let left), .function(let right)): return left == right
    default:
      switch (number(left), number(right)) {
      case (.integer(let left)?, .integer(let right)?): return left == right
      case (.real(let left)?, .real(let right)?): return left == right
      case (.real(let real)?, .integer(let whole)?), (.integer(let whole)?, .real(let real)?):
        return Int(exactly: real) == whole
      default: return false
      }
    }
  }

  /// Whether `left` comes before `right`.
  func precedes(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateError) -> Bool {
    try step()
    switch (left, right) {
    case (.text(let left), .text(let right)):
      try step(min(left.bytes.count, right.bytes.count) / 64)
      return left < right
    case (.list(let one), .list(let other)) where one.kind == other.kind && one.hasPlaces:
      for (left, right) in zip(one.items, other.items) where try !equal(left, right) {
        return try precedes(left, right)
      }
      return one.items.count < other.items.count
    case (.undefined(let name), _), (_, .undefined(let name)): throw undefined(name)
    default:
      switch (number(left), number(right)) {
      case (.integer(let left)?, .integer(let right)?): return left < right
      case (.real(let left)?, .real(let right)?): return left < right
      case (.real(let left)?, .integer(let right)?): return left < Double(right)
      case (.integer(let left)?, .real(let right)?): return Double(left) < right
      default:
        throw TemplateError(
          .value,
          "\(typeName(left)) and \(typeName(right)) have no order"
        )
      }
    }
  }

  func contains(_ container: TemplateValue, _ value: TemplateValue) throws(TemplateError) -> Bool {
    switch container {
    case .text(let text):
      guard case .text(let part) = value else {
        throw TemplateError(.value, "\(typeName(value)) cannot be in a string")
      }
      try step(text.bytes.count / 16)
      return text.find(part.bytes) != nil
    case .dictionary(let dictionary):
      if case .undefined = value { return false }
      return dictionary[try key(value)] != nil
    case .list(let list):
      for item in list.items where try equal(item, value) { return true }
      return false
    case .undefined: return false
    default: throw TemplateError(.value, "\(typeName(container)) has nothing in it")
    }
  }

  // MARK: Arithmetic

  func combine(
    _ op: TemplateExpression.Arithmetic,
    _ left: TemplateValue,
    _ right: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    switch (op, left, right) {
    case (_, .undefined(let name), _), (_, _, .undefined(let name)): throw undefined(name)
    case (.add, .text(let left), .text(let right)):
      try charge(left.bytes.count + right.bytes.count)
      return .text(left + right)
    case (.add, .list(let one), .list(let other)) where one.kind == other.kind && one.hasPlaces:
      try charge((one.items.count + other.items.count) * 32)
      return try make(one.items + other.items, one.kind)
    case (.multiply, .text(let text), _), (.multiply, _, .text(let text)):
      guard case .integer(let count)? = number(isText(left) ? right : left) else { break }
      let times = max(0, count)
      let (size, overflow) = times.multipliedReportingOverflow(by: max(1, text.bytes.count))
      try charge(overflow ? .max : size)
      return .text(
        TemplateText(
          bytes: Array(repeatElement(text.bytes, count: times).joined()),
          isMarkup: text.isMarkup
        )
      )
    case (.multiply, .list(let list), .integer(let count)),
      (.multiply, .integer(let count), .list(let list)):
      guard list.hasPlaces else { break }
      let times = max(0, count)
      let (size, overflow) = times.multipliedReportingOverflow(by: 32 * max(1, list.items.count))
      try charge(overflow ? .max : size)
      return try make(Array(repeatElement(list.items, count: times).joined()), list.kind)
    case (.remainder, .text(let text), _):
      return try make(try percent(text, right))
    default: break
    }
    guard let one = number(left), let other = number(right) else {
      throw TemplateError(.value, "\(typeName(left)) and \(typeName(right)) cannot be combined")
    }
    if case .integer(let one) = one, case .integer(let other) = other {
      return try whole(op, one, other)
    }
    return try real(op, real(one), real(other))
  }

  private func isText(_ value: TemplateValue) -> Bool {
    if case .text = value { return true }
    return false
  }

  func real(_ value: TemplateValue) -> Double {
    switch value {
    case .integer(let number): Double(number)
    case .real(let number): number
    default: 0
    }
  }

  private func whole(
    _ op: TemplateExpression.Arithmetic,
    _ one: Int,
    _ other: Int
  ) throws(TemplateError) -> TemplateValue {
    let result: (partialValue: Int, overflow: Bool)
    switch op {
    case .add: result = one.addingReportingOverflow(other)
    case .subtract: result = one.subtractingReportingOverflow(other)
    case .multiply: result = one.multipliedReportingOverflow(by: other)
    case .divide:
      guard other != 0 else { throw TemplateError(.value, "a number is divided by zero") }
      return .real(Double(one) / Double(other))
    case .floorDivide, .remainder:
      guard other != 0 else { throw TemplateError(.value, "a number is divided by zero") }
      // Python's remainder has the sign of the divisor.
      let quotient = one.dividedReportingOverflow(by: other)
      guard !quotient.overflow else { throw tooLarge }
      let rest = one &- quotient.partialValue &* other
      let adjusts = rest != 0 && (rest < 0) != (other < 0)
      return .integer(
        op == .remainder
          ? (adjusts ? rest &+ other : rest)
          : (adjusts ? quotient.partialValue &- 1 : quotient.partialValue)
      )
    case .power:
      if other < 0 { return try real(op, Double(one), Double(other)) }
      if one == 0 || one == 1 { return .integer(other == 0 ? 1 : one) }
      if one == -1 { return .integer(other % 2 == 0 ? 1 : -1) }
      guard other < 64 else { throw tooLarge }
      var value = 1
      for _ in 0..<other {
        let next = value.multipliedReportingOverflow(by: one)
        guard !next.overflow else { throw tooLarge }
        value = next.partialValue
      }
      return .integer(value)
    }
    guard !result.overflow else { throw tooLarge }
    return .integer(result.partialValue)
  }

  private var tooLarge: TemplateError { TemplateError(.limit, "a number becomes too large") }

  private func real(
    _ op: TemplateExpression.Arithmetic,
    _ one: Double,
    _ other: Double
  ) throws(TemplateError) -> TemplateValue {
    switch op {
    case .add: return .real(one + other)
    case .subtract: return .real(one - other)
    case .multiply: return .real(one * other)
    case .divide, .floorDivide, .remainder:
      guard other != 0 else { throw TemplateError(.value, "a number is divided by zero") }
      if op == .divide { return .real(one / other) }
      var rest = one.truncatingRemainder(dividingBy: other)
      if rest != 0, (rest < 0) != (other < 0) { rest += other }
      return op == .remainder ? .real(rest) : .real(((one - rest) / other).rounded())
    case .power:
      guard let whole = Int(exactly: other), abs(whole) <= 1024 else {
        throw TemplateError(.value, "only whole powers up to 1024 are known here")
      }
      var value = 1.0
      for _ in 0..<abs(whole) { value *= one }
      return .real(whole < 0 ? 1 / value : value)
    }
  }
}
