extension Ollama {
  static let answerFields: [StaticString] = [
    "model", "created_at", "message", "response", "thinking", "done", "done_reason",
    "total_duration", "load_duration", "prompt_eval_count", "prompt_eval_duration", "eval_count",
    "eval_duration", "context", "logprobs",
  ]

  /// An answer of chat or of generate.
  static func decodeAnswer(_ root: JSON) throws(ProviderError) -> ChatAnswer {
    guard root["done"]?.bool == true else { throw .truncated }
    // The dialect has no names for answers: the context gives one.
    var answer = ChatAnswer(id: "", model: root["model"]?.string ?? "")
    let message = root.present("message")
    let thoughts = message?.present("thinking") ?? root.present("thinking")
    if let text = thoughts?.string, !text.isEmpty {
      answer.parts.append(Part(.thinking(Thinking(text))))
    }
    let content = message?.present("content") ?? root.present("response")
    if let text = content?.string, !text.isEmpty { answer.parts.append(.text(text)) }
    var index = 0
    for call in message?["tool_calls"]?.elements ?? JSONElements.none {
      guard let call = decodeAnswer(call: call, index, root) else {
        throw ProviderError(.upstream, "the answer has a malformed tool call")
      }
      answer.parts.append(Part(.toolCall(call)))
      index += 1
    }
    answer.stop = stopReason(root["done_reason"]?.string, hasCalls: index > 0)
    answer.usage = usage(root)
    answer.logprobs = logprobs(root)
    return answer
  }

  /// Calls without a name get one from the moment of the answer, so that turns do not share them.
  static func decodeAnswer(call: JSON, _ index: Int, _ root: JSON) -> ToolCall? {
    guard let function = call.present("function"), let name = function["name"]?.string else {
      return nil
    }
    let moment = (root["created_at"]?.string ?? "").utf8.filter { $0 &- UInt8(ascii: "0") < 10 }
    let made = "call_\(String(decoding: moment, as: UTF8.self))_\(index)"
    let given = call["id"]?.string ?? ""
    return ToolCall(
      id: given.isEmpty ? made : given,
      name: name,
      arguments: function.present("arguments")?.raw.line ?? "{}"
    )
  }

  /// A list that is not empty.
  static func logprobs(_ root: JSON) -> RawJSON? {
    guard let list = root.present("logprobs"), list.elements.contains(where: { _ in true }) else {
      return nil
    }
    return list.raw
  }

  static func stopReason(_ text: String?, hasCalls: Bool) -> StopReason {
    switch text {
    case nil, "stop": hasCalls ? .toolCalls : .end
    case "length": .maxTokens
    case .some(let text): .other(text)
    }
  }

  static func name(_ stop: StopReason?) -> String {
    switch stop {
    case .maxTokens, .contextFull: "length"
    case .other("load"): "load"
    case .other("unload"): "unload"
    default: "stop"
    }
  }

  /// Counts stand at the top of the last line; a prompt that was cached may be missing.
  static func usage(_ root: JSON) -> TokenUsage? {
    guard root.present("eval_count") != nil || root.present("prompt_eval_count") != nil else {
      return nil
    }
    var usage = TokenUsage()
    usage.input = TokenUsage.count(root["prompt_eval_count"])
    usage.output = TokenUsage.count(root["eval_count"])
    return usage
  }

  static func encode(
    _ answer: ChatAnswer,
    _ context: AnswerContext,
    isGenerate: Bool
  ) -> [UInt8] {
    var writer = JSONWriter(capacity: 2048)
    writer.object { json in
      encodeHead(answer.model, context, &json)
      let thoughts = answer.thoughts.map(\.text).joined()
      let text = (answer.text ?? "") + (answer.refusal ?? "")
      if isGenerate {
        json.string("response", text)
        if !thoughts.isEmpty { json.string("thinking", thoughts) }
      } else {
        json.object("message") { json in
          json.string("role", "assistant")
          json.string("content", text)
          if !thoughts.isEmpty { json.string("thinking", thoughts) }
          encodeCalls(answer, &json)
        }
      }
      encodeEnd(answer.stop, answer.usage, &json)
    }
    return writer.bytes
  }

  private static func encodeCalls(_ answer: ChatAnswer, _ json: inout JSONWriter) {
    let calls = answer.parts.compactMap { part -> ToolCall? in
      if case .toolCall(let call) = part.kind { call } else { nil }
    }
    guard !calls.isEmpty else { return }
    json.array("tool_calls") { array in
      for call in calls { encodeAnswer(call, &array) }
    }
  }

  static func encodeAnswer(_ call: ToolCall, _ array: inout JSONWriter) {
    array.object { json in
      json.string("id", call.id)
      json.object("function") {
        $0.string("name", call.name)
        $0.raw("arguments", ToolArguments.object(orWrapped: call.arguments))
      }
    }
  }

  static func encodeHead(_ model: String, _ context: AnswerContext, _ json: inout JSONWriter) {
    json.string("model", context.model ?? model)
    json.string("created_at", context.timestamp)
  }

  static func encodeEnd(_ stop: StopReason?, _ usage: TokenUsage?, _ json: inout JSONWriter) {
    json.bool("done", true)
    json.string("done_reason", name(stop))
    // Clients divide by durations: what is not known is left at one nanosecond.
    json.int("total_duration", 1)
    json.int("load_duration", 1)
    json.int("prompt_eval_count", usage?.totalInput ?? 0)
    json.int("prompt_eval_duration", 1)
    json.int("eval_count", usage?.output ?? 0)
    json.int("eval_duration", 1)
  }
}
