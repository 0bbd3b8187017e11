import Policy
import Testing

@testable import Catalogue

@Suite struct RateTextTests {
  @Test(
    arguments: [
      ("0.15 USD/M", .input, 150_000, 1, "0.15 USD/M"),
      ("2 USD/k", .output, 2_000_000_000, 1, "2000.00 USD/M"),
      ("0.0000000000005 USD/M", .input, nil, 1, ""),
      ("0.000000000001 USD/M", .input, 1, 1_000_000, ""),
      ("0.10 USD/s", .videoSecond, 100_000_000_000, 1, "0.10 USD/s"),
      ("0.111 USD/h", .audioInputSecond, 111_000_000_000, 3600, "0.111 USD/h"),
      ("0.06 USD/min", .audioInputSecond, 1_000_000_000, 1, "0.001 USD/s"),
      ("0.04 USD", .image, 40_000_000_000, 1, "0.04 USD"), ("0.15 USD", .input, nil, 1, ""),
      ("0.15 USD/s", .input, nil, 1, ""), ("0.15/M", .input, nil, 1, ""),
      ("-1 USD/M", .input, nil, 1, ""), ("1 USD/M/M", .input, nil, 1, ""),
      ("1 EUR/M", .input, nil, 1, ""),
    ] as [(String, PriceUnit, Int64?, Int64, String)]
  )
  func `a price is read as people write it, and written so`(
    text: String,
    unit: PriceUnit,
    amount: Int64?,
    per: Int64,
    shown: String
  ) throws {
    guard let amount else {
      #expect(throws: ValueProblem.self) { try Rate(parsing: text, for: unit) }
      return
    }
    let rate = try Rate(parsing: text, for: unit)
    #expect(rate == Rate(picoDollars: amount, per: per))
    if !shown.isEmpty { #expect(rate.text(for: unit) == shown) }
  }
}
