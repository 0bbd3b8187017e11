import Foundation

/// What a store takes as a text.
///
/// A byte 0 is refused, since PostgreSQL keeps no text with one, and SQLite gives back what stands
/// before it; JSON writes it as an escape.
package enum WorkText {
  /// Bytes.
  package static let longest = 64 << 20

  package static func check(_ texts: String?...) throws {
    for case let text? in texts {
      guard text.utf8.count <= longest else {
        throw WorkError.invalid(
          "a text of \(text.utf8.count) bytes is too long; a journal takes \(longest)"
        )
      }
      var text = text
      let hasZero = text.withUTF8 { bytes in
        bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false
      }
      if hasZero { throw WorkError.invalid("a text with a byte 0 cannot be kept; escape it") }
    }
  }
}

extension NewAssignment {
  func check() throws {
    try WorkText.check(id, parent, text, settings, dedupe)
    guard !id.isEmpty else { throw WorkError.invalid("an assignment needs a name") }
  }
}

extension Schedule {
  package func check() throws {
    try WorkText.check(id, text, settings)
    guard every.map({ $0 > 0 }) ?? true else {
      throw WorkError.invalid("the schedule \(id) cannot come round every \(every ?? 0) µs")
    }
  }
}
