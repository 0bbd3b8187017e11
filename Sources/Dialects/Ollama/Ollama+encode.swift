extension Ollama {
  static func encode(
    _ request: ChatRequest,
    _ options: TranslationOptions,
    _ list: inout LossList
  ) -> [UInt8] {
    let body = JSONWriter.object(capacity: 4096) { json in
      json.string("model", options.model ?? request.model)
      json.array("messages") { array in
        let names = request.callNames
        for message in request.messages {
          encode(message, request, names, &array, &list)
        }
      }
      encodeTools(request, &json, &list)
      switch request.format {
      case nil, .text: break
      case .jsonObject: json.string("format", "json")
      case .jsonSchema(let schema): json.raw("format", schema.schema ?? RawJSON.string("json"))
      }
      encodeOptions(request, &json, &list)
      json.bool("stream", request.isStream)
      encodeReasoning(request, &json, &list)
      json.bool("logprobs", ifAny: request.sampling.logprobs)
      json.int("top_logprobs", ifAny: request.sampling.topLogprobs)
      json.rest(request.rest, of: dialect)
      list.add(request.rest, at: "", hints: TranslationOptions.hints, to: dialect)
    }
    if request.user != nil { list.addHint("user", "has no counterpart") }
    if request.metadata != nil { list.addHint("metadata", "has no counterpart") }
    if request.sampling.choices ?? 1 > 1 { list.add("n", "one answer only") }
    return body
  }

  private static func encodeReasoning(
    _ request: ChatRequest,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    guard let reasoning = request.reasoning else { return }
    switch reasoning.amount {
    case .off: json.bool("think", false)
    case .adaptive: json.bool("think", true)
    case .effort("low"), .effort("medium"), .effort("high"):
      json.string("think", reasoning.effort ?? "medium")
    case .effort(let effort) where request.origin?.family == .ollama: json.string("think", effort)
    case .effort("minimal"): json.string("think", "low")
    case .effort: json.string("think", "high")
    case .budget:
      json.bool("think", true)
      list.addHint("thinking.budget_tokens", "has no counterpart")
    }
    list.add(reasoning.rest, at: "reasoning", hints: TranslationOptions.hints, to: dialect)
  }

  private static func encodeTools(
    _ request: ChatRequest,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    if request.allowsParallelCalls == false {
      list.add("parallel_tool_calls", "cannot be switched off")
    }
    switch request.toolChoice {
    case nil, .automatic: break
    // A model that may call no tool is told of none.
    case ToolChoice.none?: return
    case .required, .function, .opaque: list.add("tool_choice", "a tool cannot be forced")
    }
    let functions = request.functions(&list)
    guard !functions.isEmpty else { return }
    let isOwn = request.origin?.family == .ollama
    json.array("tools") { array in
      for function in functions {
        array.object { json in
          json.string("type", "function")
          json.object("function") {
            $0.string("name", function.name)
            $0.string("description", ifAny: function.description)
            $0.raw("parameters", function.schema ?? Anthropic.emptySchema)
            if isOwn { $0.bool("strict", ifAny: function.isStrict) }
            $0.rest(function.rest, of: dialect)
          }
          json.rest(function.outerRest, of: dialect)
        }
        if function.cache != nil { list.addHint("tools.cache_control", Loss.cacheReason) }
        if !isOwn, function.isStrict == true {
          list.addHint("tools.strict", "has no counterpart")
        }
        list.add(function.rest, at: "tools", hints: TranslationOptions.hints, to: dialect)
        list.add(function.outerRest, at: "tools", hints: TranslationOptions.hints, to: dialect)
      }
    }
  }

  private static func encodeOptions(
    _ request: ChatRequest,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    let sampling = request.sampling
    json.objectIfAny("options") { json in
      json.number("temperature", ifAny: sampling.temperature)
      json.number("top_p", ifAny: sampling.topP)
      json.number("top_k", ifAny: sampling.topK)
      json.number("seed", ifAny: sampling.seed)
      json.strings("stop", ifAny: sampling.stop)
      json.int("num_predict", ifAny: request.maxTokens)
      json.number("presence_penalty", ifAny: sampling.presencePenalty)
      json.number("frequency_penalty", ifAny: sampling.frequencyPenalty)
      json.rest(request.engineOptions, of: dialect)
    }
  }

  private static func encode(
    _ message: Message,
    _ request: ChatRequest,
    _ names: [String: String],
    _ array: inout JSONWriter,
    _ list: inout LossList
  ) {
    let path = message.path
    var rest: [Part] = []
    for (place, part) in message.parts.enumerated() {
      guard case .toolResult(let result) = part.kind else {
        rest.append(part)
        continue
      }
      let path = "\(path).content[\(place)]"
      array.object { json in
        json.string("role", "tool")
        encodeContent(result.parts, at: path, &json, &list)
        json.string("tool_name", ifAny: result.name ?? names[result.id])
        json.string("tool_call_id", result.id)
        if request.origin == dialect { json.rest(message.rest, of: dialect) }
      }
      if result.isError { list.addHint("\(path).is_error", "has no counterpart") }
      if part.cache != nil { list.addHint("\(path).cache_control", Loss.cacheReason) }
      list.add(part.rest, at: path, hints: TranslationOptions.hints, to: dialect)
    }
    if rest.isEmpty, !message.parts.isEmpty { return }
    array.object { json in
      let role = message.role == .developer ? .system : message.role == .tool ? .user : message.role
      json.string("role", role.rawValue)
      encodeContent(rest, at: path, &json, &list)
      encodeAssistant(rest, at: path, request, &json, &list)
      json.rest(message.rest, of: dialect)
    }
    if message.name != nil { list.addHint("\(path).name", "has no counterpart") }
    list.add(message, at: path, to: dialect)
  }

  private static func encodeAssistant(
    _ parts: [Part],
    at path: String,
    _ request: ChatRequest,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    var thoughts = ""
    var calls: [ToolCall] = []
    for part in parts {
      if case .toolCall(let call) = part.kind { calls.append(call) }
      guard case .thinking(let thinking) = part.kind else { continue }
      if thinking.isBound { list.addHint(path, "thoughts of another provider") }
      if !thinking.isBound { thoughts += thinking.text }
    }
    if !thoughts.isEmpty { json.string("thinking", thoughts) }
    guard !calls.isEmpty else { return }
    json.array("tool_calls") { array in
      for call in calls { encode(call, at: path, &array, &list) }
    }
  }

  static func encode(
    _ call: ToolCall,
    at path: String,
    _ array: inout JSONWriter,
    _ list: inout LossList
  ) {
    array.object { json in
      json.string("id", call.id)
      json.object("function") {
        $0.string("name", call.name)
        $0.raw("arguments", ToolArguments.object(call, at: path, &list))
      }
    }
    if call.signature != nil { list.addHint(path, "a signature of another provider") }
  }

  /// Text and pictures, which stand beside one another here.
  private static func encodeContent(
    _ parts: [Part],
    at path: String,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    var texts: [String] = []
    var images: [String] = []
    for (place, part) in parts.enumerated() {
      let path = "\(path).content[\(place)]"
      switch part.kind {
      case .text(let text), .refusal(let text): texts.append(text)
      case .image(let media, _):
        if case .base64(let data) = media.source {
          images.append(data)
        } else {
          list.add(path, "a picture that is not in the request")
        }
      case .file(let media, _):
        if case .plainText(let text) = media.source {
          texts.append(text)
        } else {
          list.add(path, "documents have no counterpart")
        }
      case .audio: list.add(path, "audio has no counterpart")
      case .opaque(let type, _, _): list.add(path, Loss.unknown(type))
      case .toolCall, .toolResult, .thinking: break
      }
      if part.cache != nil { list.addHint("\(path).cache_control", Loss.cacheReason) }
      list.add(part.rest, at: path, hints: TranslationOptions.hints, to: dialect)
    }
    json.string("content", texts.joined(separator: "\n"))
    json.strings("images", ifAny: images)
  }
}

extension ChatRequest {
  /// The tools that the calls of the conversation name, by the names of the calls.
  var callNames: [String: String] {
    var names: [String: String] = [:]
    for message in messages {
      for part in message.parts {
        if case .toolCall(let call) = part.kind { names[call.id] = call.name }
      }
    }
    return names
  }
}
