/// From one dialect to another, whole bodies at a time.
package enum Translation {
  /// A request as the upstream is to be sent it.
  package struct Request: Hashable, Sendable {
    package var body: [UInt8]
    /// What is not in it, for a header of the answer.
    package var losses: [Loss]
    /// The request as it was understood: answers are written with its help.
    package var request: ChatRequest
  }

  /// An answer as the client is to be sent it.
  package struct Answer: Hashable, Sendable {
    package var body: [UInt8]
    package var usage: TokenUsage?
    /// Bytes of text in the answer, which bound its tokens from above.
    package var textBytes: Int
    package var stop: StopReason?
  }

  package static func request(
    _ body: [UInt8],
    from client: Dialect,
    to upstream: Dialect,
    _ options: TranslationOptions
  ) throws(RequestError) -> Request {
    let request = try decode(body, from: client)
    return try encode(request, to: upstream, options)
  }

  package static func decode(
    _ body: [UInt8],
    from client: Dialect
  ) throws(RequestError) -> ChatRequest {
    switch client {
    case .openAIChat: return try OpenAIChat.decodeRequest(body)
    case .openAIResponses: return try OpenAIResponses.decodeRequest(body)
    case .openAICompletions: return try OpenAICompletions.decodeRequest(body)
    case .ollamaChat: return try Ollama.decodeChat(body)
    case .ollamaGenerate: return try Ollama.decodeGenerate(body)
    case .anthropic: return try Anthropic.decodeRequest(body)
    default: throw .invalid(path: "", why: "\(client.rawValue) is no dialect of clients")
    }
  }

  package static func encode(
    _ request: ChatRequest,
    to upstream: Dialect,
    _ options: TranslationOptions
  ) throws(RequestError) -> Request {
    var losses = LossList(options.losses)
    try checkStored(request)
    if upstream.family != .ollama {
      let engine = Ollama.engineHints
      losses.add(request.engineOptions, at: "options", hints: engine, to: upstream)
    }
    if upstream != .openAIChat, request.verbosity != nil {
      losses.addHint("verbosity", "has no counterpart")
    }
    let body: [UInt8]
    switch upstream {
    case .openAIChat: body = OpenAIChat.encode(request, options, &losses)
    case .anthropic: body = Anthropic.encode(request, options, &losses)
    case .ollamaChat: body = Ollama.encode(request, options, &losses)
    case .gemini: body = Gemini.encode(request, options, &losses)
    default: throw .invalid(path: "", why: "\(upstream.rawValue) is no dialect of upstreams")
    }
    try losses.check()
    return Request(body: body, losses: losses.losses, request: request)
  }

  /// - Throws: `ProviderError` if the bytes are no whole answer of the upstream's dialect.
  package static func answer(
    _ body: [UInt8],
    from upstream: Dialect,
    to client: Dialect,
    _ context: AnswerContext
  ) throws(ProviderError) -> Answer {
    var answer = try decodeAnswer(body, from: upstream)
    if answer.id.isEmpty { answer.id = context.id }
    let encoded: [UInt8]
    switch client {
    case .openAIChat: encoded = OpenAIChat.encode(answer, context)
    case .openAIResponses: encoded = OpenAIResponses.encode(answer, context)
    case .openAICompletions: encoded = OpenAICompletions.encode(answer, context)
    case .anthropic: encoded = Anthropic.encode(answer, context)
    case .ollamaChat: encoded = Ollama.encode(answer, context, isGenerate: false)
    case .ollamaGenerate: encoded = Ollama.encode(answer, context, isGenerate: true)
    default: throw ProviderError(.server, "\(client.rawValue) has no answers of text")
    }
    return Answer(
      body: encoded,
      usage: answer.usage,
      textBytes: answer.textBytes,
      stop: answer.stop
    )
  }

  package static func decodeAnswer(
    _ body: [UInt8],
    from upstream: Dialect
  ) throws(ProviderError) -> ChatAnswer {
    let root: JSON
    do throws(JSONError) {
      root = try JSONDocument.object(body, bounds: .answer)
    } catch { throw ProviderError(.upstream, "the answer is malformed") }
    // Some servers answer 200 with an error in it.
    if let error = root.present("error"), error.isObject || error.kind == .string {
      throw ErrorReader.read(error, of: upstream.family)
    }
    switch upstream {
    case .openAIChat: return try OpenAIChat.decodeAnswer(root)
    case .anthropic: return try Anthropic.decodeAnswer(root)
    case .ollamaChat, .ollamaGenerate: return try Ollama.decodeAnswer(root)
    case .gemini: return try Gemini.decodeAnswer(root)
    default: throw ProviderError(.server, "\(upstream.rawValue) has no answers of text")
    }
  }

  /// What the provider keeps cannot be left out: the answer would be to another conversation.
  private static func checkStored(_ request: ChatRequest) throws(RequestError) {
    let stored: [String]
    switch request.origin {
    case .openAIResponses: stored = OpenAIResponses.stored
    case .anthropic: stored = Anthropic.stored
    default: return
    }
    for key in stored where request.rest[key] != nil {
      throw .notCarried([Loss(key, "the conversation is kept by another provider")])
    }
  }
}

extension ChatAnswer {
  /// Bytes of text that the model wrote.
  package var textBytes: Int {
    parts.reduce(0) { sum, part in
      switch part.kind {
      case .text(let text), .refusal(let text): sum + text.utf8.count
      case .thinking(let thinking): sum + thinking.text.utf8.count
      case .toolCall(let call): sum + call.name.utf8.count + call.arguments.utf8.count
      case .opaque(_, let raw, _): sum + raw.bytes.count
      default: sum
      }
    }
  }
}
