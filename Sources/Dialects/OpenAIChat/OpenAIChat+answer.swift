extension OpenAIChat {
  static func decodeAnswer(_ root: JSON) throws(ProviderError) -> ChatAnswer {
    guard let choice = root["choices"]?.elements.first(where: { _ in true }),
      let message = choice["message"], message.isObject
    else { throw ProviderError(.upstream, "the answer has no message") }
    var answer = ChatAnswer(id: root["id"]?.string ?? "", model: root["model"]?.string ?? "")
    answer.created = root["created"]?.int
    answer.parts = ReasoningDetails.decode(message)
    answer.parts += decodeAnswerContent(message.present("content"))
    var stop = choice.present("finish_reason")?.string.map(stopReason)
    if let refusal = message.present("refusal")?.string {
      answer.parts.append(Part(.refusal(refusal)))
      if stop == .end { stop = .refusal }
    }
    var index = 0
    for json in message["tool_calls"]?.elements ?? JSONElements.none {
      guard var call = try? decode(call: json, at: "") else {
        throw ProviderError(.upstream, "the answer has a malformed tool call")
      }
      if call.id.isEmpty { call.id = "call_\(answer.id)_\(index)" }
      answer.parts.append(Part(.toolCall(call)))
      index += 1
    }
    // Some servers say `stop` where they mean that tools are to be called.
    answer.stop = index > 0 && stop == .end ? .toolCalls : stop
    answer.usage = root.present("usage").map(usage)
    answer.rest = Rest(
      root,
      of: dialect,
      besides: ["id", "object", "created", "model", "choices", "usage"]
    )
    return answer
  }

  /// A string, or Mistral's list of chunks.
  private static func decodeAnswerContent(_ content: JSON?) -> [Part] {
    guard let content else { return [] }
    if let text = content.string { return text.isEmpty ? [] : [.text(text)] }
    var parts: [Part] = []
    for chunk in content.elements {
      if let text = chunk["text"]?.string { parts.append(.text(text)) }
      if let thoughts = chunk["thinking"] {
        let texts = thoughts.elements.compactMap { $0["text"]?.string }
        parts.append(Part(.thinking(Thinking(texts.joined()))))
      }
    }
    return parts
  }

  static func stopReason(_ text: String) -> StopReason {
    switch text {
    case "stop", "eos", "eos_token": .end
    case "stop_sequence": .stopSequence
    case "length", "model_length", "max_tokens": .maxTokens
    case "tool_calls", "function_call": .toolCalls
    case "content_filter": .contentFilter
    default: .other(text)
    }
  }

  static func name(_ stop: StopReason?) -> String {
    switch stop {
    case nil, .end, .stopSequence, .pause, .refusal, .other: "stop"
    case .maxTokens, .contextFull: "length"
    case .toolCalls: "tool_calls"
    case .contentFilter: "content_filter"
    case .malformedCall: "stop"
    }
  }

  /// Usage in a chunk; Groq's has a place of its own.
  static func streamUsage(_ root: JSON) -> JSON? {
    let usage = root.present("usage") ?? root["x_groq"]?.present("usage")
    return usage?.isObject == true ? usage : nil
  }

  static func usage(_ json: JSON) -> TokenUsage {
    var usage = TokenUsage()
    let input = json["prompt_tokens_details"]
    let output = json["completion_tokens_details"]
    usage.cacheRead = TokenUsage.count(
      input?.present("cached_tokens") ?? json.present("prompt_cache_hit_tokens")
    )
    usage.cacheWrite5m = TokenUsage.count(input?["cache_write_tokens"])
    let cached = usage.cacheRead + usage.cacheWrite5m
    usage.input = max(0, TokenUsage.count(json["prompt_tokens"]) - cached)
    usage.inputAudio = TokenUsage.count(input?["audio_tokens"])
    usage.inputImages = TokenUsage.count(input?["image_tokens"])
    usage.output = TokenUsage.count(json["completion_tokens"])
    usage.reasoning = TokenUsage.count(output?["reasoning_tokens"])
    usage.outputAudio = TokenUsage.count(output?["audio_tokens"])
    // Some providers leave thoughts out of the completion and only count them in the total.
    let total = TokenUsage.count(json["total_tokens"])
    let sum = TokenUsage.count(json["prompt_tokens"]) + usage.output
    if total > sum, total - sum == usage.reasoning { usage.output += usage.reasoning }
    return usage
  }

  static func encode(_ usage: TokenUsage, _ json: inout JSONWriter) {
    json.object("usage") {
      $0.int("prompt_tokens", usage.totalInput)
      $0.int("completion_tokens", usage.output)
      $0.int("total_tokens", usage.total)
      $0.object("prompt_tokens_details") {
        $0.int("cached_tokens", usage.cacheRead)
        if usage.cacheWrite > 0 { $0.int("cache_write_tokens", usage.cacheWrite) }
        if usage.inputAudio > 0 { $0.int("audio_tokens", usage.inputAudio) }
      }
      $0.object("completion_tokens_details") {
        $0.int("reasoning_tokens", usage.reasoning)
        if usage.outputAudio > 0 { $0.int("audio_tokens", usage.outputAudio) }
      }
    }
  }

  static func encode(_ logprobs: RawJSON?, _ json: inout JSONWriter) {
    guard let logprobs else { return json.null("logprobs") }
    json.object("logprobs") {
      $0.raw("content", logprobs)
      $0.null("refusal")
    }
  }

  static func answerID(_ id: String) -> String {
    id.hasPrefix("chatcmpl") ? id : "chatcmpl-\(id)"
  }

  static func encode(_ answer: ChatAnswer, _ context: AnswerContext) -> [UInt8] {
    var writer = JSONWriter(capacity: 2048)
    let calls = answer.parts.compactMap { part -> ToolCall? in
      if case .toolCall(let call) = part.kind { call } else { nil }
    }
    writer.object { json in
      json.string("id", answerID(answer.id))
      json.string("object", "chat.completion")
      json.int("created", answer.created ?? context.now)
      json.string("model", context.model ?? answer.model)
      json.array("choices") {
        $0.object { json in
          json.int("index", 0)
          json.object("message") { encodeMessage(answer, calls, &$0) }
          encode(answer.logprobs, &json)
          json.string("finish_reason", name(answer.stop))
        }
      }
      if let usage = answer.usage { encode(usage, &json) }
      json.rest(answer.rest, of: dialect)
    }
    return writer.bytes
  }

  private static func encodeMessage(
    _ answer: ChatAnswer,
    _ calls: [ToolCall],
    _ json: inout JSONWriter
  ) {
    let text = answer.text
    let refusal = answer.refusal
    json.string("role", "assistant")
    if text == nil, !calls.isEmpty || refusal != nil {
      json.null("content")
    } else {
      json.string("content", text ?? "")
    }
    json.string("refusal", orNull: refusal)
    let thoughts = answer.thoughts
    if !thoughts.isEmpty {
      json.string("reasoning_content", thoughts.map(\.text).joined())
      ReasoningDetails.encode(thoughts, &json)
    }
    if !calls.isEmpty {
      json.array("tool_calls") { array in for call in calls { encode(call, &array) } }
    }
  }
}

extension ChatAnswer {
  /// All text of the answer; nil if it has none.
  var text: String? {
    let texts = parts.compactMap { part -> String? in
      if case .text(let text) = part.kind { text } else { nil }
    }
    return texts.isEmpty ? nil : texts.joined()
  }

  var refusal: String? {
    let texts = parts.compactMap { part -> String? in
      if case .refusal(let text) = part.kind { text } else { nil }
    }
    return texts.isEmpty ? nil : texts.joined()
  }

  var thoughts: [Thinking] {
    parts.compactMap { part in
      if case .thinking(let thinking) = part.kind { thinking } else { nil }
    }
  }
}
