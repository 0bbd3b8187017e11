/// One value of a checked text.
package struct JSON: Sendable {
  package enum Kind: Hashable, Sendable {
    case object, array, string, number, boolean, null
  }

  package let document: JSONDocument
  let index: Int

  init(document: JSONDocument, index: Int) {
    self.document = document
    self.index = index
  }

  private var token: JSONToken { document.tokens[index] }

  package var kind: Kind {
    switch token.kind {
    case .object: .object
    case .array: .array
    case .string, .escapedString, .key, .escapedKey: .string
    case .number: .number
    case .yes, .no: .boolean
    case .null: .null
    }
  }

  package var isNull: Bool { token.kind == .null }
  package var isObject: Bool { token.kind == .object }
  package var isArray: Bool { token.kind == .array }

  /// Where the value stands, quotes and brackets included.
  package var range: Range<Int> {
    let token = token
    return switch token.kind {
    case .string, .escapedString, .key, .escapedKey: Int(token.start) - 1..<Int(token.end) + 1
    default: Int(token.start)..<Int(token.end)
    }
  }

  /// The value as it is written.
  package var raw: RawJSON { RawJSON(checked: document.bytes[range]) }

  /// What a string says; nil for anything else.
  package var string: String? {
    let token = token
    let range = Int(token.start)..<Int(token.end)
    switch token.kind {
    case .string, .key:
      return String(decoding: document.bytes[range], as: UTF8.self)
    case .escapedString, .escapedKey:
      let bytes = document.bytes
      return String(decoding: JSONText.unescaped(bytes.span, range), as: UTF8.self)
    default:
      return nil
    }
  }

  /// How many bytes a string has as it is written, at least as many as it stands for.
  package var stringLength: Int? {
    kind == .string ? Int(token.end - token.start) : nil
  }

  package var bool: Bool? {
    switch token.kind {
    case .yes: true
    case .no: false
    default: nil
    }
  }

  /// A number as it is written.
  package var number: JSONNumber? {
    token.kind == .number ? JSONNumber(checked: String(decoding: raw.bytes, as: UTF8.self)) : nil
  }

  /// A number that is whole and fits, `1.0` and `1e3` among them.
  package var int: Int? { number?.int }

  /// Whether a string is exactly this.
  package func equals(_ text: StaticString) -> Bool {
    switch token.kind {
    case .string, .key: document.holds(text, at: token)
    case .escapedString, .escapedKey: string == text.description
    default: false
    }
  }

  /// The value of a key of an object; nil for a key that is not there and for anything else.
  package subscript(_ key: StaticString) -> JSON? {
    guard token.kind == .object else { return nil }
    let end = Int(token.next)
    var place = index + 1
    while place < end {
      if document.isKey(key, at: place) { return JSON(document: document, index: place + 1) }
      place = Int(document.tokens[place + 1].next)
    }
    return nil
  }

  /// The value of a key, unless it is null.
  package func present(_ key: StaticString) -> JSON? {
    guard let value = self[key], !value.isNull else { return nil }
    return value
  }

  /// The values of an array; empty for anything else.
  package var elements: JSONElements { JSONElements(self, isObject: false) }

  /// The keys and values of an object; empty for anything else.
  package var members: JSONMembers { JSONMembers(base: JSONElements(self, isObject: true)) }
}

extension JSONDocument {
  func holds(_ text: StaticString, at token: JSONToken) -> Bool {
    let length = Int(token.end - token.start)
    guard length == text.utf8CodeUnitCount else { return false }
    let start = Int(token.start)
    return text.withUTF8Buffer { expected in
      for offset in 0..<length where bytes[start + offset] != expected[offset] { return false }
      return true
    }
  }

  func isKey(_ key: StaticString, at index: Int) -> Bool {
    let token = tokens[index]
    return switch token.kind {
    case .key: holds(key, at: token)
    case .escapedKey: JSON(document: self, index: index).string == key.description
    default: false
    }
  }
}

/// Walks the values of an array, or keys and values of an object in turn.
package struct JSONElements: Sequence, IteratorProtocol {
  private let document: JSONDocument
  private var place: Int
  private let end: Int

  init(_ json: JSON, isObject: Bool) {
    document = json.document
    let token = json.document.tokens[json.index]
    place = json.index + 1
    end = token.kind == (isObject ? .object : .array) ? Int(token.next) : 0
  }

  private init() {
    document = .nothing
    place = 0
    end = 0
  }

  /// Nothing to walk.
  package static let none = JSONElements()

  package mutating func next() -> JSON? {
    guard place < end else { return nil }
    let json = JSON(document: document, index: place)
    let token = document.tokens[place]
    place = token.kind == .key || token.kind == .escapedKey ? place + 1 : Int(token.next)
    return json
  }
}

package struct JSONMembers: Sequence, IteratorProtocol {
  var base: JSONElements

  package mutating func next() -> (key: JSON, value: JSON)? {
    guard let key = base.next(), let value = base.next() else { return nil }
    return (key, value)
  }
}
