/// A regular expression over bytes.
indirect enum ByteExpression: Sendable {
  /// The empty text.
  case nothing
  /// One byte of these ranges; of no range: a dead end.
  case byte([ClosedRange<UInt8>])
  case sequence([ByteExpression])
  case either([ByteExpression])
  /// So often; for ever without a maximum.
  case repeated(ByteExpression, Int, Int?)

  static func literal(_ bytes: some Sequence<UInt8>) -> ByteExpression {
    .sequence(bytes.map { .byte([$0...$0]) })
  }
  static func literal(_ text: String) -> ByteExpression { literal(text.utf8) }
  static let digit = byte([0x30...0x39])
  static func optional(_ inner: ByteExpression) -> ByteExpression { .repeated(inner, 0, 1) }
  static let impossible = byte([])
}

/// Sets of code points, and how a JSON string writes them.
struct CodePointSet: Sendable {
  /// Sorted, without overlap.
  private(set) var ranges: [ClosedRange<UInt32>]

  static let all = CodePointSet([0...0xD7FF, 0xE000...0x10FFFF])

  init(_ ranges: [ClosedRange<UInt32>]) {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
        merged[merged.count - 1] =
          last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    self.ranges = merged
  }

  var inverted: CodePointSet {
    var result: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { result.append(next...(range.lowerBound - 1)) }
      next = range.upperBound + 1
    }
    if next <= 0x10FFFF { result.append(next...0x10FFFF) }
    // Surrogates are no code points of a text.
    return CodePointSet(result.flatMap { Self.withoutSurrogates($0) })
  }

  private static func withoutSurrogates(_ range: ClosedRange<UInt32>) -> [ClosedRange<UInt32>] {
    var parts: [ClosedRange<UInt32>] = []
    if range.lowerBound < 0xD800 { parts.append(range.lowerBound...min(range.upperBound, 0xD7FF)) }
    if range.upperBound > 0xDFFF { parts.append(max(range.lowerBound, 0xE000)...range.upperBound) }
    return parts
  }

  /// One character of the set inside a JSON string: raw, and escaped where it has to be.
  var inJSON: ByteExpression {
    var choices: [ByteExpression] = []
    let short: [UInt32: String] = [
      0x22: "\\\"", 0x5C: "\\\\", 0x08: "\\b", 0x0C: "\\f", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t",
    ]
    for range in ranges.flatMap({ Self.withoutSurrogates($0) }) {
      for code in range where code < 0x20 || code == 0x22 || code == 0x5C {
        if code > 0x5C { break }
        if let text = short[code] {
          choices.append(.literal(text))
        } else {
          let hex = String(code, radix: 16)
          choices.append(.literal("\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex))
        }
      }
      for plain in [0x20...0x21, 0x23...0x5B, 0x5D...0x10FFFF] as [ClosedRange<UInt32>]
      where plain.overlaps(range) {
        choices.append(contentsOf: Self.utf8(range.clamped(to: plain)))
      }
    }
    return .either(choices)
  }

  /// UTF-8 of a range, split so that each part is a product of byte ranges.
  private static func utf8(_ range: ClosedRange<UInt32>) -> [ByteExpression] {
    for limit in [0x7F, 0x7FF, 0xFFFF] as [UInt32]
    where range.lowerBound <= limit && range.upperBound > limit {
      return utf8(range.lowerBound...limit) + utf8((limit + 1)...range.upperBound)
    }
    if range.upperBound <= 0x7F {
      return [.byte([UInt8(range.lowerBound)...UInt8(range.upperBound)])]
    }
    for shift in [6, 12, 18] as [UInt32] {
      let low = (UInt32(1) << shift) - 1
      guard range.lowerBound & ~low != range.upperBound & ~low else { continue }
      if range.lowerBound & low != 0 {
        return utf8(range.lowerBound...(range.lowerBound | low))
          + utf8(((range.lowerBound | low) + 1)...range.upperBound)
      }
      if range.upperBound & low != low {
        return utf8(range.lowerBound...((range.upperBound & ~low) - 1))
          + utf8((range.upperBound & ~low)...range.upperBound)
      }
    }
    let (first, last) = (encode(range.lowerBound), encode(range.upperBound))
    return [.sequence(zip(first, last).map { .byte([$0...$1]) })]
  }

  private static func encode(_ code: UInt32) -> [UInt8] {
    Unicode.Scalar(code).map { Array(String(Character($0)).utf8) } ?? []
  }
}
