import Foundation

/// What stands inside Basic authentication, where a placeholder is not seen from outside.
struct BasicCredentials {
  let text: String
  private let scheme: String

  /// Nil for anything else.
  init?(_ value: String) {
    guard value.utf8.count > 6, value.prefix(6).lowercased() == "basic ",
      let data = Data(base64Encoded: String(value.dropFirst(6).drop { $0 == " " })),
      let text = String(data: data, encoding: .utf8)
    else { return nil }
    scheme = String(value.prefix(6))
    self.text = text
  }

  func replacing(_ text: String) -> String {
    scheme + Data(text.utf8).base64EncodedString()
  }
}
