/// Writes a stream of chat completion chunks.
struct OpenAIChatStreamEncoder: StreamEncoder {
  private let context: AnswerContext
  /// What every chunk begins with.
  private var head = JSONWriter()
  private var calls = 0
  private var details = 0
  private var usage: TokenUsage?
  private var thinking: Thinking?
  /// They go out with the next piece.
  private var logprobs: RawJSON?

  init(_ context: AnswerContext) {
    self.context = context
  }

  mutating func receive(_ event: StreamEvent, into bytes: inout [UInt8]) {
    switch event {
    case .start(let id, let model, let created):
      head = JSONWriter()
      head.object {
        $0.string("id", OpenAIChat.answerID(id))
        $0.string("object", "chat.completion.chunk")
        $0.int("created", created ?? context.now)
        $0.string("model", context.model ?? model)
      }
      chunk(into: &bytes) {
        $0.string("role", "assistant")
        $0.string("content", "")
      }
    case .partStart(_, let start): receive(start, into: &bytes)
    case .delta(_, let delta): receive(delta, into: &bytes)
    case .logprobs(let list):
      // Those of a piece that was kept back: none is lost, and none is said twice.
      if logprobs != nil { chunk(into: &bytes) { _ in } }
      logprobs = list
    case .partStop:
      guard let thinking, thinking.isBound else { break }
      chunk(into: &bytes) { [details] json in
        json.array("reasoning_details") { ReasoningDetails.encode(thinking, details, &$0) }
      }
      details += 1
      self.thinking = nil
    case .usage(let usage): self.usage = self.usage?.merged(with: usage) ?? usage
    case .stop(let reason, _):
      if logprobs != nil { chunk(into: &bytes) { _ in } }
      chunk(into: &bytes, finish: OpenAIChat.name(reason)) { _ in }
    case .end:
      if context.wantsUsage, let usage { appendUsage(usage, into: &bytes) }
      bytes.appendEvent(nil, Array("[DONE]".utf8))
    case .error(let error):
      bytes.append(contentsOf: ErrorShape.frame(error, of: .openAIChat))
    case .ping:
      // A comment: clients that know no pings take it as silence.
      bytes.append(contentsOf: ": ping\n\n".utf8)
    }
  }

  private mutating func receive(_ start: StreamEvent.PartStart, into bytes: inout [UInt8]) {
    switch start {
    case .toolCall(let id, let name, let isCustom, let signature):
      chunk(into: &bytes) { [calls] json in
        json.array("tool_calls") { array in
          var call = ToolCall(id: id, name: name, arguments: "")
          call.isCustom = isCustom
          call.signature = signature
          OpenAIChat.encode(call, index: calls, &array)
        }
      }
      calls += 1
    case .thinking(let id):
      thinking = Thinking("")
      thinking?.id = id
    case .encrypted(let thinking):
      chunk(into: &bytes) { [details] json in
        json.array("reasoning_details") { ReasoningDetails.encode(thinking, details, &$0) }
      }
      details += 1
    case .text, .refusal, .opaque: break
    }
  }

  private mutating func receive(_ delta: StreamEvent.Delta, into bytes: inout [UInt8]) {
    switch delta {
    case .text(let text): chunk(into: &bytes) { $0.string("content", text) }
    case .refusal(let text): chunk(into: &bytes) { $0.string("refusal", text) }
    case .thinking(let text): chunk(into: &bytes) { $0.string("reasoning_content", text) }
    case .arguments(let text):
      chunk(into: &bytes) { [calls] json in
        json.array("tool_calls") {
          $0.object {
            $0.int("index", max(0, calls - 1))
            $0.object("function") { $0.string("arguments", text) }
          }
        }
      }
    case .signature(let text, let dialect):
      // The text went out before; the signature follows it in a detail of its own.
      let whole = (thinking?.signature ?? "") + text
      thinking?.signature = whole
      thinking?.dialect = dialect
    }
  }

  private mutating func chunk(
    into bytes: inout [UInt8],
    finish: String? = nil,
    _ delta: (inout JSONWriter) -> Void
  ) {
    var writer = head.reopened()
    let logprobs = logprobs
    self.logprobs = nil
    writer.array("choices") {
      $0.object { json in
        json.int("index", 0)
        json.object("delta", delta)
        OpenAIChat.encode(logprobs, &json)
        json.string("finish_reason", orNull: finish)
      }
    }
    bytes.appendEvent(nil, writer.closed())
  }

  private func appendUsage(_ usage: TokenUsage, into bytes: inout [UInt8]) {
    var writer = head.reopened()
    writer.array("choices") { _ in }
    OpenAIChat.encode(usage, &writer)
    bytes.appendEvent(nil, writer.closed())
  }
}
