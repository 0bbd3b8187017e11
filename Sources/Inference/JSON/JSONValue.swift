/// A JSON value that was read; objects keep their order, numbers their text.
///
/// Numbers are read when asked for, so that a schema's 64-bit bounds stay exact.
package enum JSONValue: Sendable, Equatable {
  case null
  case flag(Bool)
  case number(String)
  case text(String)
  case list([JSONValue])
  case object([JSONMember])

  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The whole number, where the text is one or is one with a zero fraction or an exponent.
  package var integer: Int? {
    guard case .number(let text) = self else { return nil }
    if let whole = Int(text) { return whole }
    guard let real = Double(text), real.magnitude < 0x1p53 else { return nil }
    return Int(exactly: real)
  }

  package var real: Double? {
    guard case .number(let text) = self else { return nil }
    return Double(text)
  }

  package var string: String? {
    guard case .text(let text) = self else { return nil }
    return text
  }
}

package struct JSONMember: Sendable, Equatable {
  package let name: String
  package let value: JSONValue

  package init(name: String, value: JSONValue) {
    self.name = name
    self.value = value
  }
}

/// Why bytes are no JSON that is read here.
package struct JSONFault: Error, Sendable, Equatable, CustomStringConvertible {
  package let message: String
  /// The place in the text, in bytes from 0.
  package let place: Int

  package var description: String { "\(message) at byte \(place)" }
}
