/// The tokens of a model, prepared for masks; built once a tokenizer.
package final class GrammarVocabulary: Sendable {
  package let count: Int
  /// The tokens that end a text.
  package let ends: Set<Int32>
  /// Whether each byte of ASCII is a token, so that whatever a grammar allows can be written.
  let hasAllBytes: Bool
  private let texts: [[UInt8]]
  let all: TokenTrie
  /// Those that are more than plain characters of a JSON string: quotes, backslashes, signs of control,
  /// parts of characters.
  let special: TokenTrie
  /// The plain ones of up to so many code points.
  let plain: [TokenMask]

  /// - Parameter texts: the bytes of each token; none for tokens that are no text, such as those that
  ///   end a text or begin a message. A marker that grammars wait for (`</think>`) must have its bytes.
  package init(texts: [[UInt8]], ends: Set<Int32>) {
    self.texts = texts
    self.ends = ends
    count = texts.count
    var chosen: [Int32] = []
    var special: [Int32] = []
    var plain: [(token: Int32, length: Int)] = []
    for (token, text) in texts.enumerated() {
      let token = Int32(token)
      guard !text.isEmpty, text.count <= TokenTrie.maximumLength, !ends.contains(token) else {
        continue
      }
      chosen.append(token)
      if let length = Self.plainLength(text) {
        plain.append((token, length))
      } else {
        special.append(token)
      }
    }
    all = TokenTrie(texts, chosen)
    let single = Set(chosen.compactMap { texts[Int($0)].count == 1 ? texts[Int($0)][0] : nil })
    hasAllBytes = single.isSuperset(of: [0x0A] + Array(0x20...0x7E))
    self.special = TokenTrie(texts, special)
    // Beyond so many code points there are few, and they are walked like the special ones.
    let longest = plain.reduce(0) { max($0, $1.length) }
    var masks = [TokenMask](
      repeating: TokenMask(count: texts.count, allowing: false),
      count: longest + 1
    )
    for (token, length) in plain { masks[length][Int(token)] = true }
    for length in masks.indices.dropFirst() { masks[length].formUnion(masks[length - 1]) }
    self.plain = masks
  }

  package convenience init(_ tokenizer: Tokenizer) {
    self.init(
      texts: (0..<Int32(clamping: tokenizer.count)).map {
        tokenizer.isControl($0) ? [] : tokenizer.bytes(of: $0)
      },
      ends: tokenizer.ends
    )
  }

  package func bytes(of token: Int32) -> [UInt8] {
    texts.indices.contains(Int(token)) ? texts[Int(token)] : []
  }

  /// The code points of a text that a JSON string holds as it is; nil for any other.
  private static func plainLength(_ text: [UInt8]) -> Int? {
    var place: UInt8 = 0
    var length = 0
    for byte in text {
      if place == 0 {
        if byte < 0x20 || byte == 0x22 || byte == 0x5C { return nil }
        length += 1
      }
      guard let next = UTF8Place.step(place, byte) else { return nil }
      place = next
    }
    return place == 0 ? length : nil
  }
}
