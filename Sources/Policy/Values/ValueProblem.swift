/// Why a text is not the value that it should be, and what to write instead.
package struct ValueProblem: Error, Hashable, Sendable {
  package let what: String
  package let remedy: String

  package init(_ what: String, remedy: String) {
    self.what = what
    self.remedy = remedy
  }
}

/// A text as it is shown in a message: in quotes, shortened, and with nothing that could move the
/// cursor or hide what stands there.
func quoted(_ text: some StringProtocol) -> String {
  var shown = ""
  var count = 0
  for scalar in text.unicodeScalars {
    if count == 60 {
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
  return "'\(shown)'"
}
