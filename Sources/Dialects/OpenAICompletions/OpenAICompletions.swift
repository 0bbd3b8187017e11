/// OpenAI's older completions of one text. Read here and answered; chat models take the text as what
/// a user says.
package enum OpenAICompletions {
  static let dialect = Dialect.openAICompletions

  static let requestFields: [StaticString] = [
    "model", "prompt", "max_tokens", "temperature", "top_p", "n", "stream", "stream_options",
    "stop", "seed", "presence_penalty", "frequency_penalty", "user", "logprobs", "best_of",
    "echo",
  ]

  package static func decodeRequest(_ body: [UInt8]) throws(RequestError) -> ChatRequest {
    let root = try JSON.request(body)
    var request = ChatRequest(model: try root.requiredString("model"), origin: dialect)
    request.isStream = try root.optionalBool("stream") ?? false
    request.wantsUsage = root["stream_options"]?["include_usage"]?.bool ?? false
    let prompt = try decode(prompt: root.present("prompt"))
    request.messages = [Message(.user, [.text(prompt)], at: "prompt")]
    // The dialect's own default.
    request.maxTokens = try root.optionalCount("max_tokens") ?? 16
    request.sampling.temperature = try root.optionalNumber("temperature")
    request.sampling.topP = try root.optionalNumber("top_p")
    request.sampling.stop = try root.stringOrStrings("stop")
    request.sampling.seed = try root.optionalNumber("seed")
    request.sampling.presencePenalty = try root.optionalNumber("presence_penalty")
    request.sampling.frequencyPenalty = try root.optionalNumber("frequency_penalty")
    request.sampling.choices = try root.optionalCount("n")
    request.user = try root.optionalString("user")
    if let count = root.present("logprobs")?.int, count > 0 { request.sampling.logprobs = true }
    if root["echo"]?.bool == true {
      throw .invalid(path: "echo", why: "is not possible with a chat model")
    }
    if let best = root.present("best_of"), best.int != 1 {
      throw .invalid(path: "best_of", why: "is not possible with a chat model")
    }
    request.rest = Rest(root, of: dialect, besides: requestFields)
    return request
  }

  private static func decode(prompt: JSON?) throws(RequestError) -> String {
    guard let prompt else { throw .invalid(path: "prompt", why: "is missing") }
    if let text = prompt.string { return text }
    let texts = Array(prompt.elements.prefix(2))
    guard texts.count == 1, let text = texts[0].string else {
      throw .invalid(path: "prompt", why: "must be one text for a chat model")
    }
    return text
  }

  static func encode(_ answer: ChatAnswer, _ context: AnswerContext) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { json in
      encodeHead(answer.id, answer.model, answer.created, context, &json)
      json.array("choices") {
        $0.object {
          $0.string("text", (answer.text ?? "") + (answer.refusal ?? ""))
          $0.int("index", 0)
          $0.null("logprobs")
          $0.string("finish_reason", name(answer.stop))
        }
      }
      if let usage = answer.usage { OpenAIChat.encode(usage, &json) }
    }
    return writer.bytes
  }

  static func encodeHead(
    _ id: String,
    _ model: String,
    _ created: Int?,
    _ context: AnswerContext,
    _ json: inout JSONWriter
  ) {
    json.string("id", id.hasPrefix("cmpl-") ? id : "cmpl-\(id)")
    json.string("object", "text_completion")
    json.int("created", created ?? context.now)
    json.string("model", context.model ?? model)
  }

  static func name(_ stop: StopReason?) -> String {
    let name = OpenAIChat.name(stop)
    return name == "tool_calls" ? "stop" : name
  }
}
