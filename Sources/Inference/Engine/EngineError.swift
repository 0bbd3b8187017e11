/// Why an engine does not take a request, or was not made.
package enum EngineError: Error, Equatable, CustomStringConvertible {
  case options(String)
  case model(ModelError)
  /// Prompt and one token more do not fit. Nothing is cut off in silence.
  case tooLong(prompt: Int, contextLength: Int)
  case emptyPrompt
  case unknownToken(Int32, vocabulary: Int)
  case sampling(String)
  case stops(String)
  case queueFull(limit: Int)
  case stopped
  /// The system started no thread.
  case noThread(code: Int32)

  package var description: String {
    switch self {
    case .options(let text): "the engine's options cannot be met: \(text)"
    case .model(let error): error.description
    case .tooLong(let prompt, let contextLength):
      "the prompt has \(prompt) tokens, and the context holds \(contextLength) with one token of an"
        + " answer at least; shorten the prompt or raise the context length"
    case .emptyPrompt: "the prompt has no tokens; begin with one"
    case .unknownToken(let token, let vocabulary):
      "the prompt has the token \(token), and the model knows 0 to \(vocabulary - 1)"
    case .sampling(let text): "the sampling options cannot be met: \(text)"
    case .stops(let text): "the stop strings cannot be met: \(text)"
    case .queueFull(let limit):
      "\(limit) requests are waiting already; ask again when some have ended"
    case .stopped: "the engine was stopped; load the model again"
    case .noThread(let code): "no thread could be started (error \(code))"
    }
  }
}
