extension Anthropic {
  static func decodeAnswer(_ root: JSON) throws(ProviderError) -> ChatAnswer {
    guard let content = root["content"], content.isArray else {
      throw ProviderError(.upstream, "the answer has no content")
    }
    var answer = ChatAnswer(id: root["id"]?.string ?? "", model: root["model"]?.string ?? "")
    for block in content.elements {
      guard let part = try? decode(block: block, at: "content", nested: 0) else {
        throw ProviderError(.upstream, "the answer has a malformed block")
      }
      answer.parts.append(part)
    }
    answer.stop = root.present("stop_reason")?.string.map(stopReason)
    answer.stopSequence = root.present("stop_sequence")?.string
    answer.usage = root.present("usage").map(usage)
    answer.rest = Rest(
      root,
      of: dialect,
      besides: [
        "id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage",
      ]
    )
    return answer
  }

  static func stopReason(_ text: String) -> StopReason {
    switch text {
    case "end_turn": .end
    case "max_tokens": .maxTokens
    case "stop_sequence": .stopSequence
    case "tool_use": .toolCalls
    case "pause_turn": .pause
    // What classifiers cut off, not what the model says in its own words.
    case "refusal": .contentFilter
    case "model_context_window_exceeded": .contextFull
    default: .other(text)
    }
  }

  static func name(_ stop: StopReason?, sequence: String? = nil) -> String {
    switch stop {
    case nil, .end, .malformedCall, .other: sequence == nil ? "end_turn" : "stop_sequence"
    case .maxTokens: "max_tokens"
    case .stopSequence: "stop_sequence"
    case .toolCalls: "tool_use"
    case .pause: "pause_turn"
    case .refusal, .contentFilter: "refusal"
    case .contextFull: "model_context_window_exceeded"
    }
  }

  static func usage(_ json: JSON) -> TokenUsage {
    var usage = TokenUsage()
    usage.input = TokenUsage.count(json["input_tokens"])
    usage.cacheRead = TokenUsage.count(json["cache_read_input_tokens"])
    let written = TokenUsage.count(json["cache_creation_input_tokens"])
    if let creation = json.present("cache_creation") {
      usage.cacheWrite1h = TokenUsage.count(creation["ephemeral_1h_input_tokens"])
      usage.cacheWrite5m = TokenUsage.count(creation["ephemeral_5m_input_tokens"])
    }
    // What the parts leave of the whole was written for the shorter time, the default.
    usage.cacheWrite5m += max(0, written - usage.cacheWrite5m - usage.cacheWrite1h)
    usage.output = TokenUsage.count(json["output_tokens"])
    usage.reasoning = TokenUsage.count(json["output_tokens_details"]?["thinking_tokens"])
    for (_, value) in json["server_tool_use"]?.members ?? JSONMembers(base: JSONElements.none) {
      usage.providerCalls += TokenUsage.count(value)
    }
    return usage
  }

  static func encode(_ usage: TokenUsage, isDelta: Bool, _ json: inout JSONWriter) {
    json.object("usage") {
      $0.int("input_tokens", usage.input)
      $0.int("cache_creation_input_tokens", usage.cacheWrite)
      $0.int("cache_read_input_tokens", usage.cacheRead)
      if !isDelta, usage.cacheWrite > 0 {
        $0.object("cache_creation") {
          $0.int("ephemeral_5m_input_tokens", usage.cacheWrite5m)
          $0.int("ephemeral_1h_input_tokens", usage.cacheWrite1h)
        }
      }
      $0.int("output_tokens", usage.output)
      if usage.reasoning > 0 {
        $0.object("output_tokens_details") { $0.int("thinking_tokens", usage.reasoning) }
      }
    }
  }

  static func answerID(_ id: String) -> String { id.hasPrefix("msg_") ? id : "msg_\(id)" }

  static func encode(_ answer: ChatAnswer, _ context: AnswerContext) -> [UInt8] {
    var writer = JSONWriter(capacity: 2048)
    writer.object { json in
      json.string("id", answerID(answer.id))
      json.string("type", "message")
      json.string("role", "assistant")
      json.string("model", context.model ?? answer.model)
      json.array("content") { array in
        for part in answer.parts { encodeAnswer(part, &array) }
      }
      json.string("stop_reason", name(answer.stop, sequence: answer.stopSequence))
      json.string("stop_sequence", orNull: answer.stopSequence)
      encode(answer.usage ?? TokenUsage(), isDelta: false, &json)
      json.rest(answer.rest, of: dialect)
    }
    return writer.bytes
  }

  private static func encodeAnswer(_ part: Part, _ array: inout JSONWriter) {
    var losses = LossList(.drop)
    switch part.kind {
    case .thinking(let thinking):
      // A signature of another provider would be refused when it comes back; an empty one is
      // accepted by clients, and left out on the way back in.
      array.object {
        var own = thinking
        if thinking.dialect != dialect {
          own.encrypted = nil
          own.signature = ""
        }
        encode(own, &$0)
        $0.rest(part.rest, of: dialect)
      }
    case .opaque(_, let raw, let origin):
      if origin == dialect { array.raw(raw) }
    case .audio, .toolResult: break
    default: encode(part, at: "", &array, &losses)
    }
  }
}
