/// Reads bytes from outside with every bound checked: what is not there is nil.
struct ByteReader {
  private let storage: ArraySlice<UInt8>
  private(set) var offset: Int

  init(_ bytes: [UInt8]) {
    self.init(bytes[...])
  }

  init(_ bytes: ArraySlice<UInt8>) {
    storage = bytes
    offset = bytes.startIndex
  }

  var remaining: Int { storage.endIndex - offset }
  var isAtEnd: Bool { remaining == 0 }

  mutating func byte() -> UInt8? {
    guard offset < storage.endIndex else { return nil }
    defer { offset += 1 }
    return storage[offset]
  }

  mutating func integer16() -> UInt16? {
    guard remaining >= 2 else { return nil }
    defer { offset += 2 }
    return UInt16(storage[offset]) << 8 | UInt16(storage[offset + 1])
  }

  mutating func integer24() -> Int? {
    guard remaining >= 3 else { return nil }
    defer { offset += 3 }
    return Int(storage[offset]) << 16 | Int(storage[offset + 1]) << 8 | Int(storage[offset + 2])
  }

  mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, remaining >= count else { return nil }
    defer { offset += count }
    return storage[offset..<(offset + count)]
  }

  /// What a length of one byte before it, or of two, says.
  mutating func vector8() -> ArraySlice<UInt8>? { byte().flatMap { bytes(Int($0)) } }
  mutating func vector16() -> ArraySlice<UInt8>? { integer16().flatMap { bytes(Int($0)) } }
}
