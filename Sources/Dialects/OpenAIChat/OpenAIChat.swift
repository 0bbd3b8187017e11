/// OpenAI's chat completions, and what many other providers and servers made of them.
package enum OpenAIChat {
  static let dialect = Dialect.openAIChat

  /// Fields of a request that have a place in the common form.
  static let requestFields: [StaticString] = [
    "model", "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format",
    "temperature", "top_p", "top_k", "stop", "seed", "presence_penalty", "frequency_penalty",
    "logprobs", "top_logprobs", "n", "max_tokens", "max_completion_tokens", "reasoning_effort",
    "user", "metadata", "stream", "stream_options", "verbosity",
  ]

  package static func decodeRequest(_ body: [UInt8]) throws(RequestError) -> ChatRequest {
    let root = try JSON.request(body)
    var request = ChatRequest(model: try root.requiredString("model"), origin: dialect)
    request.isStream = try root.optionalBool("stream") ?? false
    request.wantsUsage = root["stream_options"]?["include_usage"]?.bool ?? false
    for (index, message) in try root.requiredArray("messages").enumerated() {
      request.messages.append(try decode(message: message, at: "messages[\(index)]"))
    }
    for (index, tool) in try root.optionalArray("tools").enumerated() {
      request.tools.append(try decode(tool: tool, at: "tools[\(index)]"))
    }
    request.toolChoice = decode(choice: root.present("tool_choice"))
    request.allowsParallelCalls = try root.optionalBool("parallel_tool_calls")
    request.format = try decode(format: root.present("response_format"))
    request.sampling = try decodeSampling(root)
    let asked = try root.optionalCount("max_tokens")
    request.maxTokens = try root.optionalCount("max_completion_tokens") ?? asked
    if let effort = try root.optionalString("reasoning_effort") {
      request.reasoning = Reasoning(effort == "none" ? .off : .effort(effort))
    }
    request.verbosity = try root.optionalString("verbosity")
    request.user = try root.optionalString("user")
    request.metadata = root.present("metadata")?.raw
    request.rest = Rest(root, of: dialect, besides: requestFields)
    if request.messages.isEmpty { throw .invalid(path: "messages", why: "is empty") }
    return request
  }

  static func decodeSampling(_ root: JSON) throws(RequestError) -> Sampling {
    var sampling = Sampling()
    sampling.temperature = try root.optionalNumber("temperature")
    sampling.topP = try root.optionalNumber("top_p")
    sampling.topK = try root.optionalNumber("top_k")
    sampling.stop = try root.stringOrStrings("stop")
    sampling.seed = try root.optionalNumber("seed")
    sampling.presencePenalty = try root.optionalNumber("presence_penalty")
    sampling.frequencyPenalty = try root.optionalNumber("frequency_penalty")
    sampling.logprobs = try root.optionalBool("logprobs")
    sampling.topLogprobs = try root.optionalCount("top_logprobs")
    sampling.choices = try root.optionalCount("n")
    return sampling
  }

  /// Reads a tool, which Ollama writes in the same way.
  static func decode(
    tool: JSON,
    at path: String,
    of dialect: Dialect = dialect
  ) throws(RequestError) -> Tool {
    guard let function = tool.present("function"), function.isObject else {
      let type = try tool.requiredString("type", at: path)
      guard type != "function" else { throw .invalid(path: "\(path).function", why: "is missing") }
      return .provider(type: type, tool.raw, dialect)
    }
    var result = FunctionTool(name: try function.requiredString("name", at: "\(path).function"))
    result.description = try function.optionalString("description", at: "\(path).function")
    result.schema = function.present("parameters")?.raw
    result.isStrict = try function.optionalBool("strict", at: "\(path).function")
    result.cache = tool.present("cache_control").map { CacheMark(raw: $0.raw) }
    result.rest = Rest(
      function,
      of: dialect,
      besides: ["name", "description", "parameters", "strict"]
    )
    let outer: [StaticString] = ["type", "function", "cache_control"]
    result.outerRest = Rest(tool, of: dialect, besides: outer)
    return .function(result)
  }

  static func decode(choice: JSON?) -> ToolChoice? {
    guard let choice else { return nil }
    if choice.equals("auto") { return .automatic }
    if choice.equals("none") { return ToolChoice.none }
    if choice.equals("required") { return .required }
    if let name = choice["function"]?["name"]?.string { return .function(name) }
    return .opaque(choice.raw, dialect)
  }

  static func decode(format: JSON?) throws(RequestError) -> AnswerFormat? {
    guard let format else { return nil }
    let type = try format.requiredString("type", at: "response_format")
    switch type {
    case "text": return .text
    case "json_object": return .jsonObject
    case "json_schema":
      guard let inner = format.present("json_schema"), inner.isObject else {
        throw .invalid(path: "response_format.json_schema", why: "is missing")
      }
      return .jsonSchema(try decode(schema: inner, at: "response_format.json_schema"))
    default:
      throw .invalid(path: "response_format.type", why: "is not known")
    }
  }

  static func decode(schema: JSON, at path: String) throws(RequestError) -> JSONSchema {
    var result = JSONSchema(schema: schema.present("schema")?.raw)
    result.name = try schema.optionalString("name", at: path)
    result.description = try schema.optionalString("description", at: path)
    result.isStrict = try schema.optionalBool("strict", at: path)
    return result
  }
}
