/// OpenAI's responses, in which a conversation is a list of items.
///
/// It is read here and answered, never sent: an upstream that knows it is sent the bytes as they
/// came.
package enum OpenAIResponses {
  static let dialect = Dialect.openAIResponses

  static let requestFields: [StaticString] = [
    "model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls",
    "max_output_tokens", "temperature", "top_p", "top_logprobs", "text", "reasoning", "metadata",
    "user", "stream",
  ]

  /// Fields by which the provider is to find what it kept: without it there is no conversation.
  static let stored = ["previous_response_id", "conversation", "prompt"]

  package static func decodeRequest(_ body: [UInt8]) throws(RequestError) -> ChatRequest {
    let root = try JSON.request(body)
    var request = ChatRequest(model: try root.requiredString("model"), origin: dialect)
    request.isStream = try root.optionalBool("stream") ?? false
    request.wantsUsage = true
    if let text = try root.optionalString("instructions"), !text.isEmpty {
      request.messages.append(Message(.system, [.text(text)], at: "instructions"))
      request.hasInstructions = true
    }
    try decode(input: root.present("input"), into: &request.messages)
    for (index, tool) in try root.optionalArray("tools").enumerated() {
      request.tools.append(try decode(tool: tool, at: "tools[\(index)]"))
    }
    request.toolChoice = decode(choice: root.present("tool_choice"))
    request.allowsParallelCalls = try root.optionalBool("parallel_tool_calls")
    request.maxTokens = try root.optionalCount("max_output_tokens")
    request.sampling.temperature = try root.optionalNumber("temperature")
    request.sampling.topP = try root.optionalNumber("top_p")
    request.sampling.topLogprobs = try root.optionalCount("top_logprobs")
    request.format = try decode(format: root["text"]?.present("format"))
    if let reasoning = root.present("reasoning") {
      let effort = try reasoning.optionalString("effort", at: "reasoning")
      request.reasoning = Reasoning(effort.map { $0 == "none" ? .off : .effort($0) } ?? .adaptive)
      request.reasoning?.isShown = reasoning.present("summary").map { _ in true }
      request.reasoning?.rest = Rest(reasoning, of: dialect, besides: ["effort"])
    }
    request.metadata = root.present("metadata")?.raw
    request.user = try root.optionalString("user")
    request.verbosity = root["text"]?.present("verbosity")?.string
    request.rest = Rest(root, of: dialect, besides: requestFields)
    return request
  }

  private static func decode(tool: JSON, at path: String) throws(RequestError) -> Tool {
    let type = try tool.requiredString("type", at: path)
    guard type == "function" else { return .provider(type: type, tool.raw, dialect) }
    var result = FunctionTool(name: try tool.requiredString("name", at: path))
    result.description = try tool.optionalString("description", at: path)
    result.schema = tool.present("parameters")?.raw
    result.isStrict = try tool.optionalBool("strict", at: path)
    result.rest = Rest(
      tool,
      of: dialect,
      besides: ["type", "name", "description", "parameters", "strict"]
    )
    return .function(result)
  }

  private static func decode(choice: JSON?) -> ToolChoice? {
    guard let choice else { return nil }
    if choice.equals("auto") { return .automatic }
    if choice.equals("none") { return ToolChoice.none }
    if choice.equals("required") { return .required }
    if choice["type"]?.equals("function") == true, let name = choice["name"]?.string {
      return .function(name)
    }
    return .opaque(choice.raw, dialect)
  }

  private static func decode(format: JSON?) throws(RequestError) -> AnswerFormat? {
    guard let format else { return nil }
    switch try format.requiredString("type", at: "text.format") {
    case "text": return .text
    case "json_object": return .jsonObject
    case "json_schema":
      return .jsonSchema(try OpenAIChat.decode(schema: format, at: "text.format"))
    default: throw .invalid(path: "text.format.type", why: "is not known")
    }
  }
}
