/// An answer in the making.
package struct Generation: Sendable {
  /// Unique within its engine.
  package let id: UInt64
  /// Ends with `ended`, always and once. Dropping it ends the answer.
  package let events: AsyncStream<GenerationEvent>
  private let mailbox: Mailbox

  init(id: UInt64, events: AsyncStream<GenerationEvent>, mailbox: Mailbox) {
    self.id = id
    self.events = events
    self.mailbox = mailbox
  }

  /// Ends the answer after the step that is under way; the last event says so.
  package func cancel() {
    mailbox.cancel(id)
  }
}

package enum GenerationEvent: Sendable, Equatable {
  /// Work has begun; so many tokens of the prompt were known from earlier sequences.
  case started(prompt: Int, reused: Int)
  case token(GeneratedToken)
  /// Text that was kept back because it could have become a stop string; it did not.
  case text(String)
  case ended(GenerationEnd)
}

package struct GeneratedToken: Sendable, Equatable {
  package var token: Int32
  /// What is certain to be part of the answer now: empty while a character or a stop string may be
  /// unfinished.
  package var text: String
  /// Natural logarithm of its share; nil if not asked for.
  package var logprob: Float?
  package var likeliest: [TokenLogprob]
}

package struct GenerationEnd: Sendable, Equatable {
  package enum Reason: Sendable, Equatable {
    /// The model ended its answer.
    case stop
    case stopString
    /// The limit of tokens or the context is reached.
    case length
    case cancelled
    case failed(String)
  }

  package var reason: Reason
  package var promptTokens: Int
  package var reusedTokens: Int
  package var generatedTokens: Int
  /// Seconds from the request to the first step, to the first token, and to the end.
  package var queued: Double
  package var untilFirst: Double
  package var total: Double
}
