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
  package static let headerMismatch = -32020
  package static let missingCapability = -32021
  package static let unsupportedRevision = -32022

  /// Whether only a server of the stateless revision answers so.
  package var isModern: Bool {
    [Self.headerMismatch, Self.missingCapability, Self.unsupportedRevision].contains(code)
  }

  /// The revisions that a server names when it refuses one.
  package var supported: [String]? {
    guard code == Self.unsupportedRevision, let list = data?.json?["supported"], list.isArray
    else { return nil }
    return list.elements.prefix(64).compactMap(\.string)
  }

  func write(to writer: inout JSONWriter) {
    writer.object { error in
      error.int("code", code)
      error.string("message", message)
      error.raw("data", ifAny: data)
    }
  }
}
