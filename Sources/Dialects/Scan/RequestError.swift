/// Why a request is refused before it goes anywhere.
package enum RequestError: Error, Hashable, Sendable, CustomStringConvertible {
  case malformed(JSONError)
  /// A field is missing, or has the wrong type or an impossible value.
  case invalid(path: String, why: String)
  /// Something would have to be left out that changes what the answer is.
  case notCarried([Loss])

  package var description: String {
    switch self {
    case .malformed(let error):
      return "\(error)"
    case .invalid(let path, let why):
      return "\(path): \(why)"
    case .notCarried(let losses):
      let list = losses.map { "\($0.path) (\($0.why))" }.joined(separator: ", ")
      return "the chosen model's API cannot take: \(list)"
    }
  }

  /// The field to name in an error's `param`.
  package var path: String? {
    switch self {
    case .malformed: nil
    case .invalid(let path, _): path
    case .notCarried(let losses): losses.first?.path
    }
  }
}

/// Something of a request that the other dialect has no place for.
package struct Loss: Hashable, Sendable, CustomStringConvertible {
  /// Such as `messages[2].content[0]`.
  package var path: String
  package var why: String
  /// Whether the answer may differ without it; hints of caching, billing and naming only help.
  package var changesAnswer: Bool

  package init(_ path: String, _ why: String, changesAnswer: Bool = true) {
    self.path = path
    self.why = why
    self.changesAnswer = changesAnswer
  }

  package var description: String { "\(path): \(why)" }

  /// The list as the value of a header: printable ASCII, at most 1,024 bytes.
  package static func header(_ losses: [Loss]) -> String {
    var text = ""
    for loss in losses {
      let item = "\(loss.path) (\(loss.why))"
      let clean = String(
        String.UnicodeScalarView(
          item.unicodeScalars.map { ("\u{20}"..."\u{7E}").contains($0) ? $0 : "?" }
        )
      )
      guard text.utf8.count + clean.utf8.count <= 1000 else { return text + ", and more" }
      text += text.isEmpty ? clean : ", \(clean)"
    }
    return text
  }
}

/// What becomes of a request of which something cannot be carried across.
package enum LossPolicy: String, Hashable, Sendable {
  /// It is refused if the answer might differ; hints are left out and listed.
  case refuse
  /// Whatever cannot be carried is left out and listed.
  case drop
}
