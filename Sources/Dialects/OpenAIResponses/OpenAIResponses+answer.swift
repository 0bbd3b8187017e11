extension OpenAIResponses {
  static func answerID(_ id: String) -> String { id.hasPrefix("resp_") ? id : "resp_\(id)" }

  static func encode(_ answer: ChatAnswer, _ context: AnswerContext) -> [UInt8] {
    let items = items(answer)
    var writer = JSONWriter(capacity: 4096)
    let response = ResponseObject(
      id: answerID(answer.id),
      model: context.model ?? answer.model,
      created: answer.created ?? context.now,
      context: context
    )
    response.encode(.ended(answer.stop), items, answer.usage, &writer)
    return writer.bytes
  }

  /// The parts of an answer as items: text and refusals that follow one another are one message.
  static func items(_ answer: ChatAnswer) -> [OutputItem] {
    var items: [OutputItem] = []
    var contents: [OutputItem.Content] = []
    func append(_ kind: OutputItem.Kind) {
      items.append(OutputItem(id: "\(answer.id)_\(items.count)", kind))
    }
    func finishMessage() {
      if !contents.isEmpty { append(.message(contents)) }
      contents = []
    }
    for part in answer.parts {
      switch part.kind {
      case .text(let text): contents.append(.text(text))
      case .refusal(let text): contents.append(.refusal(text))
      case .thinking(let thinking):
        finishMessage()
        append(.reasoning(thinking))
      case .toolCall(let call):
        finishMessage()
        append(.call(call))
      default: break
      }
    }
    finishMessage()
    return items
  }

  static func encode(_ usage: TokenUsage, _ json: inout JSONWriter) {
    json.object("usage") {
      $0.int("input_tokens", usage.totalInput)
      $0.object("input_tokens_details") {
        $0.int("cached_tokens", usage.cacheRead)
        $0.int("cache_write_tokens", usage.cacheWrite)
      }
      $0.int("output_tokens", usage.output)
      $0.object("output_tokens_details") { $0.int("reasoning_tokens", usage.reasoning) }
      $0.int("total_tokens", usage.total)
    }
  }

  /// Usage as an answer or the last event of a stream gives it.
  static func usage(_ json: JSON) -> TokenUsage {
    var usage = TokenUsage()
    let details = json["input_tokens_details"]
    usage.cacheRead = TokenUsage.count(details?["cached_tokens"])
    usage.cacheWrite5m = TokenUsage.count(details?["cache_write_tokens"])
    let cached = usage.cacheRead + usage.cacheWrite5m
    usage.input = max(0, TokenUsage.count(json["input_tokens"]) - cached)
    usage.inputAudio = TokenUsage.count(details?["audio_tokens"])
    usage.inputImages = TokenUsage.count(details?["image_tokens"])
    usage.output = TokenUsage.count(json["output_tokens"])
    usage.reasoning = TokenUsage.count(json["output_tokens_details"]?["reasoning_tokens"])
    return usage
  }
}

/// One item of an answer's output.
struct OutputItem: Hashable, Sendable {
  enum Content: Hashable, Sendable {
    case text(String)
    case refusal(String)
  }

  enum Kind: Hashable, Sendable {
    case message([Content])
    case reasoning(Thinking)
    case call(ToolCall)
  }

  let id: String
  var kind: Kind
  var status = "completed"

  init(id: String, _ kind: Kind) {
    let prefix =
      switch kind {
      case .message: "msg_"
      case .reasoning: "rs_"
      case .call(let call): call.isCustom ? "ctc_" : "fc_"
      }
    self.id = prefix + id
    self.kind = kind
  }

  func encode(_ json: inout JSONWriter) {
    json.object { json in
      json.string("id", id)
      switch kind {
      case .message(let contents):
        json.string("type", "message")
        json.string("status", status)
        json.string("role", "assistant")
        json.array("content") { array in
          for content in contents { Self.encode(content, &array) }
        }
      case .reasoning(let thinking):
        json.string("type", "reasoning")
        json.array("summary") { array in
          if !thinking.text.isEmpty { Self.encode(summary: thinking.text, &array) }
        }
        json.string("encrypted_content", ifAny: SealedThoughts.seal(thinking))
      case .call(let call):
        json.string("type", call.isCustom ? "custom_tool_call" : "function_call")
        json.string("status", status)
        json.string("call_id", call.id)
        json.string("name", call.name)
        json.string(call.isCustom ? "input" : "arguments", call.arguments)
      }
    }
  }

  static func encode(_ content: Content, _ json: inout JSONWriter) {
    json.object {
      switch content {
      case .text(let text):
        $0.string("type", "output_text")
        $0.string("text", text)
        $0.array("annotations") { _ in }
        $0.array("logprobs") { _ in }
      case .refusal(let text):
        $0.string("type", "refusal")
        $0.string("refusal", text)
      }
    }
  }

  static func encode(summary: String, _ json: inout JSONWriter) {
    json.object {
      $0.string("type", "summary_text")
      $0.string("text", summary)
    }
  }
}
