package import JSONRPC

/// What a client says of itself, and how much it bears with.
package struct ACPOptions: Hashable, Sendable {
  package var identity = ACPIdentity(name: "caisson", version: "0")
  package var bounds = WireBounds()
  /// How long an agent has from its start until it is told what to do.
  package var opening = Duration.seconds(120)
  /// How long an agent that was told to stop may take to say that it did.
  package var leaving = Duration.seconds(5)
  /// Questions that are open at a time.
  package var questions = 16
  /// Lines that are no messages.
  package var noise = 256

  package init() {}
}

/// What a session has passed over, to be told when somebody asks why an agent does not work.
package struct ACPCounters: Hashable, Sendable {
  /// Lines that are no messages.
  package var noise = 0
  /// Answers to nothing that was asked, or that is no longer waited for.
  package var unknownAnswers = 0
  package var refusedRequests = 0
  package var unknownNotices = 0
  /// News of another session, or of the past of the one that was taken up.
  package var otherSessions = 0
}
