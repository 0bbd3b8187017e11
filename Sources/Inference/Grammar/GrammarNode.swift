/// A part of a grammar; nodes name one another by their places.
enum GrammarNode: Sendable {
  /// What an automaton accepts: literals, numbers, texts of a pattern.
  case automaton(ByteAutomaton)
  /// A JSON string of so many code points.
  case string(least: Int, most: Int?)
  case array(GrammarArray)
  case object(GrammarObject)
  case any([Int])
  case sequence([Int])
  /// Any text up to a marker, then the body; and so on again where it `returns`.
  case free(GrammarMarker, body: Int, returns: Bool, mayEnd: Bool)
}

struct GrammarArray: Sendable {
  let prefix: [Int]
  /// What follows the prefix; nil: nothing may.
  let rest: Int?
  let least: Int
  let most: Int?

  func item(_ place: Int) -> Int? {
    if let most, place >= most { return nil }
    return place < prefix.count ? prefix[place] : rest
  }
}

/// The shape of an object. Its properties may come in any order, each once.
final class GrammarObject: Sendable {
  struct Property: Sendable {
    let name: [UInt8]
    let node: Int
  }

  struct Branch: Sendable {
    var next: [UInt8: Int] = [:]
    /// The properties whose names go on from here, as bits.
    var below: UInt128 = 0
    /// The property whose name ends here, its quote read.
    var property: Int? = nil
    /// Bytes behind the first quote.
    var depth = 0
  }

  static let maximumProperties = 128

  let properties: [Property]
  /// The required properties, as bits.
  let required: UInt128
  /// What properties of other names are; nil: there may be none.
  let additional: Int?
  /// Names that no other property may have: the declared ones and the prohibited ones.
  let reserved: Set<[UInt8]>
  let least: Int
  let most: Int?
  /// Whether properties keep the order that they are declared in.
  let isOrdered: Bool
  /// The names as JSON writes them, behind their first quote.
  let names: [Branch]
  /// How many bytes each name has as JSON writes it, with its quotes.
  let quoted: [Int]

  init(
    properties: [Property],
    required: UInt128,
    additional: Int?,
    prohibited: [[UInt8]] = [],
    least: Int = 0,
    most: Int? = nil,
    isOrdered: Bool = false
  ) {
    self.properties = properties
    self.required = required
    self.additional = additional
    self.least = least
    self.most = most
    self.isOrdered = isOrdered
    reserved = Set(properties.map(\.name) + prohibited)
    var names = [Branch()]
    var quoted: [Int] = []
    for (index, property) in properties.enumerated() {
      let bit = UInt128(1) << UInt128(index)
      var at = 0
      names[0].below |= bit
      let name = JSONValue.quoted(String(decoding: property.name, as: UTF8.self))
      quoted.append(name.count)
      for byte in name.dropFirst() {
        if let known = names[at].next[byte] {
          at = known
        } else {
          names[at].next[byte] = names.count
          let depth = names[at].depth + 1
          at = names.count
          names.append(Branch(depth: depth))
        }
        names[at].below |= bit
      }
      names[at].property = index
    }
    self.names = names
    self.quoted = quoted
  }
}

/// A text that is looked for in a stream of bytes (Knuth, Morris and Pratt).
struct GrammarMarker: Sendable {
  let bytes: [UInt8]
  private let fallback: [Int]

  init(_ text: String) {
    bytes = Array(text.utf8)
    var fallback = [Int](repeating: 0, count: bytes.count)
    var length = 0
    for place in bytes.indices.dropFirst() {
      while length > 0, bytes[place] != bytes[length] { length = fallback[length - 1] }
      if bytes[place] == bytes[length] { length += 1 }
      fallback[place] = length
    }
    self.fallback = fallback
  }

  /// How much of the marker stands at the end after one more byte.
  func step(_ matched: Int, _ byte: UInt8) -> Int {
    var length = matched
    while length > 0, bytes[length] != byte { length = fallback[length - 1] }
    return bytes[length] == byte ? length + 1 : 0
  }
}
