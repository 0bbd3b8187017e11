/// Writes a stream of Anthropic's messages.
struct AnthropicStreamEncoder: StreamEncoder {
  private let context: AnswerContext
  private var usage = TokenUsage()
  private var stop: (reason: StopReason, sequence: String?)?
  /// The number of the next block: parts that have none here are not counted.
  private var blocks = 0
  private var isOpen = false

  init(_ context: AnswerContext) {
    self.context = context
  }

  mutating func receive(_ event: StreamEvent, into bytes: inout [UInt8]) {
    switch event {
    case .start(let id, let model, _):
      write("message_start", into: &bytes) { [context, usage] json in
        json.object("message") {
          $0.string("id", Anthropic.answerID(id))
          $0.string("type", "message")
          $0.string("role", "assistant")
          $0.string("model", context.model ?? model)
          $0.array("content") { _ in }
          $0.null("stop_reason")
          $0.null("stop_sequence")
          Anthropic.encode(usage, isDelta: false, &$0)
        }
      }
    case .partStart(_, let start): open(start, into: &bytes)
    case .delta(_, let delta): receive(delta, into: &bytes)
    case .partStop: close(into: &bytes)
    case .usage(let usage): self.usage = self.usage.merged(with: usage)
    case .stop(let reason, let sequence): stop = (reason, sequence)
    case .end:
      let sequence = stop?.sequence
      let reason = Anthropic.name(stop?.reason, sequence: sequence)
      write("message_delta", into: &bytes) { [usage] json in
        json.object("delta") {
          $0.string("stop_reason", reason)
          $0.string("stop_sequence", orNull: sequence)
        }
        Anthropic.encode(usage, isDelta: true, &json)
      }
      write("message_stop", into: &bytes) { _ in }
    case .error(let error): bytes.append(contentsOf: ErrorShape.frame(error, of: .anthropic))
    case .logprobs: break
    case .ping: write("ping", into: &bytes) { _ in }
    }
  }

  private mutating func open(_ start: StreamEvent.PartStart, into bytes: inout [UInt8]) {
    if case .opaque(_, _, let origin) = start, origin != .anthropic { return }
    if case .encrypted(let thinking) = start, thinking.dialect != .anthropic { return }
    isOpen = true
    write("content_block_start", into: &bytes) { [blocks] json in
      json.int("index", blocks)
      json.key("content_block")
      if case .opaque(_, let raw, _) = start {
        json.raw(raw)
      } else {
        json.object { Self.head(start, &$0) }
      }
    }
  }

  private static func head(_ start: StreamEvent.PartStart, _ json: inout JSONWriter) {
    switch start {
    case .text, .refusal:
      json.string("type", "text")
      json.string("text", "")
    case .thinking:
      json.string("type", "thinking")
      json.string("thinking", "")
      json.string("signature", "")
    case .encrypted(let thinking):
      json.string("type", "redacted_thinking")
      json.string("data", thinking.encrypted ?? "")
    case .toolCall(let id, let name, _, _):
      json.string("type", "tool_use")
      json.string("id", ToolCallID.anthropic(id))
      json.string("name", name)
      json.object("input") { _ in }
    case .opaque: break
    }
  }

  private mutating func receive(_ delta: StreamEvent.Delta, into bytes: inout [UInt8]) {
    guard isOpen else { return }
    if case .signature(_, let dialect) = delta, dialect != .anthropic { return }
    write("content_block_delta", into: &bytes) { [blocks] json in
      json.int("index", blocks)
      json.object("delta") {
        switch delta {
        case .text(let text), .refusal(let text):
          $0.string("type", "text_delta")
          $0.string("text", text)
        case .thinking(let text):
          $0.string("type", "thinking_delta")
          $0.string("thinking", text)
        case .signature(let text, _):
          $0.string("type", "signature_delta")
          $0.string("signature", text)
        case .arguments(let text):
          $0.string("type", "input_json_delta")
          $0.string("partial_json", text)
        }
      }
    }
  }

  private mutating func close(into bytes: inout [UInt8]) {
    guard isOpen else { return }
    isOpen = false
    write("content_block_stop", into: &bytes) { [blocks] json in json.int("index", blocks) }
    blocks += 1
  }

  private func write(
    _ type: StaticString,
    into bytes: inout [UInt8],
    _ content: (inout JSONWriter) -> Void
  ) {
    var writer = JSONWriter()
    writer.object {
      $0.string("type", type.description)
      content(&$0)
    }
    bytes.appendEvent(type, writer.bytes)
  }
}
