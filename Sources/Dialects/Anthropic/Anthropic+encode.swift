extension Anthropic {
  static func encode(
    _ request: ChatRequest,
    _ options: TranslationOptions,
    _ list: inout LossList
  ) -> [UInt8] {
    let tokens = request.maxTokens ?? options.defaultMaxTokens
    let thinking = thinking(request, tokens, options, &list)
    return JSONWriter.object(capacity: 4096) { json in
      json.string("model", options.model ?? request.model)
      json.int("max_tokens", tokens)
      encodeMessages(request, &json, &list)
      encodeTools(request, &json, &list)
      encodeSampling(request, options, thinks: thinking?.isOn ?? false, &json, &list)
      if let thinking { encode(thinking, request, &json) }
      encodeOutput(request, thinking, &json, &list)
      encodeMetadata(request, &json, &list)
      if request.isStream { json.bool("stream", true) }
      json.rest(request.rest, of: dialect)
      list.add(request.rest, at: "", hints: TranslationOptions.hints, to: dialect)
    }
  }

  private static func encodeMetadata(
    _ request: ChatRequest,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    if request.origin == dialect {
      json.raw("metadata", ifAny: request.metadata)
      return
    }
    if let user = request.user { json.object("metadata") { $0.string("user_id", user) } }
    if request.metadata != nil { list.addHint("metadata", "has no counterpart") }
  }

  private static func encodeSampling(
    _ request: ChatRequest,
    _ options: TranslationOptions,
    thinks: Bool,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    var sampling = request.sampling
    if !options.takesSampling {
      if sampling.temperature != nil { list.addHint("temperature", "the model takes none") }
      if sampling.topP != nil { list.addHint("top_p", "the model takes none") }
      if sampling.topK != nil { list.addHint("top_k", "the model takes none") }
      sampling.temperature = nil
      sampling.topP = nil
      sampling.topK = nil
    } else if request.origin != dialect, sampling.temperature != nil, sampling.topP != nil {
      // Models since 4.5 refuse both together.
      list.addHint("top_p", "goes not together with temperature")
      sampling.topP = nil
    }
    if let temperature = sampling.temperature {
      if thinks, request.origin != dialect {
        list.addHint("temperature", "is fixed while the model thinks")
      } else if request.origin != dialect, let value = temperature.double, value > 1 {
        json.int("temperature", 1)
        list.add("temperature", "goes up to 1; 1 is used")
      } else {
        json.number("temperature", ifAny: temperature)
      }
    }
    json.number("top_p", ifAny: sampling.topP)
    json.number("top_k", ifAny: sampling.topK)
    json.strings("stop_sequences", ifAny: sampling.stop)
    if sampling.seed != nil { list.addHint("seed", "has no counterpart") }
    let zero = { (number: JSONNumber?) in number?.double ?? 0 == 0 }
    if !zero(sampling.presencePenalty) { list.add("presence_penalty", "has no counterpart") }
    if !zero(sampling.frequencyPenalty) { list.add("frequency_penalty", "has no counterpart") }
    if sampling.logprobs == true { list.add("logprobs", "has no counterpart") }
    if sampling.choices ?? 1 > 1 { list.add("n", "one answer only") }
  }

  private static func encodeOutput(
    _ request: ChatRequest,
    _ thinking: ThinkingPlan?,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    var schema: RawJSON?
    switch request.format {
    case nil, .text: break
    case .jsonObject: list.add("response_format", "JSON without a schema has no counterpart")
    case .jsonSchema(let wanted): schema = wanted.schema ?? RawJSON.emptyObject
    }
    guard schema != nil || thinking?.effort != nil else { return }
    json.object("output_config") { json in
      json.string("effort", ifAny: thinking?.effort)
      if let schema {
        json.object("format") {
          $0.string("type", "json_schema")
          $0.raw("schema", schema)
        }
      }
    }
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
          array.object {
            $0.string("name", function.name)
            $0.string("description", ifAny: function.description)
            $0.raw("input_schema", function.schema ?? emptySchema)
            $0.bool("strict", ifAny: function.isStrict)
            $0.raw("cache_control", ifAny: function.cache?.raw)
            $0.rest(function.rest, of: dialect)
          }
          list.add(
            function.outerRest,
            at: "tools[\(index)]",
            hints: TranslationOptions.hints,
            to: dialect
          )
          list.add(
            function.rest,
            at: "tools[\(index)]",
            hints: TranslationOptions.hints,
            to: dialect
          )
        }
      }
    }
    encodeChoice(request, &json, &list)
  }

  static let emptySchema = RawJSON {
    $0.object {
      $0.string("type", "object")
      $0.object("properties") { _ in }
    }
  }

  private static func encodeChoice(
    _ request: ChatRequest,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    let isSerial = request.allowsParallelCalls.map { !$0 }
    guard let choice = request.toolChoice ?? (isSerial == true ? .automatic : nil) else { return }
    if case .opaque(let raw, let origin) = choice {
      if origin == dialect {
        json.raw("tool_choice", raw)
      } else {
        list.add("tool_choice", "has no counterpart")
      }
      return
    }
    json.object("tool_choice") {
      switch choice {
      case .automatic, .opaque: $0.string("type", "auto")
      case .none: $0.string("type", "none")
      case .required: $0.string("type", "any")
      case .function(let name):
        $0.string("type", "tool")
        $0.string("name", name)
      }
      if isSerial == true || request.origin == dialect, choice != .none {
        $0.bool("disable_parallel_tool_use", ifAny: isSerial)
      }
    }
  }
}
