/// Tells contents from each other: 128 bits of which any change of a byte changes about half.
///
/// For noticing what was altered by accident or belongs to something else. It is not made to withstand
/// somebody who wants two contents to look the same; whoever can write the files that it is used for
/// needs no such trick.
struct Digest: Hashable, Sendable {
  private(set) var first: UInt64 = 0x243F_6A88_85A3_08D3
  private(set) var second: UInt64 = 0x1319_8A2E_0370_7344

  /// Numbers are told apart by their order alone: what has no fixed count is preceded by its count.
  mutating func add(_ number: UInt64) { add(number, 0xA409_3822_299F_31D0) }

  mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }

  mutating func add(_ text: String) {
    var copy = text
    copy.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  /// The count, then the bytes.
  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    add(bytes.count)
    var offset = 0
    while offset + 16 <= bytes.count {
      add(word(bytes, offset), word(bytes, offset + 8))
      offset += 16
    }
    guard offset < bytes.count else { return }
    var rest: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &rest) { $0.copyBytes(from: bytes[offset...]) }
    add(UInt64(littleEndian: rest.0), UInt64(littleEndian: rest.1))
  }

  private func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// Two words into both halves. Each half keeps what it was beside the product, which may be zero.
  private mutating func add(_ left: UInt64, _ right: UInt64) {
    let one = (left ^ 0x9E37_79B9_7F4A_7C15 ^ second).multipliedFullWidth(
      by: right ^ 0xC2B2_AE3D_27D4_EB4F
    )
    let other = (right ^ 0x1656_67B1_9E37_79F9 ^ first).multipliedFullWidth(
      by: left ^ 0x27D4_EB2F_1656_67C5
    )
    first = (first << 23 | first >> 41) &+ (one.high ^ one.low) &+ left
    second = (second << 29 | second >> 35) &+ (other.high ^ other.low) &+ right
  }
}
