import Dialects
import Inference

extension GenerationRequest {
  init(
    _ request: EngineRequest,
    _ prompt: Prompt,
    _ model: LoadedModel
  ) throws(EngineError) {
    self.init(prompt: prompt.tokens)
    sampling = SamplingOptions(request, model)
    limit = request.limit
    stops = request.chat.sampling.stop.filter { !$0.isEmpty }
    // A window shorter than the engine's bounds this conversation alone.
    guard let context = request.context, context < model.engine.contextLength else { return }
    guard self.prompt.count < context else {
      throw .tooLong(prompt: self.prompt.count, contextLength: context)
    }
    limit = min(limit ?? .max, context - self.prompt.count)
  }
}

extension SamplingOptions {
  /// What a request says; where it says nothing, what the model's makers advise, or what Ollama's engine
  /// does.
  init(_ request: EngineRequest, _ model: LoadedModel) {
    self.init()
    let asked = request.chat.sampling
    temperature = Float(asked.temperature?.double ?? model.temperature ?? 0.8)
    topK = asked.topK.flatMap(\.int).map { max(0, $0) } ?? 40
    topP = Float(asked.topP?.double ?? 0.9)
    minP = Float(request.minP ?? 0)
    repetitionPenalty = Float(request.repetitionPenalty ?? 1)
    frequencyPenalty = Float(asked.frequencyPenalty?.double ?? 0)
    presencePenalty = Float(asked.presencePenalty?.double ?? 0)
    if let window = request.penaltyWindow {
      penaltyWindow = window < 0 ? model.engine.contextLength : window
    }
    seed = request.seed
    if asked.logprobs == true { logprobs = asked.topLogprobs ?? 0 }
  }
}

extension ProviderError {
  init(_ error: EngineError, _ model: LoadedModel) {
    switch error {
    case .tooLong(let prompt, let window):
      self.init(
        .contextLength,
        "the prompt has \(prompt) tokens, and the window of '\(model.name)' holds \(window) with one "
          + "of an answer at least; shorten it, or ask for a longer window with num_ctx"
      )
      code = "context_length_exceeded"
    case .queueFull:
      self.init(.overloaded, "the model '\(model.name)' takes no more: \(error)")
      retryAfter = 1
    case .stopped, .noThread, .model: self.init(.server, "\(error)")
    case .options, .emptyPrompt, .unknownToken, .sampling, .stops:
      self.init(.invalidRequest, "\(error)")
    }
  }
}
