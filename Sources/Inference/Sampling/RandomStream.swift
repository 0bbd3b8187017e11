/// Numbers that look like chance and are the same for the same seed, on every machine and in every
/// version of this program.
///
/// xoshiro256** (Blackman and Vigna 2018); its state comes from the seed through SplitMix64.
package struct RandomStream: Sendable, RandomNumberGenerator {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  package init(seed: UInt64) {
    var mixer = seed
    func mixed() -> UInt64 {
      mixer &+= 0x9E37_79B9_7F4A_7C15
      var word = mixer
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return word ^ (word >> 31)
    }
    state = (mixed(), mixed(), mixed(), mixed())
  }

  package mutating func next() -> UInt64 {
    let product = state.1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = (state.3 << 45) | (state.3 >> 19)
    return result
  }

  /// At least 0 and below 1, in steps of 2⁻⁵³.
  package mutating func fraction() -> Double {
    Double(next() >> 11) * 0x1p-53
  }
}
