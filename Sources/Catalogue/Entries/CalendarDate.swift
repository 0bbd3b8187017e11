/// A day, or a month where nobody named the day: `2026-03-05` or `2026-03`.
package struct CalendarDate: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let text: String

  /// Nil for what is not written so.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 7 || bytes.count == 10 else { return nil }
    for (index, byte) in bytes.enumerated() {
      guard index == 4 || index == 7 ? byte == 0x2D : (0x30...0x39).contains(byte) else {
        return nil
      }
    }
    self.text = text
  }

  /// Before every other day.
  package static let never = CalendarDate(unchecked: "0000-00")

  private init(unchecked text: String) {
    self.text = text
  }

  /// A month is before its days.
  package static func < (left: CalendarDate, right: CalendarDate) -> Bool {
    left.text < right.text
  }

  package var description: String { text }
}
