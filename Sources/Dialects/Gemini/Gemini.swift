/// Gemini's generateContent. Upstreams speak it, clients do not.
package enum Gemini {
  static let dialect = Dialect.gemini

  static func encode(
    _ request: ChatRequest,
    _ options: TranslationOptions,
    _ list: inout LossList
  ) -> [UInt8] {
    let isSystem = { (message: Message) in message.role == .system || message.role == .developer }
    let system = request.messages.filter(isSystem).flatMap(\.parts)
    if request.messages.drop(while: isSystem).contains(where: isSystem) {
      list.addHint("messages", "system messages among others are put before them")
    }
    let body = JSONWriter.object(capacity: 4096) { json in
      if !system.isEmpty { encodeSystem(system, &json, &list) }
      json.array("contents") { array in encodeContents(request, options, &array, &list) }
      encodeTools(request, &json, &list)
      encodeConfiguration(request, &json, &list)
      list.add(request.rest, at: "", hints: TranslationOptions.hints, to: dialect)
    }
    if request.user != nil { list.addHint("user", "has no counterpart") }
    if request.metadata != nil { list.addHint("metadata", "has no counterpart") }
    return body
  }

  private static func encodeSystem(
    _ parts: [Part],
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    json.object("systemInstruction") {
      $0.array("parts") { array in
        for part in parts {
          guard case .text(let text) = part.kind else {
            list.add("system", "only text has a counterpart")
            continue
          }
          if part.cache != nil { list.addHint("system.cache_control", Loss.cacheReason) }
          list.add(part.rest, at: "system", hints: TranslationOptions.hints, to: dialect)
          array.object { $0.string("text", text) }
        }
      }
    }
  }

  private static func encodeTools(
    _ request: ChatRequest,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    let functions = request.functions(&list)
    guard !functions.isEmpty else { return }
    json.array("tools") {
      $0.object {
        $0.array("functionDeclarations") { array in
          for function in functions {
            array.object {
              $0.string("name", function.name)
              $0.string("description", ifAny: function.description)
              $0.raw("parametersJsonSchema", ifAny: function.schema)
            }
            if function.cache != nil { list.addHint("tools.cache_control", Loss.cacheReason) }
            list.add(function.rest, at: "tools", hints: TranslationOptions.hints, to: dialect)
            list.add(function.outerRest, at: "tools", hints: TranslationOptions.hints, to: dialect)
          }
        }
      }
    }
    if request.allowsParallelCalls == false {
      list.add("parallel_tool_calls", "cannot be switched off")
    }
    encodeChoice(request, isStrict: functions.contains { $0.isStrict == true }, &json, &list)
  }

  private static func encodeChoice(
    _ request: ChatRequest,
    isStrict: Bool,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    var mode = "AUTO"
    var name: String?
    switch request.toolChoice {
    case nil, .automatic:
      // The mode that holds calls to their schemas.
      guard isStrict || request.toolChoice != nil else { return }
      if isStrict { mode = "VALIDATED" }
    case ToolChoice.none?: mode = "NONE"
    case .required: mode = "ANY"
    case .function(let wanted):
      mode = "ANY"
      name = wanted
    case .opaque:
      list.add("tool_choice", "has no counterpart")
      return
    }
    json.object("toolConfig") {
      $0.object("functionCallingConfig") { json in
        json.string("mode", mode)
        if let name { json.array("allowedFunctionNames") { $0.string(name) } }
      }
    }
  }

  private static func encodeConfiguration(
    _ request: ChatRequest,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    let sampling = request.sampling
    json.objectIfAny("generationConfig") { json in
      json.number("temperature", ifAny: sampling.temperature)
      json.number("topP", ifAny: sampling.topP)
      json.number("topK", ifAny: sampling.topK)
      json.number("seed", ifAny: sampling.seed)
      json.number("presencePenalty", ifAny: sampling.presencePenalty)
      json.number("frequencyPenalty", ifAny: sampling.frequencyPenalty)
      json.int("maxOutputTokens", ifAny: request.maxTokens)
      json.strings("stopSequences", ifAny: sampling.stop)
      switch request.format {
      case nil, .text: break
      case .jsonObject: json.string("responseMimeType", "application/json")
      case .jsonSchema(let schema):
        json.string("responseMimeType", "application/json")
        json.raw("responseJsonSchema", ifAny: schema.schema)
      }
      if let reasoning = request.reasoning { encode(reasoning, &json) }
    }
    if sampling.logprobs == true { list.add("logprobs", "has no counterpart") }
    if sampling.choices ?? 1 > 1 { list.add("n", "one answer only") }
    if let rest = request.reasoning?.rest {
      list.add(rest, at: "reasoning", hints: TranslationOptions.hints.union(["type"]), to: dialect)
    }
  }

  private static func encode(_ reasoning: Reasoning, _ json: inout JSONWriter) {
    json.object("thinkingConfig") {
      switch reasoning.amount {
      case .off: $0.int("thinkingBudget", 0)
      case .adaptive: $0.int("thinkingBudget", -1)
      case .budget(let tokens): $0.int("thinkingBudget", tokens)
      case .effort: $0.int("thinkingBudget", min(reasoning.budget ?? -1, 24576))
      }
      if reasoning.amount != .off { $0.bool("includeThoughts", reasoning.isShown ?? true) }
    }
  }
}
