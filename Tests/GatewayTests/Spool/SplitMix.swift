/// A generator of random numbers with a seed: the same seed gives the same inputs everywhere.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  mutating func below(_ bound: Int) -> Int {
    bound <= 1 ? 0 : Int(next() % UInt64(bound))
  }

  /// Bytes that depend on the seed and repeat early, so that large ones are quick to make.
  mutating func bytes(_ count: Int) -> [UInt8] {
    let pattern = (0..<61).map { _ in UInt8(truncatingIfNeeded: next()) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 61)
    while bytes.count < count { bytes += pattern }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}
