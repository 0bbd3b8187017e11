/// An amount of US dollars, counted in pico-dollars (10⁻¹²) so that prices a token add up exactly.
package struct Money: Hashable, Sendable, Comparable {
  package var picoDollars: Int64

  package init(picoDollars: Int64) {
    self.picoDollars = picoDollars
  }

  package static func < (left: Money, right: Money) -> Bool {
    left.picoDollars < right.picoDollars
  }
}
