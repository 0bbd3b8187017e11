package import Dialects

/// An error that one end answers the other with.
package struct RPCError: Error, Hashable, Sendable, CustomStringConvertible {
  package var code: Int
  package var message: String
  package var data: RawJSON?

  /// How much of another's message is kept.
  static let longestMessage = 2048

  package init(_ code: Int, _ message: String, data: RawJSON? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  init?(_ json: JSON) {
    guard json.isObject, let code = json["code"]?.int, let message = json["message"]?.string
    else { return nil }
    self.code = code
    self.message = String(message.prefix(Self.longestMessage))
    data = json.present("data")?.raw
  }

  package var description: String { "\(message) (\(code))" }

  package static let parseError = -32700
  package static let invalidRequest = -32600
  package static let methodNotFound = -32601
  package static let invalidParams = -32602
  package static let internalError = -32603

  func write(to writer: inout JSONWriter) {
    writer.object { error in
      error.int("code", code)
      error.string("message", message)
      error.raw("data", ifAny: data)
    }
  }
}
