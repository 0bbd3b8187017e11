/// Byte strings with numbers from 0 on, each there once, found by their bytes.
struct TextIndex: Sendable {
  private var texts = TextList()
  /// Upper half of the hash, then the number plus one; 0 is free. A power of two, at most half full.
  private var slots: [UInt64] = [UInt64](repeating: 0, count: 16)
  private let hash = KeyedHash()

  /// The bytes of the longest.
  private(set) var longest = 0

  var count: Int { texts.count }

  init(capacity: Int) {
    texts.reserve(capacity)
    resize(to: capacity)
  }

  subscript(number: Int) -> ArraySlice<UInt8> { texts[number] }

  @inline(__always)
  func number(of text: UnsafeRawBufferPointer) -> Int? {
    text.count > longest ? nil : number(of: text, hashed: hash(text))
  }

  func number(of text: ArraySlice<UInt8>) -> Int? {
    text.withUnsafeBytes { number(of: $0) }
  }

  /// The number of the text, a new one where it had none; nil where there is no room for it.
  mutating func intern(_ text: ArraySlice<UInt8>) -> Int? {
    text.withUnsafeBytes { text in
      let hashed = hash(text)
      if let known = number(of: text, hashed: hashed) { return known }
      guard texts.append(text) else { return nil }
      longest = max(longest, text.count)
      if count * 2 > slots.count { resize(to: count) } else { place(count - 1, hashed: hashed) }
      return count - 1
    }
  }

  private func number(of text: UnsafeRawBufferPointer, hashed: UInt64) -> Int? {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hashed) & mask
    while slots[slot] != 0 {
      let entry = slots[slot]
      let number = Int(entry & 0xFFFF_FFFF) - 1
      if entry >> 32 == hashed >> 32, texts.matches(number, text) { return number }
      slot = (slot + 1) & mask
    }
    return nil
  }

  private mutating func place(_ number: Int, hashed: UInt64) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hashed) & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = hashed & 0xFFFF_FFFF_0000_0000 | UInt64(number + 1)
  }

  private mutating func resize(to count: Int) {
    var size = slots.count
    while size < count * 3 { size *= 2 }
    slots = [UInt64](repeating: 0, count: size)
    for number in 0..<self.count {
      place(number, hashed: texts[number].withUnsafeBytes { hash($0) })
    }
  }
}
