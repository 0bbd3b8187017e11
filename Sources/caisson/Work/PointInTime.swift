import Foundation
import Policy

/// A moment as a person names it: `18:30`, `2026-11-22 08:00`, `2026-11-22T08:00:00Z`, or `2h` from now.
enum PointInTime {
  /// Microseconds since 1970.
  static func parse(_ text: String, now: Date) throws(ValueProblem) -> Int64 {
    if let seconds = try? Limits.seconds(parsing: text) {
      return microseconds(now.addingTimeInterval(seconds))
    }
    if let date = try? Date(text, strategy: .iso8601) { return microseconds(date) }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.isLenient = false
    for format in ["yyyy-MM-dd HH:mm", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd HH:mm:ss"] {
      formatter.dateFormat = format
      if let date = formatter.date(from: text) { return microseconds(date) }
    }
    if let date = nextTime(text, after: now) { return microseconds(date) }
    throw ValueProblem(
      "\(quoted(text)) is no moment",
      remedy: "write it as in 18:30, '2026-11-22 08:00', 2026-11-22T08:00:00Z or 2h"
    )
  }

  private static func nextTime(_ text: String, after now: Date) -> Date? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let hour = digits(parts[0], atMost: 2), hour < 24,
      let minute = digits(parts[1], atMost: 2), minute < 60
    else { return nil }
    return Calendar.current.nextDate(
      after: now,
      matching: DateComponents(hour: Int(hour), minute: Int(minute), second: 0),
      matchingPolicy: .nextTime
    )
  }

  private static func microseconds(_ date: Date) -> Int64 {
    Int64(clamping: Int(exactly: (date.timeIntervalSince1970 * 1_000_000).rounded()) ?? 0)
  }
}
