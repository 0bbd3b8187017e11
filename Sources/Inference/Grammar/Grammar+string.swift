/// Strings without a pattern: UTF-8, escapes, and the pairs of surrogates among them.
extension Grammar {
  /// Phases within a string; up to 7 places are those of a UTF-8 sequence.
  enum Text {
    static let start: Int16 = 0
    static let plain: Int16 = 1
    static let escape: Int16 = 16
    /// Four digits, the first read with a look at what it begins.
    static let first: Int16 = 17
    static let second: Int16 = 18
    static let third: Int16 = 19
    static let fourth: Int16 = 20
    /// Behind a `d`: half a pair, or not.
    static let secondOfD: Int16 = 21
    static let thirdOfHigh: Int16 = 22
    static let fourthOfHigh: Int16 = 23
    static let lowSlash: Int16 = 24
    static let lowU: Int16 = 25
    static let lowFirst: Int16 = 26
    static let lowSecond: Int16 = 27
  }

  func string(
    _ thread: GrammarThread,
    _ byte: UInt8,
    _ least: Int,
    _ most: Int?,
    into out: inout [GrammarThread]
  ) {
    let phase = thread.top.phase
    var next = thread
    switch phase {
    case Text.start:
      guard byte == 0x22 else { return }
      next.top.phase = Text.plain
    case Text.plain:
      if byte == 0x22 {
        if thread.top.count >= least { out += finished(thread.rest) }
        return
      }
      guard byte >= 0x20, most.map({ thread.top.count < $0 }) ?? true,
        let place = UTF8Place.step(0, byte)
      else { return }
      // Without a maximum nothing depends on more than must be there.
      if most != nil || next.top.count < least, next.top.count < .max { next.top.count += 1 }
      next.top.phase = byte == 0x5C ? Text.escape : Text.plain + Int16(place)
    case (Text.plain + 1)...(Text.plain + 7):
      guard let place = UTF8Place.step(UInt8(phase - Text.plain), byte) else { return }
      next.top.phase = Text.plain + Int16(place)
    default:
      guard let after = escape(phase, byte) else { return }
      next.top.phase = after
    }
    out.append(next)
  }

  private func escape(_ phase: Int16, _ byte: UInt8) -> Int16? {
    if phase == Text.escape {
      switch byte {
      case 0x75: return Text.first
      case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: return Text.plain
      default: return nil
      }
    }
    if phase == Text.lowSlash { return byte == 0x5C ? Text.lowU : nil }
    if phase == Text.lowU { return byte == 0x75 ? Text.lowFirst : nil }
    let digit: UInt8
    switch byte {
    case 0x30...0x39: digit = byte - 0x30
    case 0x41...0x46, 0x61...0x66: digit = (byte | 0x20) - 0x57
    default: return nil
    }
    switch phase {
    case Text.first: return digit == 13 ? Text.secondOfD : Text.second
    case Text.second: return Text.third
    case Text.third: return Text.fourth
    case Text.secondOfD: return digit < 8 ? Text.third : digit < 12 ? Text.thirdOfHigh : nil
    case Text.thirdOfHigh: return Text.fourthOfHigh
    case Text.fourthOfHigh: return Text.lowSlash
    case Text.lowFirst: return digit == 13 ? Text.lowSecond : nil
    case Text.lowSecond: return digit >= 12 ? Text.third : nil
    case Text.fourth: return Text.plain
    default: return nil
    }
  }
}
