package import JSONRPC

/// What a client says of itself, which wire it speaks, and how much it bears with.
package struct SessionOptions: Hashable, Sendable {
  package enum Wire: Hashable, Sendable {
    /// Asks by the stateless revision first, and shakes hands with who does not know it.
    case automatic
    /// `initialize`, as the revisions until 2025-11-25 have it.
    case handshake
    case stateless
  }

  package var wire = Wire.automatic
  package var name = "caisson"
  package var version = "0"
  package var bounds = WireBounds()
  /// How long the stateless question is waited for before a handshake is tried as well.
  package var probe = Duration.seconds(5)
  /// How long a server has from its start to its greeting.
  package var opening = Duration.seconds(60)
  /// How long a page of the list of tools is waited for.
  package var listing = Duration.seconds(30)
  /// Requests under way, of any kind.
  package var pending = 64
  package var pages = 64
  package var tools = 1024
  /// Lines that are no messages.
  package var noise = 64

  package init() {}
}

/// What a server said of itself. None of it is verified.
package struct ServerInfo: Hashable, Sendable {
  package var name: String
  package var version: String
  package var revision: ProtocolRevision
  /// Advice to the model from somebody who is not its user: to be treated as data.
  package var instructions: String?
  package var hasTools: Bool
  package var announcesToolChanges: Bool

  static let longestName = 256
}

/// How far a call has come, as its server says.
package struct ToolProgress: Hashable, Sendable {
  package var progress: Double
  package var total: Double?
  package var message: String?
}

/// What a session has passed over, to be told when somebody asks why a server does not work.
package struct SessionCounters: Hashable, Sendable {
  /// Lines that are no messages.
  package var noise = 0
  /// Answers to nothing that was asked.
  package var unknownAnswers = 0
  /// Answers to what is no longer waited for.
  package var lateAnswers = 0
  /// Requests of the server that were refused: sampling, elicitation, roots and the like.
  package var refusedRequests = 0
  package var unknownNotifications = 0
}
