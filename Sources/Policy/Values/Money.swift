/// An amount of US dollars, counted in pico-dollars (10⁻¹²) so that prices a token add up exactly.
package struct Money: Hashable, Sendable, Comparable {
  package var picoDollars: Int64

  /// One dollar in pico-dollars.
  package static let dollar: Int64 = 1_000_000_000_000
  /// The largest amount that a document may name, in dollars.
  package static let largest: Int64 = 1_000_000

  package init(picoDollars: Int64) {
    self.picoDollars = picoDollars
  }

  /// Reads `2.00 USD`: up to twelve decimals, in integers throughout.
  package init(parsing text: String) throws(ValueProblem) {
    let malformed = ValueProblem(
      "\(quoted(text)) is not an amount of money",
      remedy: "write it as in 2.00 USD"
    )
    guard text.hasSuffix("USD") else {
      if let amount = Decimal12(text), amount.whole <= Self.largest {
        throw ValueProblem("the amount has no currency", remedy: "write \(text) USD")
      }
      throw malformed
    }
    let number = text.dropLast(3).trimmingSpaces()
    guard let decimal = Decimal12(number) else { throw malformed }
    guard
      decimal.whole < Self.largest || (decimal.whole == Self.largest && decimal.fraction == 0)
    else {
      throw ValueProblem(
        "\(quoted(text)) is more than a document may name",
        remedy: "stay at or below 1000000 USD"
      )
    }
    picoDollars = decimal.whole * Self.dollar + decimal.fraction
  }

  package static func < (left: Money, right: Money) -> Bool {
    left.picoDollars < right.picoDollars
  }

  /// As in `2.00 USD`: at least two decimals, and no more than are needed.
  package var text: String {
    let magnitude = picoDollars.magnitude
    let dollar = UInt64(Self.dollar)
    var fraction = String(magnitude % dollar)
    fraction = String(repeating: "0", count: 12 - fraction.count) + fraction
    while fraction.count > 2, fraction.hasSuffix("0") { fraction.removeLast() }
    return "\(picoDollars < 0 ? "-" : "")\(magnitude / dollar).\(fraction) USD"
  }
}

/// A decimal number in integers: a whole part of at most nine digits and twelve decimals.
package struct Decimal12 {
  package var whole: Int64
  /// In units of 10⁻¹².
  package var fraction: Int64

  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = digits(parts[0], atMost: 9) else { return nil }
    self.whole = whole
    fraction = 0
    if parts.count == 2 {
      guard let value = digits(parts[1], atMost: 12) else { return nil }
      fraction = value
      for _ in parts[1].utf8.count..<12 { fraction *= 10 }
    }
  }
}

/// A number of decimal digits and nothing else.
package func digits(_ text: some StringProtocol, atMost count: Int) -> Int64? {
  let bytes = text.utf8
  guard !bytes.isEmpty, bytes.count <= min(count, 18) else { return nil }
  var value: Int64 = 0
  for byte in bytes {
    guard (0x30...0x39).contains(byte) else { return nil }
    value = value * 10 + Int64(byte - 0x30)
  }
  return value
}

extension StringProtocol {
  /// Without spaces at either end.
  package func trimmingSpaces() -> String {
    let rest = drop { $0 == " " }
    return String(rest.reversed().drop { $0 == " " }.reversed())
  }
}
