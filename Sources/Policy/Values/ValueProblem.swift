/// Why a text is not the value that it should be, and what to write instead.
package struct ValueProblem: Error, Hashable, Sendable {
  package let what: String
  package let remedy: String

  package init(_ what: String, remedy: String) {
    self.what = what
    self.remedy = remedy
  }
}

/// A text as it is shown in a message: in quotes, shortened, and printable.
package func quoted(_ text: some StringProtocol) -> String {
  "'\(printable(text, atMost: 60))'"
}

/// A text with nothing in it that could move the cursor, hide, or turn the reading direction.
package func printable(_ text: some StringProtocol, atMost length: Int) -> String {
  var shown = ""
  var count = 0
  for scalar in text.unicodeScalars {
    if count == length {
      shown += "…"
      break
    }
    count += 1
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned,
      .privateUse:
      shown += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
    default:
      shown.unicodeScalars.append(scalar)
    }
  }
  return shown
}
