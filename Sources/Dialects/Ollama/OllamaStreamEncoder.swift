/// Writes the lines of a chat or of a generate.
struct OllamaStreamEncoder: StreamEncoder {
  private let context: AnswerContext
  private let isGenerate: Bool
  private var model = ""
  private var usage: TokenUsage?
  private var stop: StopReason?
  /// A call goes out whole: its arguments are an object here.
  private var call: ToolCall?

  init(_ context: AnswerContext, isGenerate: Bool) {
    self.context = context
    self.isGenerate = isGenerate
  }

  mutating func receive(_ event: StreamEvent, into bytes: inout [UInt8]) {
    switch event {
    case .start(_, let model, _): self.model = model
    case .partStart(_, .toolCall(let id, let name, _, _)):
      call = ToolCall(id: id, name: name, arguments: "")
    case .partStart, .logprobs, .ping: break
    case .delta(_, let delta): receive(delta, into: &bytes)
    case .partStop:
      guard let call else { break }
      self.call = nil
      if isGenerate { break }
      line(into: &bytes) { json in
        json.string("content", "")
        json.array("tool_calls") { Ollama.encodeAnswer(call, &$0) }
      }
    case .usage(let usage): self.usage = self.usage?.merged(with: usage) ?? usage
    case .stop(let reason, _): stop = reason
    case .end: end(into: &bytes)
    case .error(let error): bytes.append(contentsOf: ErrorShape.frame(error, of: .ollamaChat))
    }
  }

  private mutating func receive(_ delta: StreamEvent.Delta, into bytes: inout [UInt8]) {
    switch delta {
    case .text(let text), .refusal(let text):
      line(into: &bytes) { [isGenerate] in $0.string(isGenerate ? "response" : "content", text) }
    case .thinking(let text):
      line(into: &bytes) { [isGenerate] in
        $0.string(isGenerate ? "response" : "content", "")
        $0.string("thinking", text)
      }
    case .arguments(let text): call?.arguments += text
    case .signature: break
    }
  }

  private func line(into bytes: inout [UInt8], _ content: (inout JSONWriter) -> Void) {
    var writer = JSONWriter()
    writer.object { json in
      Ollama.encodeHead(model, context, &json)
      if isGenerate {
        content(&json)
      } else {
        json.object("message") {
          $0.string("role", "assistant")
          content(&$0)
        }
      }
      json.bool("done", false)
    }
    bytes.append(contentsOf: writer.bytes)
    bytes.append(UInt8(ascii: "\n"))
  }

  private func end(into bytes: inout [UInt8]) {
    var writer = JSONWriter()
    writer.object { json in
      Ollama.encodeHead(model, context, &json)
      if isGenerate {
        json.string("response", "")
      } else {
        json.object("message") {
          $0.string("role", "assistant")
          $0.string("content", "")
        }
      }
      Ollama.encodeEnd(stop, usage, &json)
    }
    bytes.append(contentsOf: writer.bytes)
    bytes.append(UInt8(ascii: "\n"))
  }
}
