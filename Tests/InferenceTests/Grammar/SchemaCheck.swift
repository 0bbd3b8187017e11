@testable import Inference

/// Whether a value holds to a schema: the keywords of the tests' schemas, written apart from the grammar.
struct SchemaCheck {
  let root: JSONValue

  func holds(_ value: JSONValue, _ schema: JSONValue) -> Bool {
    guard case .object(let keywords) = schema else { return schema == .flag(true) }
    return keywords.allSatisfy { holds(value, $0.name, $0.value, schema) }
  }

  private func list(_ value: JSONValue?) -> [JSONValue] {
    if case .list(let items)? = value { return items }
    return []
  }

  private func holds(
    _ value: JSONValue,
    _ keyword: String,
    _ argument: JSONValue,
    _ schema: JSONValue
  ) -> Bool {
    switch (keyword, value) {
    case ("type", _):
      let types = argument.string.map { [$0] } ?? list(argument).compactMap(\.string)
      return types.contains { isOf($0, value) }
    case ("enum", _): return list(argument).contains(value)
    case ("const", _): return argument == value
    case ("anyOf", _): return list(argument).contains { holds(value, $0) }
    case ("allOf", _): return list(argument).allSatisfy { holds(value, $0) }
    case ("$ref", _):
      var target = root
      for part in (argument.string ?? "").split(separator: "/").dropFirst() {
        target = target[String(part)] ?? .flag(false)
      }
      return holds(value, target)
    case ("required", .object): return list(argument).allSatisfy { value[$0.string ?? ""] != nil }
    case ("properties", .object(let members)):
      return members.allSatisfy { member in
        argument[member.name].map { holds(member.value, $0) } ?? true
      }
    case ("additionalProperties", .object(let members)):
      return members.allSatisfy {
        schema["properties"]?[$0.name] != nil || holds($0.value, argument)
      }
    case ("minProperties", .object(let members)): return members.count >= argument.integer ?? 0
    case ("maxProperties", .object(let members)): return members.count <= argument.integer ?? 0
    case ("prefixItems", .list(let items)):
      return zip(items, list(argument)).allSatisfy { holds($0, $1) }
    case ("items", .list(let items)):
      return items.dropFirst(list(schema["prefixItems"]).count).allSatisfy { holds($0, argument) }
    case ("minItems", .list(let items)): return items.count >= argument.integer ?? 0
    case ("maxItems", .list(let items)): return items.count <= argument.integer ?? 0
    case ("minLength", .text(let text)): return text.unicodeScalars.count >= argument.integer ?? 0
    case ("maxLength", .text(let text)): return text.unicodeScalars.count <= argument.integer ?? 0
    case ("minimum", .number): return value.real ?? 0 >= argument.real ?? 0
    case ("maximum", .number): return value.real ?? 0 <= argument.real ?? 0
    case ("exclusiveMinimum", .number): return value.real ?? 0 > argument.real ?? 0
    case ("exclusiveMaximum", .number): return value.real ?? 0 < argument.real ?? 0
    case ("pattern", .text(let text)):
      guard let pattern = try? Regex(argument.string ?? "") else { return false }
      return text.contains(pattern)
    default: return true
    }
  }

  private func isOf(_ type: String, _ value: JSONValue) -> Bool {
    switch (type, value) {
    case ("null", .null), ("boolean", .flag), ("number", .number), ("string", .text),
      ("array", .list), ("object", .object):
      true
    case ("integer", .number(let text)): Int(text) != nil
    default: false
    }
  }
}
