/// Writes a stream of OpenAI's older completions.
struct OpenAICompletionsStreamEncoder: StreamEncoder {
  private let context: AnswerContext
  private var head = JSONWriter()
  private var usage: TokenUsage?

  init(_ context: AnswerContext) {
    self.context = context
  }

  mutating func receive(_ event: StreamEvent, into bytes: inout [UInt8]) {
    switch event {
    case .start(let id, let model, let created):
      head = JSONWriter()
      head.object { OpenAICompletions.encodeHead(id, model, created, context, &$0) }
    case .delta(_, .text(let text)), .delta(_, .refusal(let text)):
      chunk(text, finish: nil, into: &bytes)
    case .usage(let usage): self.usage = self.usage?.merged(with: usage) ?? usage
    case .stop(let reason, _):
      chunk("", finish: OpenAICompletions.name(reason), into: &bytes)
    case .end:
      if context.wantsUsage, let usage {
        var writer = head.reopened()
        writer.array("choices") { _ in }
        OpenAIChat.encode(usage, &writer)
        bytes.appendEvent(nil, writer.closed())
      }
      bytes.appendEvent(nil, Array("[DONE]".utf8))
    case .error(let error):
      bytes.append(contentsOf: ErrorShape.frame(error, of: .openAICompletions))
    case .partStart, .delta, .logprobs, .partStop, .ping: break
    }
  }

  private func chunk(_ text: String, finish: String?, into bytes: inout [UInt8]) {
    var writer = head.reopened()
    writer.array("choices") {
      $0.object {
        $0.string("text", text)
        $0.int("index", 0)
        $0.null("logprobs")
        $0.string("finish_reason", orNull: finish)
      }
    }
    bytes.appendEvent(nil, writer.closed())
  }
}
