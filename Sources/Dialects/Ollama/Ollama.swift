/// Ollama's chat and generate.
package enum Ollama {
  static let dialect = Dialect.ollamaChat

  static let requestFields: [StaticString] = [
    "model", "messages", "tools", "format", "options", "stream", "think", "logprobs",
    "top_logprobs",
  ]
  static let generateFields: [StaticString] = [
    "model", "prompt", "system", "images", "format", "options", "stream", "think", "logprobs",
    "top_logprobs",
  ]
  static let knownOptions: [StaticString] = [
    "temperature", "top_p", "top_k", "seed", "stop", "num_predict", "presence_penalty",
    "frequency_penalty",
  ]

  /// Options that concern how the engine runs, not what it says.
  static let engineHints: Set<String> = [
    "num_ctx", "num_batch", "num_gpu", "main_gpu", "num_thread", "num_keep", "use_mmap",
    "use_mlock", "low_vram", "numa", "f16_kv", "logits_all", "vocab_only", "embedding_only",
    "repeat_last_n", "penalize_newline",
  ]

  package static func decodeChat(_ body: [UInt8]) throws(RequestError) -> ChatRequest {
    let root = try JSON.request(body)
    var request = ChatRequest(model: try root.requiredString("model"), origin: dialect)
    var calls = CallPairing()
    for (index, message) in try root.requiredArray("messages").enumerated() {
      let path = "messages[\(index)]"
      request.messages.append(try decode(message: message, at: path, &calls))
    }
    for (index, tool) in try root.optionalArray("tools").enumerated() {
      let tool = try OpenAIChat.decode(tool: tool, at: "tools[\(index)]", of: dialect)
      request.tools.append(tool)
    }
    try decodeCommon(root, &request)
    request.rest = Rest(root, of: dialect, besides: requestFields)
    return request
  }

  package static func decodeGenerate(_ body: [UInt8]) throws(RequestError) -> ChatRequest {
    let root = try JSON.request(body)
    var request = ChatRequest(model: try root.requiredString("model"), origin: .ollamaGenerate)
    if let system = try root.optionalString("system"), !system.isEmpty {
      request.messages.append(Message(.system, [.text(system)], at: "system"))
    }
    var parts = try decode(images: root, at: "")
    parts.append(.text(try root.optionalString("prompt") ?? ""))
    request.messages.append(Message(.user, parts, at: "prompt"))
    try decodeCommon(root, &request)
    request.rest = Rest(root, of: .ollamaGenerate, besides: generateFields)
    return request
  }

  private static func decodeCommon(
    _ root: JSON,
    _ request: inout ChatRequest
  ) throws(RequestError) {
    request.isStream = try root.optionalBool("stream") ?? true
    request.wantsUsage = true
    request.sampling.logprobs = try root.optionalBool("logprobs")
    request.sampling.topLogprobs = try root.optionalCount("top_logprobs")
    if let format = root.present("format") {
      if format.isObject {
        request.format = .jsonSchema(JSONSchema(schema: format.raw))
      } else if format.equals("json") {
        request.format = .jsonObject
      } else if !format.equals("") {
        throw .invalid(path: "format", why: "must be json or a schema")
      }
    }
    if let think = root.present("think") {
      if let flag = think.bool {
        request.reasoning = Reasoning(flag ? .adaptive : .off)
      } else if let effort = think.string {
        request.reasoning = Reasoning(.effort(effort))
      } else {
        throw .invalid(path: "think", why: "must be a Boolean or an effort")
      }
    }
    guard let options = root.present("options") else { return }
    guard options.isObject else { throw .invalid(path: "options", why: "must be an object") }
    request.sampling.temperature = try options.optionalNumber("temperature", at: "options")
    request.sampling.topP = try options.optionalNumber("top_p", at: "options")
    request.sampling.topK = try options.optionalNumber("top_k", at: "options")
    request.sampling.seed = try options.optionalNumber("seed", at: "options")
    request.sampling.stop = try options.stringOrStrings("stop")
    request.sampling.presencePenalty = try options.optionalNumber("presence_penalty", at: "options")
    request.sampling.frequencyPenalty = try options.optionalNumber(
      "frequency_penalty",
      at: "options"
    )
    if let tokens = options.present("num_predict")?.int, tokens > 0, tokens <= 1 << 40 {
      request.maxTokens = tokens
    }
    request.engineOptions = Rest(options, of: dialect, besides: knownOptions)
  }

  private static func decode(
    message: JSON,
    at path: String,
    _ calls: inout CallPairing
  ) throws(RequestError) -> Message {
    guard message.isObject else { throw .invalid(path: path, why: "must be an object") }
    let role = try message.requiredString("role", at: path)
    let text = try message.optionalString("content", at: path) ?? ""
    let images = try decode(images: message, at: path)
    var result: Message
    switch role {
    case "system", "user", "developer":
      result = Message(Message.Role(rawValue: role) ?? .user, images, at: path)
      if !text.isEmpty || images.isEmpty { result.parts.append(.text(text)) }
    case "assistant":
      result = Message(.assistant, at: path)
      if let thoughts = try message.optionalString("thinking", at: path), !thoughts.isEmpty {
        result.parts.append(Part(.thinking(Thinking(thoughts))))
      }
      if !text.isEmpty { result.parts.append(.text(text)) }
      for (index, call) in try message.optionalArray("tool_calls", at: path).enumerated() {
        let call = try decode(call: call, at: "\(path).tool_calls[\(index)]", &calls)
        result.parts.append(Part(.toolCall(call)))
      }
    case "tool":
      let name = try message.optionalString("tool_name", at: path)
      let given = try message.optionalString("tool_call_id", at: path)
      var toolResult = ToolResult(id: calls.answer(given, name), parts: [.text(text)] + images)
      toolResult.name = name
      result = Message(.tool, [Part(.toolResult(toolResult))], at: path)
    default:
      throw .invalid(path: "\(path).role", why: "is not a role")
    }
    result.rest = Rest(
      message,
      of: dialect,
      besides: [
        "role", "content", "thinking", "images", "tool_calls", "tool_name", "tool_call_id",
      ]
    )
    return result
  }

  private static func decode(images json: JSON, at path: String) throws(RequestError) -> [Part] {
    var parts: [Part] = []
    for image in try json.optionalArray("images", at: path) {
      guard let data = image.string else {
        throw .invalid(path: "\(path).images[\(parts.count)]", why: "must be a string")
      }
      let media =
        data.hasPrefix("data:")
        ? Media(address: data) : Media(.base64(data), type: ImageType.ofBase64(data))
      parts.append(Part(.image(media, detail: nil)))
    }
    return parts
  }

  private static func decode(
    call: JSON,
    at path: String,
    _ calls: inout CallPairing
  ) throws(RequestError) -> ToolCall {
    guard let function = call.present("function") else {
      throw .invalid(path: "\(path).function", why: "is missing")
    }
    let name = try function.requiredString("name", at: "\(path).function")
    let id = calls.call(try call.optionalString("id", at: path), name)
    let arguments = function.present("arguments")
    let text = arguments?.string ?? arguments?.raw.line ?? "{}"
    return ToolCall(id: id, name: name, arguments: text)
  }
}

/// What a picture is, from the first characters of its base64.
enum ImageType {
  static func ofBase64(_ data: String) -> String? {
    if data.hasPrefix("iVBORw0KGgo") { return "image/png" }
    if data.hasPrefix("/9j/") { return "image/jpeg" }
    if data.hasPrefix("R0lGOD") { return "image/gif" }
    if data.hasPrefix("UklGR") { return "image/webp" }
    return nil
  }
}
