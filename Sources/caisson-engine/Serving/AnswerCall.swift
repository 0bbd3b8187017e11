import Dialects
import Inference

/// One answer of a model, from the request to its last line.
struct AnswerCall {
  let room: ModelRoom
  let request: EngineRequest

  private var lines: AnswerLines {
    AnswerLines(name: request.chat.model, isGenerate: request.isGenerate)
  }

  func run(_ writer: AnswerWriter) async throws {
    let settings = try room.settings(request.chat.model)
    if asksForNothing {
      return try await load(settings, writer)
    }
    let loan = try await room.borrow(settings, context: request.context)
    do {
      try await answer(loan, writer)
    } catch {
      await room.giveBack(loan.model, keepAlive: request.keepAlive)
      throw error
    }
    await room.giveBack(loan.model, keepAlive: request.keepAlive)
  }

  /// A request without words only loads a model, or unloads it.
  private var asksForNothing: Bool {
    let messages = request.chat.messages
    guard request.isGenerate else { return messages.isEmpty }
    return messages.allSatisfy { $0.plainText.isEmpty }
  }

  private func load(_ settings: EngineSetup.Model, _ writer: AnswerWriter) async throws {
    var end = AnswerLines.End(reason: "load")
    if request.keepAlive == .seconds(0) {
      await room.unload(settings)
      end = AnswerLines.End(reason: "unload")
    } else {
      let loan = try await room.borrow(settings, context: request.context)
      end.loading = loan.loading
      await room.giveBack(loan.model, keepAlive: request.keepAlive)
    }
    let line = lines.end(end)
    guard request.chat.isStream else { return try await writer.answer(line) }
    try await writer.beginLines()
    try await writer.line(line)
    try await writer.endLines()
  }

  private func answer(_ loan: ModelRoom.Loan, _ writer: AnswerWriter) async throws {
    guard case .text(let model) = loan.model else {
      throw ProviderError(
        .invalidRequest,
        "the model '\(loan.model.name)' gives vectors, and writes nothing; ask it at /api/embed"
      )
    }
    let prompt = try Prompt(request, for: model)
    var asked: GenerationRequest
    let constraint = try Constraint(request, prompt, model)
    let generation: Generation
    do throws(EngineError) {
      asked = try GenerationRequest(request, prompt, model)
      asked.constraint = constraint.tokens
      generation = try model.engine.generate(asked)
    } catch { throw ProviderError(error, model) }
    var reader = AnswerReader(request, prompt, model)
    let isStream = request.chat.isStream
    var whole = AnswerLines.Delta()
    var hasBegun = false
    for await event in generation.events {
      switch event {
      case .started: break
      case .token(let token): try await pass(reader.take(token))
      case .text(let text): try await pass(reader.take(text))
      case .ended(let ended):
        if case .failed(let why) = ended.reason {
          let error = ProviderError(.server, why)
          guard hasBegun else { throw error }
          try await writer.line(ErrorShape.body(error, of: .ollama))
          return try await writer.endLines()
        }
        whole.add(reader.finish())
        let end = AnswerLines.End(ended, loading: loan.loading)
        guard isStream else { return try await writer.answer(lines.end(end, whole: whole)) }
        if !hasBegun { try await writer.beginLines() }
        if !whole.isEmpty { try await writer.line(lines.line(whole)) }
        try await writer.line(lines.end(end))
        try await writer.endLines()
      }
    }

    func pass(_ delta: AnswerLines.Delta) async throws {
      guard isStream, !delta.isEmpty else { return whole.add(delta) }
      if !hasBegun { try await writer.beginLines() }
      hasBegun = true
      try await writer.line(lines.line(delta))
    }
  }
}

extension AnswerLines.Delta {
  mutating func add(_ other: AnswerLines.Delta) {
    words += other.words
    thoughts += other.thoughts
    calls += other.calls
    logprobs += other.logprobs
  }
}

extension AnswerLines.End {
  init(_ end: GenerationEnd, loading: Double) {
    reason = end.reason == .length ? "length" : "stop"
    promptTokens = end.promptTokens
    reusedTokens = end.reusedTokens
    tokens = end.generatedTokens
    self.loading = loading
    prompt = end.untilFirst - end.queued
    writing = end.total - end.untilFirst
    total = loading + end.total
  }
}
