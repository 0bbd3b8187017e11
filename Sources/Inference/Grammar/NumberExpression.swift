/// The decimal texts of numbers within bounds.
enum NumberExpression {
  /// Any number: up to 15 digits before the point and behind it, and an exponent of two digits, so
  /// that a model cannot write digits for ever and no reader gets an infinity.
  static let any = ByteExpression.sequence([
    .optional(.literal("-")), anyWhole(15),
    .optional(.sequence([.literal("."), .repeated(.digit, 1, 15)])),
    .optional(
      .sequence([
        .byte([0x45...0x45, 0x65...0x65]), .optional(.byte([0x2B...0x2B, 0x2D...0x2D])),
        .repeated(.digit, 1, 2),
      ])
    ),
  ])

  /// Whole numbers without a bound have up to 18 digits.
  static let unbounded = 999_999_999_999_999_999

  private static func anyWhole(_ digits: Int) -> ByteExpression {
    .either([
      .literal("0"), .sequence([.byte([0x31...0x39]), .repeated(.digit, 0, digits - 1)]),
    ])
  }

  /// Whole numbers from `low` to `high`, exactly; nil where there are none.
  static func whole(_ low: Int, _ high: Int) -> ByteExpression? {
    guard low <= high else { return nil }
    var parts: [ByteExpression] = []
    if low < 0 {
      parts.append(
        .sequence([.literal("-"), magnitude(high < 0 ? high.magnitude : 1, low.magnitude)])
      )
    }
    if high >= 0 { parts.append(magnitude(UInt(max(0, low)), UInt(high))) }
    return .either(parts)
  }

  /// The digits of `low` to `high`, without leading zeros.
  private static func magnitude(_ low: UInt, _ high: UInt) -> ByteExpression {
    let (first, last) = (Array(String(low).utf8), Array(String(high).utf8))
    var parts: [ByteExpression] = []
    for length in first.count...max(first.count, last.count) {
      let from =
        length == first.count ? first : [0x31] + Array(repeating: 0x30, count: length - 1)
      let to = length == last.count ? last : Array(repeating: 0x39, count: length)
      parts.append(between(from[...], to[...]))
    }
    return .either(parts)
  }

  /// Digits of one length between two bounds.
  private static func between(
    _ low: ArraySlice<UInt8>,
    _ high: ArraySlice<UInt8>
  ) -> ByteExpression {
    guard let first = low.first, let last = high.first else { return .nothing }
    if low.allSatisfy({ $0 == 0x30 }), high.allSatisfy({ $0 == 0x39 }) {
      return .repeated(.digit, low.count, low.count)
    }
    let rest = low.count - 1
    let (lowRest, highRest) = (low.dropFirst(), high.dropFirst())
    let zeros = [UInt8](repeating: 0x30, count: rest)
    let nines = [UInt8](repeating: 0x39, count: rest)
    if first == last {
      return .sequence([.byte([first...first]), between(lowRest, highRest)])
    }
    var parts: [ByteExpression] = [
      .sequence([.byte([first...first]), between(lowRest, nines[...])]),
      .sequence([.byte([last...last]), between(zeros[...], highRest)]),
    ]
    if first + 1 < last {
      parts.append(
        .sequence([.byte([(first + 1)...(last - 1)]), .repeated(.digit, rest, rest)])
      )
    }
    return .either(parts)
  }

  // MARK: Numbers with a fraction

  /// A bound as it is written in decimal.
  struct Bound {
    let isNegative: Bool
    /// Digits before the point, as a number, and those behind it without trailing zeros.
    let whole: Int
    let fraction: [UInt8]
    let isExclusive: Bool

    /// Nil where it has more than 15 digits: a reader's floating point could not keep it apart.
    init?(_ text: String, isExclusive: Bool) {
      var digits: [UInt8] = []
      var point: Int? = nil
      var exponent = 0
      let parts = text.lowercased().split(separator: "e", maxSplits: 1)
      if parts.count > 1 {
        guard let value = Int(parts[1]), abs(value) < 100 else { return nil }
        exponent = value
      }
      for byte in parts.first?.utf8 ?? "".utf8[...] {
        if byte == UInt8(ascii: ".") {
          point = digits.count
        } else if byte != UInt8(ascii: "-") {
          digits.append(byte)
        }
      }
      var place = (point ?? digits.count) + exponent
      while place > digits.count { digits.append(0x30) }
      while place < 0 {
        digits.insert(0x30, at: 0)
        place += 1
      }
      guard let whole = Int("0" + String(decoding: digits[..<place], as: UTF8.self)),
        whole < 1_000_000_000_000_000
      else { return nil }
      var fraction = Array(digits[place...])
      while fraction.last == 0x30 { fraction.removeLast() }
      self.whole = whole
      self.fraction = fraction
      self.isExclusive = isExclusive
      isNegative = text.hasPrefix("-") && (whole != 0 || !fraction.isEmpty)
      guard String(whole).utf8.count + fraction.count <= 15 else { return nil }
    }
  }

  /// The automaton of the numbers within the bounds, of 15 digits at most; nil where it has none.
  static func within(_ low: Bound?, _ high: Bound?) throws(ByteAutomaton.Failure) -> ByteAutomaton {
    let bounds = [low, high].compactMap { $0 }
    let widest = bounds.map { String($0.whole).utf8.count }.max() ?? 1
    let wholeDigits = bounds.count == 2 ? widest : max(9, widest)
    let finest = bounds.map(\.fraction.count).max() ?? 0
    guard wholeDigits + finest <= 15 else { throw .tooLarge }
    let range = Decimals(whole: wholeDigits, fraction: min(15 - wholeDigits, max(finest, 6)))
    let minus = ByteExpression.literal("-")
    let negative = ByteExpression.sequence([minus, range.positive])
    var result = try ByteAutomaton(.either([range.any, negative]))
    if let low {
      let allowed: ByteExpression
      if low.isNegative {
        allowed = .either([range.any, .sequence([minus, range.atMost(low)])])
      } else {
        allowed = range.atLeast(low)
      }
      result = try ByteAutomaton(result, and: ByteAutomaton(allowed))
    }
    if let high {
      let allowed: ByteExpression
      if high.isNegative {
        allowed = .sequence([minus, range.atLeast(high)])
      } else {
        allowed = .either([negative, range.atMost(high)])
      }
      result = try ByteAutomaton(result, and: ByteAutomaton(allowed))
    }
    return result
  }

  /// Decimals without sign and exponent, of so many digits at most on either side of the point.
  private struct Decimals {
    let whole: Int
    let fraction: Int

    private var top: Int { (0..<whole).reduce(1) { value, _ in value * 10 } - 1 }
    private func some(_ low: Int, _ high: Int) -> ByteExpression {
      NumberExpression.whole(low, high) ?? .impossible
    }
    private var anyFraction: ByteExpression {
      fraction == 0
        ? .nothing : .optional(.sequence([.literal("."), .repeated(.digit, 1, fraction)]))
    }
    var any: ByteExpression { .sequence([anyWhole(whole), anyFraction]) }
    /// More than zero.
    var positive: ByteExpression {
      .either([
        .sequence([some(1, top), anyFraction]),
        .sequence([.literal("0."), above([], fraction, exclusive: true)]),
      ])
    }

    func atLeast(_ bound: Bound) -> ByteExpression {
      var equal: [ByteExpression] = [
        .sequence([
          .literal("."), above(bound.fraction[...], fraction, exclusive: bound.isExclusive),
        ])
      ]
      if bound.fraction.isEmpty, !bound.isExclusive { equal.append(.nothing) }
      return .either([
        .sequence([some(bound.whole + 1, top), anyFraction]),
        .sequence([some(bound.whole, bound.whole), .either(equal)]),
      ])
    }

    func atMost(_ bound: Bound) -> ByteExpression {
      var equal: [ByteExpression] = [
        .sequence([
          .literal("."),
          below(bound.fraction[...], fraction, exclusive: bound.isExclusive, first: true),
        ])
      ]
      if !bound.fraction.isEmpty || !bound.isExclusive { equal.append(.nothing) }
      return .either([
        .sequence([some(0, bound.whole - 1), anyFraction]),
        .sequence([some(bound.whole, bound.whole), .either(equal)]),
      ])
    }

    /// Digits, `room` at most and one at least, that are `digits` or more.
    private func above(
      _ digits: ArraySlice<UInt8>,
      _ room: Int,
      exclusive: Bool
    ) -> ByteExpression {
      guard room > 0 else { return .impossible }
      guard let first = digits.first else {
        if !exclusive { return .repeated(.digit, 1, room) }
        return .either([
          .sequence([.byte([0x31...0x39]), .repeated(.digit, 0, room - 1)]),
          .sequence([.literal("0"), above([], room - 1, exclusive: true)]),
        ])
      }
      var same = above(digits.dropFirst(), room - 1, exclusive: exclusive)
      if digits.count == 1, !exclusive { same = .either([.nothing, same]) }
      var parts: [ByteExpression] = [.sequence([.byte([first...first]), same])]
      if first < 0x39 {
        parts.append(
          .sequence([.byte([(first + 1)...0x39]), .repeated(.digit, 0, room - 1)])
        )
      }
      return .either(parts)
    }

    /// Digits, `room` at most, that are `digits` or less; none only where they are not the first.
    private func below(
      _ digits: ArraySlice<UInt8>,
      _ room: Int,
      exclusive: Bool,
      first isFirst: Bool
    ) -> ByteExpression {
      var parts: [ByteExpression] = []
      if !isFirst, !digits.isEmpty || !exclusive { parts.append(.nothing) }
      if room > 0 {
        if let first = digits.first {
          if first > 0x30 {
            parts.append(
              .sequence([.byte([0x30...(first - 1)]), .repeated(.digit, 0, room - 1)])
            )
          }
          parts.append(
            .sequence([
              .byte([first...first]),
              below(digits.dropFirst(), room - 1, exclusive: exclusive, first: false),
            ])
          )
        } else if !exclusive {
          parts.append(.repeated(.literal("0"), isFirst ? 1 : 0, room))
        }
      }
      return .either(parts)
    }
  }
}
