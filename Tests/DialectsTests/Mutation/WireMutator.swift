/// Changes bodies and streams in the ways in which clients, upstreams and attackers get them wrong.
package struct WireMutator {
  private var random: SplitMix

  package init(seed: UInt64) {
    random = SplitMix(seed: seed)
  }

  package mutating func below(_ bound: Int) -> Int { random.below(bound) }

  /// Pieces of the formats, put where they may or may not belong.
  private static let tokens: [[UInt8]] = [
    "null", "true", "false", "{}", "[]", "\"\"", "0", "-1", "1e999", "99999999999999999999", "{",
    "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud83d", "\\udc00", "\n", "\r", "\r\n",
    "\n\n", "data: ", "event: ", "data: [DONE]\n\n", "\"type\":", "\"error\":{", "\"usage\":{}",
    "\"finish_reason\":\"stop\"", "\"index\":5", "\"done\":true", "\u{FEFF}", "\u{0}",
  ].map { Array($0.utf8) }

  package mutating func mutated(_ bytes: [UInt8], with other: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...random.below(4) {
      guard !bytes.isEmpty else { return [UInt8(truncatingIfNeeded: random.next())] }
      let place = random.below(bytes.count)
      switch random.below(9) {
      case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes[place] ^= 1 << UInt8(random.below(8))
      case 2: bytes.removeSubrange(place..<min(place + 1 + random.below(40), bytes.count))
      case 3:
        let end = min(place + 1 + random.below(80), bytes.count)
        bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count))
      case 4: bytes.removeSubrange(place...)
      case 5: bytes.insert(contentsOf: Self.tokens[random.below(Self.tokens.count)], at: place)
      case 6: replaceValue(&bytes, at: place)
      case 7 where !other.isEmpty:
        let start = random.below(other.count)
        bytes.replaceSubrange(
          place..<min(place + random.below(60), bytes.count),
          with: other[start..<min(start + random.below(200), other.count)]
        )
      default: bytes.swapAt(place, random.below(bytes.count))
      }
    }
    return bytes
  }

  /// Puts another value behind the next colon, so that the text stays well-formed.
  private mutating func replaceValue(_ bytes: inout [UInt8], at place: Int) {
    guard let colon = bytes[place...].firstIndex(of: UInt8(ascii: ":")) else { return }
    let end =
      bytes[colon...].firstIndex {
        $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") || $0 == UInt8(ascii: "]")
      } ?? bytes.endIndex
    bytes.replaceSubrange(
      (colon + 1)..<end,
      with: Self.tokens[random.below(9)]
    )
  }
}
