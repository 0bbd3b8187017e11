package import Glibc

/// A moment on the wall clock, for templates that tell the model the date.
package struct TemplateMoment: Sendable {
  package var year: Int
  package var month: Int
  package var day: Int
  package var hour: Int
  package var minute: Int
  package var second: Int

  package init(
    year: Int,
    month: Int,
    day: Int,
    hour: Int = 0,
    minute: Int = 0,
    second: Int = 0
  ) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// Seconds since 1970 as the clock on the wall of this place shows them.
  package init(local seconds: time_t) {
    var seconds = seconds
    var parts = tm()
    localtime_r(&seconds, &parts)
    self.init(
      year: Int(parts.tm_year) + 1900,
      month: Int(parts.tm_mon) + 1,
      day: Int(parts.tm_mday),
      hour: Int(parts.tm_hour),
      minute: Int(parts.tm_min),
      second: Int(parts.tm_sec)
    )
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  private static let days = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]

  private var dayOfYear: Int {
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
    let leaps = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return before[min(max(month - 1, 0), 11)] + day + (leaps && month > 2 ? 1 : 0)
  }

  /// 0 for Sunday.
  private var weekday: Int {
    let past = year - 1
    return (past * 365 + past / 4 - past / 100 + past / 400 + dayOfYear) % 7
  }

  /// `strftime` in the C locale; a letter that is not known stays as it is.
  func formatted(_ format: TemplateText) -> TemplateText {
    func padded(_ number: Int, _ width: Int = 2) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    let monthName = Self.months[min(max(month - 1, 0), 11)]
    let dayName = Self.days[((weekday % 7) + 7) % 7]
    let twelve = hour % 12 == 0 ? 12 : hour % 12
    var out: [UInt8] = []
    var at = 0
    let bytes = format.bytes
    while at < bytes.count {
      guard bytes[at] == UInt8(ascii: "%"), at + 1 < bytes.count else {
        out.append(bytes[at])
        at += 1
        continue
      }
      let strips = bytes[at + 1] == UInt8(ascii: "-") && at + 2 < bytes.count
      let letter = bytes[at + (strips ? 2 : 1)]
      var text: String
      switch letter {
      case UInt8(ascii: "Y"): text = padded(year, 4)
      case UInt8(ascii: "y"): text = padded(year % 100)
      case UInt8(ascii: "m"): text = padded(month)
      case UInt8(ascii: "d"): text = padded(day)
      case UInt8(ascii: "e"): text = (day < 10 ? " " : "") + String(day)
      case UInt8(ascii: "H"): text = padded(hour)
      case UInt8(ascii: "I"): text = padded(twelve)
      case UInt8(ascii: "M"): text = padded(minute)
      case UInt8(ascii: "S"): text = padded(second)
      case UInt8(ascii: "f"): text = "000000"
      case UInt8(ascii: "j"): text = padded(dayOfYear, 3)
      case UInt8(ascii: "p"): text = hour < 12 ? "AM" : "PM"
      case UInt8(ascii: "B"): text = monthName
      case UInt8(ascii: "b"), UInt8(ascii: "h"): text = String(monthName.prefix(3))
      case UInt8(ascii: "A"): text = dayName
      case UInt8(ascii: "a"): text = String(dayName.prefix(3))
      case UInt8(ascii: "w"): text = String(weekday)
      case UInt8(ascii: "F"): text = "\(padded(year, 4))-\(padded(month))-\(padded(day))"
      case UInt8(ascii: "T"): text = "\(padded(hour)):\(padded(minute)):\(padded(second))"
      case UInt8(ascii: "D"): text = "\(padded(month))/\(padded(day))/\(padded(year % 100))"
      case UInt8(ascii: "Z"), UInt8(ascii: "z"): text = ""
      case UInt8(ascii: "%"): text = "%"
      default: text = "%" + String(Character(Unicode.Scalar(letter)))
      }
      if strips, text.utf8.count > 1, text.utf8.first == 0x30 { text.removeFirst() }
      out += text.utf8
      at += strips ? 3 : 2
    }
    return TemplateText(bytes: out)
  }
}
