extension OpenAIChat {
  /// Writes a request; what has no place in it is named in `list`.
  static func encode(
    _ request: ChatRequest,
    _ options: TranslationOptions,
    _ list: inout LossList
  ) -> [UInt8] {
    JSONWriter.object(capacity: 4096) { json in
      json.string("model", options.model ?? request.model)
      json.array("messages") { array in
        for message in request.messages { encode(message, request, options, &array, &list) }
      }
      encodeTools(request, &json, &list)
      if let format = request.format { encode(format, &json) }
      encodeSampling(request, &json, &list)
      if let tokens = request.maxTokens {
        json.int(options.usesMaxCompletionTokens ? "max_completion_tokens" : "max_tokens", tokens)
      }
      encodeReasoning(request, &json, &list)
      if request.origin == dialect || options.usesMaxCompletionTokens {
        json.string("verbosity", ifAny: request.verbosity)
      } else if request.verbosity != nil {
        list.addHint("verbosity", "is known to OpenAI alone")
      }
      json.string("user", ifAny: request.user)
      // OpenAI takes metadata only with `store`; elsewhere it means other things.
      if request.origin?.family == .openAI {
        json.raw("metadata", ifAny: request.metadata)
      } else if request.metadata != nil {
        list.addHint("metadata", "has no counterpart")
      }
      if request.isStream {
        json.bool("stream", true)
        if options.asksForUsage {
          json.object("stream_options") { $0.bool("include_usage", true) }
        }
      }
      json.rest(request.rest, of: dialect)
      list.add(request.rest, at: "", hints: TranslationOptions.hints, to: dialect)
    }
  }

  private static func encodeReasoning(
    _ request: ChatRequest,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    guard let reasoning = request.reasoning else { return }
    if let effort = reasoning.effort {
      // A model that does not think refuses the word; not to think is what it does anyway.
      if effort != "none" || request.origin?.family == .openAI {
        json.string("reasoning_effort", effort)
      }
    }
    list.add(reasoning.rest, at: "reasoning", hints: TranslationOptions.hints, to: dialect)
    if case .budget = reasoning.amount {
      list.addHint("thinking.budget_tokens", "is carried as reasoning_effort")
    }
  }

  private static func encodeSampling(
    _ request: ChatRequest,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    let sampling = request.sampling
    json.number("temperature", ifAny: sampling.temperature)
    json.number("top_p", ifAny: sampling.topP)
    if request.origin == dialect {
      json.number("top_k", ifAny: sampling.topK)
    } else if sampling.topK != nil {
      list.add("top_k", "has no counterpart")
    }
    if sampling.stop.count == 1 {
      json.string("stop", sampling.stop[0])
    } else {
      json.strings("stop", ifAny: sampling.stop)
    }
    json.number("seed", ifAny: sampling.seed)
    json.number("presence_penalty", ifAny: sampling.presencePenalty)
    json.number("frequency_penalty", ifAny: sampling.frequencyPenalty)
    json.bool("logprobs", ifAny: sampling.logprobs)
    json.int("top_logprobs", ifAny: sampling.topLogprobs)
    json.int("n", ifAny: sampling.choices)
  }

  private static func encodeTools(
    _ request: ChatRequest,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    let tools = request.tools(for: dialect, &list)
    guard !tools.isEmpty else { return }
    json.array("tools") { array in
      for (index, tool) in tools {
        switch tool {
        case .provider(_, let raw, _): array.raw(raw)
        case .function(let function):
          encode(function, at: index, isOwn: request.origin == dialect, &array, &list)
        }
      }
    }
    if let choice = request.toolChoice { encode(choice, &json, &list) }
    json.bool("parallel_tool_calls", ifAny: request.allowsParallelCalls)
  }

  private static func encode(
    _ tool: FunctionTool,
    at index: Int,
    isOwn: Bool,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    json.object { json in
      json.string("type", "function")
      json.object("function") {
        $0.string("name", tool.name)
        $0.string("description", ifAny: tool.description)
        $0.raw("parameters", ifAny: tool.schema)
        $0.bool("strict", ifAny: tool.isStrict)
        $0.rest(tool.rest, of: dialect)
      }
      if isOwn { json.raw("cache_control", ifAny: tool.cache?.raw) }
      json.rest(tool.outerRest, of: dialect)
    }
    if !isOwn, tool.cache != nil { list.addHint("tools[\(index)].cache_control", Loss.cacheReason) }
    list.add(tool.rest, at: "tools[\(index)]", hints: TranslationOptions.hints, to: dialect)
  }

  static func encode(_ choice: ToolChoice, _ json: inout JSONWriter, _ list: inout LossList) {
    switch choice {
    case .automatic: json.string("tool_choice", "auto")
    case .none: json.string("tool_choice", "none")
    case .required: json.string("tool_choice", "required")
    case .function(let name):
      json.object("tool_choice") {
        $0.string("type", "function")
        $0.object("function") { $0.string("name", name) }
      }
    case .opaque(let raw, dialect): json.raw("tool_choice", raw)
    case .opaque: list.add("tool_choice", "has no counterpart")
    }
  }

  private static func encode(_ format: AnswerFormat, _ json: inout JSONWriter) {
    json.object("response_format") { json in
      switch format {
      case .text: json.string("type", "text")
      case .jsonObject: json.string("type", "json_object")
      case .jsonSchema(let schema):
        json.string("type", "json_schema")
        json.object("json_schema") {
          $0.string("name", schema.name ?? "answer")
          $0.string("description", ifAny: schema.description)
          $0.raw("schema", ifAny: schema.schema)
          $0.bool("strict", ifAny: schema.isStrict)
        }
      }
    }
  }
}
