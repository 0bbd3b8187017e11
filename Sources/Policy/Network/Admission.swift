/// Whether a connection may be made at all, and how closely it is to be looked at.
package enum Admission: Hashable, Sendable {
  /// Anything may be said there: bytes pass as they come, once the name has been checked.
  case passed(HostRule)
  /// What is said there is judged request by request. The rule holds what all entries for the
  /// place say about addresses and budgets together; `git` are the repositories there.
  case inspected(HostRule, git: [GitRule])
  case denied(rule: String, remedy: String?)
}

/// Whether an address that a name resolved to may be connected to.
package enum AddressVerdict: Hashable, Sendable {
  case allowed
  case denied(rule: String, reason: String, remedy: String?)
}

/// Whether a request may be made.
package enum RequestDecision: Hashable, Sendable {
  case allowed(RequestGrant)
  case denied(rule: String, reason: String, remedy: String?)
}

/// What a request is allowed by, and what comes with it.
package struct RequestGrant: Hashable, Sendable {
  /// The rule in words, as the audit names it.
  package var rule: String
  /// The name of the secret that this request may carry.
  package var credential: String?
  /// Bytes of the largest body; nil where nothing limits it.
  package var bodyLimit: UInt64?
  /// Whether the request may become a WebSocket.
  package var websocket: Bool
  /// Set where the request is one of git's: a push is judged further, by its commands.
  package var git: GitGrant?

  package init(
    rule: String,
    credential: String? = nil,
    bodyLimit: UInt64? = nil,
    websocket: Bool = false,
    git: GitGrant? = nil
  ) {
    self.rule = rule
    self.credential = credential
    self.bodyLimit = bodyLimit
    self.websocket = websocket
    self.git = git
  }
}

/// A request of git's smart protocol, and the entry that grants its repository.
package struct GitGrant: Hashable, Sendable {
  package var request: GitRequest
  package var rule: GitRule

  package init(request: GitRequest, rule: GitRule) {
    self.request = request
    self.rule = rule
  }
}
