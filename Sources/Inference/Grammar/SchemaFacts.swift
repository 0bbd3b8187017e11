/// What one or several schemas that must all hold say, put together.
struct SchemaFacts {
  static let allTypes: Set<String> = [
    "array", "boolean", "null", "number", "object", "string",
  ]

  /// The kinds that are allowed; "integer" instead of "number" where only whole numbers are.
  var types: Set<String>? = nil
  var values: [JSONValue]? = nil
  /// Schemas that must hold for a property; a prohibited one has `false` among them.
  var properties: [(name: String, schemas: [JSONValue])] = []
  var required: [String] = []
  /// Schemas that must hold for a property of another name.
  var additional: [JSONValue] = []
  var prefix: [[JSONValue]] = []
  var items: [JSONValue] = []
  /// Numbers as they are written: bounds, and whether each excludes itself.
  var bounds: [(keyword: String, text: String)] = []
  var patterns: [String] = []
  var formats: [String] = []
  var lengths = Limits()
  var counts = Limits()
  var sizes = Limits()
  /// Of each of these, one must hold as well.
  var choices: [[JSONValue]] = []
  /// Keywords of objects, arrays, strings and numbers that were seen, for a schema without `type`.
  private var implied: Set<String> = []

  struct Limits {
    var least = 0
    var most: Int? = nil

    var isOpen: Bool { least == 0 && most == nil }
    var isEmpty: Bool { most.map { $0 < least } ?? false }
    mutating func raise(to value: Int) { least = max(least, value) }
    mutating func lower(to value: Int) { most = min(most ?? value, value) }
  }

  /// The kinds allowed, in the end. A schema without `type` that has keywords of one kind means that
  /// kind: narrower than the letter of the standard, and what its writer means.
  var kinds: Set<String> {
    if let types { return types }
    return implied.isEmpty ? Self.allTypes : implied
  }

  /// Whether nothing is demanded.
  var isEmpty: Bool {
    types == nil && values == nil && properties.isEmpty && required.isEmpty && additional.isEmpty
      && prefix.isEmpty && items.isEmpty && bounds.isEmpty && patterns.isEmpty && formats.isEmpty
      && lengths.isOpen && counts.isOpen && sizes.isOpen && choices.isEmpty && implied.isEmpty
  }

  private static let notes: Set<String> = [
    "$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default",
    "examples", "example", "deprecated", "readOnly", "writeOnly", "contentMediaType",
    "contentEncoding", "$anchor",
  ]

  /// Adds what a schema says beside `$ref` and `allOf`, which the compiler follows.
  mutating func add(_ members: [JSONMember], at place: String) throws(GrammarError) {
    var own = SchemaFacts()
    for member in members where member.name != "$ref" && member.name != "allOf" {
      try own.read(member, at: place)
    }
    if case .flag(true)? = members.first(where: { $0.name == "nullable" })?.value {
      own.types?.insert("null")
    }
    try merge(own, at: place)
  }

  private mutating func read(_ member: JSONMember, at place: String) throws(GrammarError) {
    let (name, value) = (member.name, member.value)
    let malformed = GrammarError.malformed(keyword: name, at: place)
    switch name {
    case "type":
      switch value {
      case .text(let type): types = [type]
      case .list(let list): types = Set(list.compactMap(\.string))
      default: throw malformed
      }
      guard let types, !types.isEmpty, types.isSubset(of: Self.allTypes.union(["integer"])) else {
        throw malformed
      }
      if types.contains("number") { self.types?.remove("integer") }
    case "nullable": guard case .flag = value else { throw malformed }
    case "enum":
      guard case .list(let list) = value, !list.isEmpty else { throw malformed }
      values = list
    case "const": values = [value]
    case "properties":
      guard case .object(let members) = value else { throw malformed }
      properties = members.map { ($0.name, [$0.value]) }
      implied.insert("object")
    case "required":
      guard case .list(let list) = value else { throw malformed }
      required = list.compactMap(\.string)
      guard required.count == list.count else { throw malformed }
      implied.insert("object")
    case "additionalProperties":
      if value != .flag(true) { additional = [value] }
      implied.insert("object")
    case "items":
      if case .list(let list) = value {
        // Drafts up to 2019 write what is now `prefixItems` so.
        prefix = list.map { [$0] }
      } else if value != .flag(true) {
        items.append(value)
      }
      implied.insert("array")
    case "additionalItems": if value != .flag(true) { items.append(value) }
    case "prefixItems":
      guard case .list(let list) = value else { throw malformed }
      prefix = list.map { [$0] }
      implied.insert("array")
    case "anyOf", "oneOf":
      guard case .list(let list) = value, !list.isEmpty else { throw malformed }
      choices.append(list)
    case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
      guard case .number(let text) = value else { throw malformed }
      bounds.append((name, text))
      implied.insert("number")
    case "pattern":
      guard case .text(let text) = value else { throw malformed }
      patterns = [text]
      implied.insert("string")
    case "format":
      guard case .text(let text) = value else { throw malformed }
      formats = [text]
      if SchemaFormats.numeric.contains(text) { break }
      implied.insert("string")
    case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties":
      guard let count = value.integer, count >= 0 else { throw malformed }
      var limits = Limits()
      if name.hasPrefix("min") { limits.raise(to: count) } else { limits.lower(to: count) }
      switch name.dropFirst(3) {
      case "Length":
        (lengths.least, lengths.most) = (
          max(lengths.least, limits.least), limits.most ?? lengths.most
        )
        implied.insert("string")
      case "Items":
        (counts.least, counts.most) = (max(counts.least, limits.least), limits.most ?? counts.most)
        implied.insert("array")
      default:
        (sizes.least, sizes.most) = (max(sizes.least, limits.least), limits.most ?? sizes.most)
        implied.insert("object")
      }
      guard limits.least <= 10_000 else {
        throw .tooLarge("\(name) of \(count) is more than 10,000", at: place)
      }
    case "uniqueItems":
      guard value == .flag(false) else { throw .unsupported(keyword: name, at: place) }
    default:
      guard Self.notes.contains(name) || name.hasPrefix("x-") else {
        throw .unsupported(keyword: name, at: place)
      }
    }
  }

  private mutating func merge(_ other: SchemaFacts, at place: String) throws(GrammarError) {
    if let mine = types, let theirs = other.types {
      var both = mine.intersection(theirs)
      if mine.contains("integer"), theirs.contains("number") { both.insert("integer") }
      if theirs.contains("integer"), mine.contains("number") { both.insert("integer") }
      types = both
    } else {
      types = types ?? other.types
    }
    if let mine = values, let theirs = other.values {
      values = mine.filter { theirs.contains($0) }
    } else {
      values = values ?? other.values
    }
    // A property that one side does not name falls under that side's `additionalProperties`.
    for index in properties.indices
    where !other.properties.contains(where: { $0.name == properties[index].name }) {
      properties[index].schemas += other.additional
    }
    for property in other.properties {
      if let index = properties.firstIndex(where: { $0.name == property.name }) {
        properties[index].schemas += property.schemas
      } else {
        properties.append((property.name, property.schemas + additional))
      }
    }
    additional += other.additional
    required += other.required.filter { !required.contains($0) }
    let longest = max(prefix.count, other.prefix.count)
    prefix = (0..<longest).map { index in
      (index < prefix.count ? prefix[index] : items)
        + (index < other.prefix.count ? other.prefix[index] : other.items)
    }
    items += other.items
    bounds += other.bounds
    patterns += other.patterns
    formats += other.formats
    choices += other.choices
    implied.formUnion(other.implied)
    lengths.raise(to: other.lengths.least)
    counts.raise(to: other.counts.least)
    sizes.raise(to: other.sizes.least)
    if let most = other.lengths.most { lengths.lower(to: most) }
    if let most = other.counts.most { counts.lower(to: most) }
    if let most = other.sizes.most { sizes.lower(to: most) }
    guard patterns.count + formats.count <= 8, bounds.count <= 16, choices.count <= 8 else {
      throw .tooLarge("too many schemas are put together", at: place)
    }
  }
}

/// The formats that are enforced, as patterns of their usual form.
enum SchemaFormats {
  /// Formats of OpenAPI that say how a number is stored.
  static let numeric: Set<String> = ["int32", "int64", "float", "double"]

  private static let monthDay =
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
  private static let date = "[12][0-9]{3}-\(monthDay)"
  private static let time =
    "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
  private static let octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"

  static let patterns: [String: String] = [
    "date": "^\(date)$",
    "time": "^\(time)$",
    "date-time": "^\(date)T\(time)$",
    "uuid": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    "email":
      "^[A-Za-z0-9_+-]{1,24}(\\.[A-Za-z0-9_+-]{1,24}){0,2}@([A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?\\.){1,3}[A-Za-z]{2,12}$",
    "ipv4": "^\(octet)(\\.\(octet)){3}$",
  ]
}
