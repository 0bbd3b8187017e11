/// A generator of random numbers with a seed: the same seed gives the same inputs everywhere.
///
/// One file, linked from each target whose tests or fuzzing use it.
package struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  package mutating func below(_ bound: Int) -> Int {
    bound <= 1 ? 0 : Int(next() % UInt64(bound))
  }

  package mutating func chance(_ percent: Int) -> Bool {
    below(100) < percent
  }

  /// Bytes that depend on the seed and repeat early, so that large ones are quick to make.
  package mutating func bytes(_ count: Int) -> [UInt8] {
    let pattern = (0..<61).map { _ in UInt8(truncatingIfNeeded: next()) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 61)
    while bytes.count < count { bytes += pattern }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  /// Bytes with a few changes: flipped, cut out, doubled, cut short, or grown.
  package mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...below(4) {
      guard !bytes.isEmpty else { return [UInt8(truncatingIfNeeded: next())] }
      let place = below(bytes.count)
      switch below(6) {
      case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
      case 1: bytes[place] ^= 1 << UInt8(below(8))
      case 2: bytes.remove(at: place)
      case 3: bytes.removeSubrange(place..<min(place + 1 + below(16), bytes.count))
      case 4:
        bytes.insert(contentsOf: bytes[place..<min(place + 1 + below(16), bytes.count)], at: place)
      default: bytes[place] = [0, 1, 0x3F, 0x7F, 0x80, 0xC0, 0xFF].randomElement(using: &self) ?? 0
      }
    }
    return bytes
  }
}
