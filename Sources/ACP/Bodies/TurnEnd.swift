/// Why an agent stopped working on what it was told.
package enum TurnEnd: Hashable, Sendable {
  case endTurn
  case maxTokens
  case maxTurnRequests
  case refusal
  case cancelled
  /// A reason that is not known here.
  case other(String)

  package init(_ name: String) {
    switch name {
    case "end_turn": self = .endTurn
    case "max_tokens": self = .maxTokens
    case "max_turn_requests": self = .maxTurnRequests
    case "refusal": self = .refusal
    case "cancelled": self = .cancelled
    default: self = .other(String(name.prefix(64)))
    }
  }

  /// As the protocol writes it.
  package var name: String {
    switch self {
    case .endTurn: "end_turn"
    case .maxTokens: "max_tokens"
    case .maxTurnRequests: "max_turn_requests"
    case .refusal: "refusal"
    case .cancelled: "cancelled"
    case .other(let name): name
    }
  }
}
