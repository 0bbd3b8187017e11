/// The same numbers for the same seed, on every machine.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension SplitMix {
  /// A text with some bytes taken out, doubled, swapped with another's, or replaced.
  mutating func mutated(_ corpus: [[UInt8]]) -> [UInt8] {
    var bytes = corpus.randomElement(using: &self) ?? []
    for _ in 0..<Int.random(in: 1...4, using: &self) {
      guard !bytes.isEmpty else { break }
      let place = Int.random(in: 0..<bytes.count, using: &self)
      let end = min(bytes.count, place + Int.random(in: 1...12, using: &self))
      switch Int.random(in: 0..<6, using: &self) {
      case 0: bytes.removeSubrange(place..<end)
      case 1: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 2: bytes[place] = UInt8.random(in: 0...255, using: &self)
      case 3:
        let tokens = [
          "{", "}", "[", "]", ",", ":", "\"", "null", "-1", "1e999", "\\u0000", "\\ud800",
        ]
        bytes.insert(contentsOf: Array((tokens.randomElement(using: &self) ?? "").utf8), at: place)
      case 4: bytes.removeLast(bytes.count - place)
      default:
        let other = corpus.randomElement(using: &self) ?? []
        bytes.insert(contentsOf: other.prefix(40), at: place)
      }
    }
    return bytes
  }
}
