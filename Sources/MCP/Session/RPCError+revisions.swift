import Dialects
package import JSONRPC

extension RPCError {
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
}
