/// A quick hash under a secret, so that a vocabulary cannot be written whose entries all collide.
struct KeyedHash: Sendable {
  private let first: UInt64
  private let second: UInt64

  /// A new secret. What is found under it does not depend on it, only where.
  init() {
    first = .random(in: 1 ... .max)
    second = .random(in: 1 ... .max) | 1
  }

  @inline(__always)
  func callAsFunction(_ key: UInt64) -> UInt64 { fold(key ^ first, second) }

  @inline(__always)
  func callAsFunction(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var state = first ^ UInt64(truncatingIfNeeded: bytes.count)
    var offset = 0
    while bytes.count - offset >= 8 {
      let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      state = fold(state ^ word, second)
      offset += 8
    }
    var word: UInt64 = 0
    while offset < bytes.count {
      word = word << 8 | UInt64(bytes[offset])
      offset += 1
    }
    return fold(fold(state ^ word, second), first | 1)
  }

  @inline(__always)
  private func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}
