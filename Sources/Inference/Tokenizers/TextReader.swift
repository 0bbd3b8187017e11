/// Reads the characters of a stretch of UTF-8, at any place in it.
struct TextReader {
  /// Where nothing is: no character, of no kind.
  static let nothing: UInt32 = .max

  let bytes: [UInt8]
  let end: Int
  private let kinds: [UInt8]

  init(_ bytes: [UInt8], end: Int) {
    self.bytes = bytes
    self.end = min(end, bytes.count)
    kinds = CharacterKind.table()
  }

  /// The same text, as if it ended earlier.
  init(_ other: TextReader, end: Int) {
    bytes = other.bytes
    self.end = min(end, other.end)
    kinds = other.kinds
  }

  /// The character at a byte and how many bytes it takes. A byte that begins none counts as U+FFFD
  /// and takes one; past the end is `nothing`, and takes none.
  @inline(__always)
  func character(at index: Int) -> (value: UInt32, length: Int) {
    guard index < end else { return (Self.nothing, 0) }
    let first = bytes[index]
    return first < 0x80 ? (UInt32(first), 1) : long(index, first)
  }

  private func long(_ index: Int, _ first: UInt8) -> (value: UInt32, length: Int) {
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0
    guard length > 0, index + length <= end else { return (0xFFFD, 1) }
    var value = UInt32(first) & (0x7F >> UInt32(length))
    for offset in 1..<length {
      guard bytes[index + offset] & 0xC0 == 0x80 else { return (0xFFFD, 1) }
      value = value << 6 | UInt32(bytes[index + offset] & 0x3F)
    }
    return (value, length)
  }

  @inline(__always)
  func kind(of value: UInt32) -> CharacterKind {
    if value < 0x1_0000 { return CharacterKind(rawValue: kinds[Int(value)]) }
    guard value != Self.nothing, let scalar = Unicode.Scalar(value) else { return [] }
    return CharacterKind(asking: scalar)
  }

  @inline(__always)
  func kind(at index: Int) -> CharacterKind { kind(of: character(at: index).value) }

  /// Past all characters, from `index` on, of one of these kinds, or up to `limit` of them.
  @inline(__always)
  func end(
    of wanted: CharacterKind,
    from index: Int,
    atMost limit: Int = .max
  ) -> Int {
    var index = index
    var left = limit
    while left > 0 {
      let (value, length) = character(at: index)
      if kind(of: value).isDisjoint(with: wanted) { return index }
      index += length
      left -= 1
    }
    return index
  }

  /// Past all characters, from `index` on, of none of these kinds.
  @inline(__always)
  func end(ofOther unwanted: CharacterKind, from index: Int) -> Int {
    var index = index
    while index < end {
      let (value, length) = character(at: index)
      if !kind(of: value).isDisjoint(with: unwanted) { return index }
      index += length
    }
    return index
  }

  /// Past all bytes, from `index` on, that are one of these ASCII characters.
  @inline(__always)
  func end(ofBytes wanted: StaticString, from index: Int) -> Int {
    var index = index
    while index < end, contains(wanted, bytes[index]) { index += 1 }
    return index
  }

  @inline(__always)
  private func contains(_ set: StaticString, _ byte: UInt8) -> Bool {
    set.withUTF8Buffer { $0.contains(byte) }
  }
}
