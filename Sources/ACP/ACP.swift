import Dialects

/// ACP: the Agent Client Protocol, version 1, both ends of it.
///
/// What either end says is read by the bodies (`Bodies`), tolerant of fields and kinds that nobody knows
/// here and of nothing else; what a client says next is decided by a state machine (`Client`), and what
/// an agent is asked is read by `Agent`. No I/O: whoever uses it carries the lines.
package enum ACP {
  package static let version = 1
}

/// The methods of the protocol that are known here.
package enum ACPMethod {
  package static let initialize = "initialize"
  package static let authenticate = "authenticate"
  package static let newSession = "session/new"
  package static let loadSession = "session/load"
  package static let prompt = "session/prompt"
  package static let cancel = "session/cancel"
  package static let update = "session/update"
  package static let requestPermission = "session/request_permission"

  /// What an agent is refused by a client that reads no files and has no terminal for it.
  package static let refusedAreas = ["fs/", "terminal/"]
}

/// Codes of errors beside those of JSON-RPC.
package enum ACPErrorCode {
  package static let authenticationRequired = -32000
  package static let notFound = -32002
}

/// Who an end says it is. Nothing of it is verified.
package struct ACPIdentity: Hashable, Sendable {
  package var name: String
  package var version: String

  static let longest = 256

  package init(name: String, version: String) {
    self.name = name
    self.version = version
  }

  init?(_ json: JSON?) {
    guard let json, let name = json["name"]?.string else { return nil }
    self.name = String(name.prefix(Self.longest))
    version = String((json["version"]?.string ?? "").prefix(Self.longest))
  }

  func write(to object: inout JSONWriter) {
    object.string("name", name)
    object.string("version", version)
  }
}
