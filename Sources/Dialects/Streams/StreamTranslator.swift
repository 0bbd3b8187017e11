/// Turns one dialect's stream into another's: bytes in, bytes out, however they arrive.
///
/// A stream that ends before its dialect's own end, or that breaks a rule, ends for the client in an
/// error of the client's dialect, never in what looks like an answer.
package struct StreamTranslator: Sendable {
  /// How a stream stands.
  package enum State: Hashable, Sendable {
    case open
    case complete(StopReason)
    case failed(ProviderError)
  }

  package private(set) var state = State.open
  /// What the provider says it charges, as far as it has said so.
  package private(set) var usage: TokenUsage?
  /// Bytes of text that came: no tokenizer makes more tokens of them, so that this bounds what is
  /// charged where the provider gives no usage.
  package private(set) var textBytes = 0

  /// An upper bound of the output tokens to charge: the provider's own count once the answer is
  /// whole, and at least the bytes of text where it is not. Thoughts that were not shown are not in it.
  package var outputTokensAtMost: Int {
    if case .complete = state, let usage { return usage.output }
    return max(usage?.output ?? 0, textBytes)
  }

  private let family: Dialect.Family
  private var splitter: FrameSplitter
  private var decoder: any StreamDecoder
  private var encoder: any StreamEncoder
  private var stop: StopReason?
  /// The beginning of a body that is no stream, as upstreams answer that refuse one.
  private var plainBody: [UInt8]?
  private var hasBegun = false
  private let bounds: StreamBounds

  /// - Parameters:
  ///   - upstream: The dialect of the bytes that come.
  ///   - client: The dialect of the bytes that go.
  package init?(
    from upstream: Dialect,
    to client: Dialect,
    context: AnswerContext,
    bounds: StreamBounds = StreamBounds()
  ) {
    guard let decoder = Self.decoder(of: upstream, context),
      let encoder = Self.encoder(of: client, context)
    else { return nil }
    family = upstream.family
    self.decoder = decoder
    self.encoder = encoder
    self.bounds = bounds
    splitter = FrameSplitter(upstream.framing, bounds: bounds)
  }

  /// What the client is to be sent for these bytes; empty once the stream is over.
  package mutating func receive(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    guard state == .open else { return [] }
    var output: [UInt8] = []
    gatherPlainBody(bytes)
    guard let frames = splitter.receive(bytes) else {
      fail(.tooLong, into: &output)
      return output
    }
    for frame in frames {
      receive(frame, into: &output)
      guard state == .open else { break }
    }
    return output
  }

  /// What the client is to be sent when the upstream's bytes have ended.
  package mutating func end() -> [UInt8] {
    guard state == .open else { return [] }
    var output: [UInt8] = []
    if let frame = splitter.end() { receive(frame, into: &output) }
    if state == .open {
      var events: [StreamEvent] = []
      decoder.end(into: &events)
      receive(events, into: &output)
    }
    if state == .open { fail(plainError ?? .truncated, into: &output) }
    return output
  }

  private mutating func gatherPlainBody(_ bytes: ArraySlice<UInt8>) {
    guard let first = bytes.first else { return }
    if !hasBegun {
      hasBegun = true
      if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { plainBody = [] }
    }
    guard let count = plainBody?.count else { return }
    plainBody?.append(contentsOf: bytes.prefix(max(0, 65_536 - count)))
  }

  /// The error that a body of plain JSON tells, in place of a stream of events.
  private var plainError: ProviderError? {
    guard let plainBody, let root = try? JSONDocument(plainBody, bounds: .answer).root,
      let error = (root.isArray ? root.elements.first { _ in true } : root)?.present("error")
    else { return nil }
    return ErrorReader.read(error, of: family)
  }

  /// Ends the stream for the client because the gateway ends it, such as at a deadline.
  package mutating func fail(_ error: ProviderError) -> [UInt8] {
    guard state == .open else { return [] }
    var output: [UInt8] = []
    fail(error, into: &output)
    return output
  }

  private mutating func fail(_ error: ProviderError, into output: inout [UInt8]) {
    encoder.receive(.error(error), into: &output)
    state = .failed(error)
  }

  private mutating func receive(_ frame: StreamFrame, into output: inout [UInt8]) {
    var events: [StreamEvent] = []
    decoder.receive(frame, into: &events)
    receive(events, into: &output)
  }

  private mutating func receive(_ events: [StreamEvent], into output: inout [UInt8]) {
    for event in events {
      switch event {
      case .usage(let usage): self.usage = self.usage?.merged(with: usage) ?? usage
      case .delta(_, let delta):
        count(delta)
        if textBytes > bounds.answer {
          fail(ProviderError(.upstream, "the answer is too long"), into: &output)
          return
        }
      case .partStart(let index, let start):
        if case .toolCall(_, let name, _, _) = start { textBytes += name.utf8.count }
        if index >= bounds.parts {
          fail(ProviderError(.upstream, "the answer has too many parts"), into: &output)
          return
        }
      case .stop(let reason, _): stop = reason
      case .error(let error):
        fail(error, into: &output)
        return
      case .end:
        encoder.receive(event, into: &output)
        state = .complete(stop ?? .end)
        return
      default: break
      }
      encoder.receive(event, into: &output)
    }
  }

  private mutating func count(_ delta: StreamEvent.Delta) {
    switch delta {
    case .text(let text), .refusal(let text), .thinking(let text), .arguments(let text):
      textBytes += text.utf8.count
    case .signature: break
    }
  }

  private static func decoder(
    of dialect: Dialect,
    _ context: AnswerContext
  ) -> (any StreamDecoder)? {
    switch dialect {
    case .openAIChat: OpenAIChatStreamDecoder()
    case .anthropic: AnthropicStreamDecoder()
    case .gemini: GeminiStreamDecoder(id: context.id)
    case .ollamaChat, .ollamaGenerate: OllamaStreamDecoder(id: context.id)
    default: nil
    }
  }

  private static func encoder(
    of dialect: Dialect,
    _ context: AnswerContext
  ) -> (any StreamEncoder)? {
    switch dialect {
    case .openAIChat: OpenAIChatStreamEncoder(context)
    case .openAIResponses: OpenAIResponsesStreamEncoder(context)
    case .openAICompletions: OpenAICompletionsStreamEncoder(context)
    case .anthropic: AnthropicStreamEncoder(context)
    case .ollamaChat: OllamaStreamEncoder(context, isGenerate: false)
    case .ollamaGenerate: OllamaStreamEncoder(context, isGenerate: true)
    default: nil
    }
  }
}
