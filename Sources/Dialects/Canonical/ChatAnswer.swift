/// A whole answer.
package struct ChatAnswer: Hashable, Sendable {
  package var id: String
  package var model: String
  /// Seconds since 1970, where the dialect says when.
  package var created: Int?
  package var parts: [Part] = []
  package var stop: StopReason?
  package var stopSequence: String?
  package var usage: TokenUsage?
  /// What the model gave each token: a list, in the words that OpenAI and Ollama share.
  package var logprobs: RawJSON?
  package var rest = Rest()

  package init(id: String, model: String) {
    self.id = id
    self.model = model
  }
}

/// Why a model stopped.
package enum StopReason: Hashable, Sendable {
  case end
  case stopSequence
  case maxTokens
  case contextFull
  case toolCalls
  case refusal
  case contentFilter
  /// The provider paused a long turn; it goes on when the answer is sent back.
  case pause
  /// The model's call of a tool could not be read.
  case malformedCall
  case other(String)
}

/// What happens in an answer that comes piece by piece.
package enum StreamEvent: Hashable, Sendable {
  case start(id: String, model: String, created: Int?)
  case partStart(Int, PartStart)
  case delta(Int, Delta)
  /// What the model gave the tokens of the delta that follows, where it was asked to say.
  case logprobs(RawJSON)
  case partStop(Int)
  /// What is known so far; a later one replaces an earlier one.
  case usage(TokenUsage)
  case stop(StopReason, sequence: String?)
  /// The dialect's own end of the stream.
  case end
  case error(ProviderError)
  case ping

  package enum PartStart: Hashable, Sendable {
    case text
    case refusal
    case thinking(id: String?)
    /// Thoughts that only the provider can read, whole.
    case encrypted(Thinking)
    case toolCall(id: String, name: String, isCustom: Bool, signature: String?)
    case opaque(type: String, RawJSON, Dialect)
  }

  package enum Delta: Hashable, Sendable {
    case text(String)
    case refusal(String)
    case thinking(String)
    case signature(String, Dialect)
    case arguments(String)
  }
}
