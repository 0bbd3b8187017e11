/// How long a budget's money lasts, counted in UTC.
package enum BudgetPeriod: String, Sendable, Hashable, Codable, CaseIterable {
  case hour, day
  /// From Monday on.
  case week
  case month
  /// Once, and never again.
  case total

  /// When the period that holds `time` began, in microseconds since 1970; 0 for ``total``.
  package func start(at time: Int64) -> Int64 {
    switch self {
    case .hour: Self.floor(time, to: Self.hourLength)
    case .day: Self.floor(time, to: Self.dayLength)
    // 1970 began on a Thursday.
    case .week: Self.floor(time + 3 * Self.dayLength, to: 7 * Self.dayLength) - 3 * Self.dayLength
    case .month: Self.firstOfMonth(time, ahead: 0)
    case .total: 0
    }
  }

  /// When the period that holds `time` ends; nil for ``total``.
  package func end(at time: Int64) -> Int64? {
    switch self {
    case .hour: start(at: time) + Self.hourLength
    case .day: start(at: time) + Self.dayLength
    case .week: start(at: time) + 7 * Self.dayLength
    case .month: Self.firstOfMonth(time, ahead: 1)
    case .total: nil
    }
  }

  private static let hourLength: Int64 = 3_600_000_000
  private static let dayLength: Int64 = 86_400_000_000

  private static func floor(_ time: Int64, to length: Int64) -> Int64 {
    let rest = time % length
    return time - (rest < 0 ? rest + length : rest)
  }

  /// The proleptic Gregorian calendar in integers, by years that begin in March, so that the
  /// leap day comes last: a calendar of Foundation's costs more than the whole reservation.
  private static func firstOfMonth(_ time: Int64, ahead: Int64) -> Int64 {
    let days = floor(time, to: dayLength) / dayLength + 719_468
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    // March is 0; what goes over into the next year is carried.
    let month = (5 * dayOfYear + 2) / 153 + ahead
    let year = yearOfEra + era * 400 + month / 12
    return firstDay(ofMonth: month % 12, year: year) * dayLength
  }

  private static func firstDay(ofMonth month: Int64, year: Int64) -> Int64 {
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfEra =
      yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + (153 * month + 2) / 5
    return era * 146_097 + dayOfEra - 719_468
  }
}
