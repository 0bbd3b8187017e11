/// Filters over sequences.
extension TemplateInterpreter {
  func sequenceFilter(
    _ name: String,
    _ value: TemplateValue,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "first": return try items(of: value).first ?? .undefined("the first of nothing")
    case "last":
      if case .list(let list) = value, list.kind == .generator {
        throw TemplateError(.value, "a sequence without places has no last")
      }
      return try items(of: value).last ?? .undefined("the last of nothing")
    case "join": return try join(value, arguments)
    case "reverse":
      if case .text(let text) = value {
        return .text(TemplateText(bytes: text.characters.reversed().flatMap(\.bytes)))
      }
      return try make(try items(of: value).reversed(), .generator)
    case "sort", "unique", "min", "max", "groupby": return try ordered(name, value, arguments)
    case "dictsort": return try dictionarySort(value, arguments)
    case "sum":
      var total = arguments.value(1, "start") ?? .integer(0)
      let path = arguments.value(0, "attribute")
      for item in try items(of: value) { total = try combine(.add, total, part(path, of: item)) }
      return total
    case "map": return try map(value, arguments)
    case "select", "reject", "selectattr", "rejectattr":
      return try select(name, value, arguments)
    case "batch", "slice": return try cut(name, value, arguments)
    default: throw TemplateError(.value, "there is no filter '\(name)'")
    }
  }

  private func join(
    _ value: TemplateValue,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    let separator = try show(arguments.value(0, "d") ?? .text(""))
    var items = try items(of: value)
    if let path = arguments.value(1, "attribute") {
      var parts: [TemplateValue] = []
      for item in items { parts.append(try part(path, of: item)) }
      items = parts
    }
    return try join(items, separator, strict: false)
  }

  /// What lies at `path` of a value: a place, or names with points between. None: the value itself.
  private func part(
    _ path: TemplateValue?,
    of value: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    switch path {
    case nil, TemplateValue.none?: return value
    case .text(let path)?:
      var current = value
      for name in path.split(by: [0x2E]) {
        if let place = Int(name.string) {
          current = try item(.integer(place), of: current)
        } else {
          current = try item(.text(name), of: current)
        }
      }
      return current
    case let place?: return try item(place, of: value)
    }
  }

  // MARK: Order

  /// A stable merge sort: what decides may fail, and the standard library's sort does not rethrow
  /// with a type.
  func sorted<Item>(
    _ items: [Item],
    descending: Bool = false,
    by key: (Item) -> TemplateValue
  ) throws(TemplateError) -> [Item] {
    guard items.count > 1 else { return items }
    let middle = items.count / 2
    let left = try sorted(Array(items[..<middle]), descending: descending, by: key)
    let right = try sorted(Array(items[middle...]), descending: descending, by: key)
    var result: [Item] = []
    result.reserveCapacity(items.count)
    var (one, other) = (0, 0)
    while one < left.count, other < right.count {
      let swaps =
        try descending
        ? precedes(key(left[one]), key(right[other])) : precedes(key(right[other]), key(left[one]))
      if swaps {
        result.append(right[other])
        other += 1
      } else {
        result.append(left[one])
        one += 1
      }
    }
    return result + left[one...] + right[other...]
  }

  private func folded(
    _ value: TemplateValue,
    _ sensitive: Bool
  ) throws(TemplateError) -> TemplateValue {
    guard !sensitive, case .text(let text) = value else { return value }
    return try make(text.lowercased)
  }

  private func ordered(
    _ name: String,
    _ value: TemplateValue,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    // Where the arguments stand differs: sort(reverse, case_sensitive, attribute), groupby(attribute).
    let first = ["sort": 2, "groupby": 0][name] ?? 1
    let path = arguments.value(first, "attribute")
    let sensitive =
      arguments.value(["sort": 1, "groupby": 2][name] ?? 0, "case_sensitive").map(isTrue) ?? false
    var keyed: [(key: TemplateValue, item: TemplateValue)] = []
    for item in try items(of: value) {
      keyed.append((try folded(try part(path, of: item), sensitive), item))
    }
    try charge(keyed.count * 64)
    switch name {
    case "sort":
      let descending = arguments.value(0, "reverse").map(isTrue) ?? false
      return try make(try sorted(keyed, descending: descending) { $0.key }.map(\.item))
    case "unique":
      var seen = Set<TemplateKey>()
      var kept: [TemplateValue] = []
      for entry in keyed where seen.insert(try key(entry.key)).inserted { kept.append(entry.item) }
      return try make(kept, .generator)
    case "groupby":
      var groups: [(TemplateValue, [TemplateValue])] = []
      for entry in try sorted(keyed, by: { $0.key }) {
        if let last = groups.last, try equal(last.0, entry.key) {
          groups[groups.count - 1].1.append(entry.item)
        } else {
          groups.append((entry.key, [entry.item]))
        }
      }
      var result: [TemplateValue] = []
      for group in groups { result.append(try make([group.0, try make(group.1)], .tuple)) }
      return try make(result)
    default:
      guard var best = keyed.first else { return .undefined("the \(name) of nothing") }
      for entry in keyed.dropFirst() {
        let wins =
          name == "min" ? try precedes(entry.key, best.key) : try precedes(best.key, entry.key)
        if wins { best = entry }
      }
      return best.item
    }
  }

  private func dictionarySort(
    _ value: TemplateValue,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    guard case .dictionary(let dictionary) = value else {
      if case .undefined(let name) = value { throw undefined(name) }
      throw TemplateError(.value, "'dictsort' sorts the entries of a dictionary")
    }
    let sensitive = arguments.value(0, "case_sensitive").map(isTrue) ?? false
    let byValue = try show(arguments.value(1, "by") ?? .text("key")).string == "value"
    let descending = arguments.value(2, "reverse").map(isTrue) ?? false
    var keyed: [(key: TemplateValue, pair: TemplateValue)] = []
    for entry in dictionary.entries {
      keyed.append(
        (
          try folded(byValue ? entry.value : entry.key, sensitive),
          try make([entry.key, entry.value], .tuple)
        )
      )
    }
    return try make(try sorted(keyed, descending: descending) { $0.key }.map(\.pair))
  }

  // MARK: Each item

  private func map(
    _ value: TemplateValue,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    // Jinja asks for truth before it asks for items: of none there are none.
    guard isTrue(value) else { return .list(TemplateList([], .generator)) }
    var result: [TemplateValue] = []
    let path = arguments.names.first { $0.0 == "attribute" }?.1
    let standard = arguments.names.first { $0.0 == "default" }?.1
    let name = arguments.places.first
    for item in try items(of: value) {
      try step()
      if let path {
        let found = try part(path, of: item)
        if case .undefined = found, let standard {
          result.append(standard)
        } else {
          result.append(found)
        }
      } else if case .text(let name)? = name {
        let rest = TemplateCall(
          places: Array(arguments.places.dropFirst()),
          names: arguments.names
        )
        result.append(try filter(name.string, item, rest))
      } else {
        throw TemplateError(.value, "'map' needs the name of a filter or an attribute")
      }
    }
    return try make(result, .generator)
  }

  private func select(
    _ name: String,
    _ value: TemplateValue,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    guard isTrue(value) else { return .list(TemplateList([], .generator)) }
    let wants = name.hasPrefix("select")
    var places = arguments.places[...]
    var path: TemplateValue? = nil
    if name.hasSuffix("attr") {
      guard let first = places.popFirst() else {
        throw TemplateError(.value, "'\(name)' needs an attribute")
      }
      path = first
    }
    var test: String? = nil
    if let first = places.popFirst() { test = try show(first).string }
    var kept: [TemplateValue] = []
    for item in try items(of: value) {
      try step()
      let subject = try part(path, of: item)
      let holds: Bool
      if let test {
        holds = try self.test(
          test,
          subject,
          TemplateCall(places: Array(places), names: arguments.names)
        )
      } else {
        holds = isTrue(subject)
      }
      if holds == wants { kept.append(item) }
    }
    return try make(kept, .generator)
  }

  private func cut(
    _ name: String,
    _ value: TemplateValue,
    _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    let count = try integer(arguments.places.first ?? .integer(0))
    let fill = arguments.value(1, "fill_with")
    let items = try items(of: value)
    guard count > 0, count <= max(items.count, 10_000) else {
      throw TemplateError(.value, "'\(name)' needs a number of parts")
    }
    var parts: [TemplateValue] = []
    if name == "batch" {
      for start in stride(from: 0, to: items.count, by: count) {
        var part = Array(items[start..<min(start + count, items.count)])
        if let fill, part.count < count {
          part += Array(repeating: fill, count: count - part.count)
        }
        parts.append(try make(part))
      }
      return try make(parts, .generator)
    }
    let (least, more) = (items.count / count, items.count % count)
    var start = 0
    for index in 0..<count {
      let end = start + least + (index < more ? 1 : 0)
      var part = Array(items[start..<end])
      if let fill, more > 0, index >= more { part.append(fill) }
      parts.append(try make(part))
      start = end
    }
    return try make(parts, .generator)
  }
}
