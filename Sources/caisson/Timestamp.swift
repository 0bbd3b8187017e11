import Foundation

/// Points in time as text.
enum Timestamp {
  /// In UTC with microseconds, for machines.
  static func text(microseconds: Int64) -> String {
    let (seconds, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    let digits = String(max(0, fraction))
    let date = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601).dropLast()
    return "\(date).\(String(repeating: "0", count: 6 - digits.count))\(digits)Z"
  }

  /// In the time zone of this machine, to the second, for people.
  static func local(microseconds: Int64) -> String {
    var style = Date.ISO8601FormatStyle(timeZone: .current).year().month().day()
      .dateTimeSeparator(.space).time(includingFractionalSeconds: false)
    style.timeZone = .current
    return Date(timeIntervalSince1970: Double(microseconds / 1_000_000)).formatted(style)
  }
}
