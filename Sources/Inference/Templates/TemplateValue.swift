/// A value of a template: what Python's values are to Jinja.
///
/// Lists and dictionaries are immutable, as in the sandbox that templates are written for. Namespaces,
/// loops and macros belong to the interpreter that runs and are numbers here, so that no cycle and no
/// chain of them can outlive a run or make its end recurse.
package enum TemplateValue: Sendable {
  /// What was looked up and not found; its name.
  case undefined(String)
  case none
  case flag(Bool)
  case integer(Int)
  case real(Double)
  case text(TemplateText)
  case list(TemplateList)
  case dictionary(TemplateDictionary)
  case namespace(Int)
  case loop(Int)
  case macro(Int)
  case function(TemplateFunction)
  case method(TemplateMethod)

  package static func text(_ string: String) -> TemplateValue { .text(TemplateText(string)) }
  package static func list(_ items: [TemplateValue]) -> TemplateValue { .list(TemplateList(items)) }
  /// A dictionary in this order; of equal names the last stays.
  package static func dictionary(_ entries: [(String, TemplateValue)]) -> TemplateValue {
    var result = TemplateDictionary()
    for (name, value) in entries { result.set(.text(TemplateText(name)), name: name, value) }
    return .dictionary(result)
  }

  /// The containers inside one another, this one counted.
  var depth: Int {
    switch self {
    case .list(let list): list.depth
    case .dictionary(let dictionary): dictionary.depth
    case .method(let method): method.receiver.depth + 1
    default: 0
    }
  }

  /// The size class in bytes, counted without sharing.
  package var size: Int {
    switch self {
    case .text(let text): 32 + text.bytes.count
    case .list(let list): list.items.reduce(32) { $0 + $1.size }
    case .dictionary(let dictionary):
      dictionary.entries.reduce(32) { $0 + $1.key.size + $1.value.size }
    default: 32
    }
  }
}

/// A sequence of values.
package struct TemplateList: Sendable {
  enum Kind: Sendable {
    case list, tuple
    /// What a filter such as `map` returns: true always, without length and places.
    case generator
    /// What `keys`, `values` and `items` of a dictionary return: a length and no places.
    case view
  }

  let items: [TemplateValue]
  let kind: Kind
  let depth: Int

  init(_ items: [TemplateValue], _ kind: Kind = .list) {
    self.items = items
    self.kind = kind
    depth = items.reduce(0) { max($0, $1.depth) } + 1
  }

  var hasPlaces: Bool { kind == .list || kind == .tuple }
}

/// A dictionary that keeps its order.
package struct TemplateDictionary: Sendable {
  struct Entry: Sendable {
    let key: TemplateValue
    var value: TemplateValue
  }

  private(set) var entries: [Entry] = []
  private var places: [TemplateKey: Int] = [:]
  private(set) var depth = 1

  package init() {}

  package var count: Int { entries.count }
  package subscript(name: String) -> TemplateValue? { self[.text(TemplateText(name).bytes)] }
  subscript(key: TemplateKey) -> TemplateValue? { places[key].map { entries[$0].value } }

  package mutating func set(_ key: TemplateValue, name: String, _ value: TemplateValue) {
    set(.text(TemplateText(name).bytes), key, value)
  }

  package mutating func set(_ name: String, _ value: TemplateValue) {
    set(.text(TemplateText(name)), name: name, value)
  }

  mutating func set(_ key: TemplateKey, _ shown: TemplateValue, _ value: TemplateValue) {
    depth = max(depth, shown.depth + 1, value.depth + 1)
    if let place = places[key] {
      entries[place].value = value
    } else {
      places[key] = entries.count
      entries.append(Entry(key: shown, value: value))
    }
  }
}

/// What may name an entry of a dictionary: equal as Python's keys are equal.
enum TemplateKey: Hashable, Sendable {
  case none
  case integer(Int)
  case real(Double)
  case text([UInt8])
  case tuple([TemplateKey])

  /// Nil where a value cannot be a key.
  init?(_ value: TemplateValue) {
    switch value {
    case .none: self = .none
    case .flag(let flag): self = .integer(flag ? 1 : 0)
    case .integer(let number): self = .integer(number)
    case .real(let number):
      if let whole = Int(exactly: number) { self = .integer(whole) } else { self = .real(number) }
    case .text(let text): self = .text(text.bytes)
    case .list(let list) where list.kind == .tuple:
      var keys: [TemplateKey] = []
      for item in list.items {
        guard let key = TemplateKey(item) else { return nil }
        keys.append(key)
      }
      self = .tuple(keys)
    default: return nil
    }
  }
}

/// A function that every template may call.
package enum TemplateFunction: String, Sendable, CaseIterable {
  case range, namespace, dict, raiseException = "raise_exception", strftimeNow = "strftime_now"
}

/// A method taken from a value and not yet called.
package final class TemplateMethod: Sendable {
  let receiver: TemplateValue
  let name: String

  init(_ receiver: TemplateValue, _ name: String) {
    self.receiver = receiver
    self.name = name
  }
}
