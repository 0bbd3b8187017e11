/// Anthropic's messages.
package enum Anthropic {
  static let dialect = Dialect.anthropic

  static let requestFields: [StaticString] = [
    "model", "messages", "system", "max_tokens", "temperature", "top_p", "top_k",
    "stop_sequences", "stream", "tools", "tool_choice", "thinking", "metadata", "output_config",
    "output_format",
  ]

  /// Fields by which the provider is to find what it kept: without it there is no conversation.
  static let stored = ["thread"]

  package static func decodeRequest(_ body: [UInt8]) throws(RequestError) -> ChatRequest {
    let root = try JSON.request(body)
    var request = ChatRequest(model: try root.requiredString("model"), origin: dialect)
    request.isStream = try root.optionalBool("stream") ?? false
    request.wantsUsage = true
    request.maxTokens = try root.optionalCount("max_tokens")
    let system = try decode(content: root.present("system"), at: "system", nested: 0)
    if !system.isEmpty { request.messages.append(Message(.system, system, at: "system")) }
    for (index, message) in try root.requiredArray("messages").enumerated() {
      request.messages.append(try decode(message: message, at: "messages[\(index)]"))
    }
    for (index, tool) in try root.optionalArray("tools").enumerated() {
      request.tools.append(try decode(tool: tool, at: "tools[\(index)]"))
    }
    if let choice = root.present("tool_choice") {
      request.toolChoice = try decode(choice: choice)
      let isSerial = try choice.optionalBool("disable_parallel_tool_use", at: "tool_choice")
      request.allowsParallelCalls = isSerial.map { !$0 }
    }
    request.sampling.temperature = try root.optionalNumber("temperature")
    request.sampling.topP = try root.optionalNumber("top_p")
    request.sampling.topK = try root.optionalNumber("top_k")
    request.sampling.stop = try root.stringOrStrings("stop_sequences")
    try decodeOutput(root, &request)
    request.metadata = root.present("metadata")?.raw
    request.user = root["metadata"]?["user_id"]?.string
    request.rest = Rest(root, of: dialect, besides: requestFields)
    return request
  }

  private static func decodeOutput(
    _ root: JSON,
    _ request: inout ChatRequest
  ) throws(RequestError) {
    let output = root.present("output_config")
    let effort = try output?.optionalString("effort", at: "output_config")
    if let thinking = root.present("thinking") {
      switch try thinking.requiredString("type", at: "thinking") {
      case "disabled": request.reasoning = Reasoning(.off)
      case "enabled":
        let budget = try thinking.optionalCount("budget_tokens", at: "thinking")
        request.reasoning = Reasoning(budget.map { .budget($0) } ?? .adaptive)
      default:
        request.reasoning = Reasoning(effort.map { .effort($0) } ?? .adaptive)
      }
      request.reasoning?.isShown = thinking["display"].map { !$0.equals("omitted") }
      request.reasoning?.rest = Rest(thinking, of: dialect, besides: ["budget_tokens"])
    } else if let effort {
      request.reasoning = Reasoning(.effort(effort))
    }
    guard let format = output?.present("format") ?? root.present("output_format") else { return }
    guard format["type"]?.equals("json_schema") == true else {
      throw .invalid(path: "output_config.format.type", why: "must be json_schema")
    }
    request.format = .jsonSchema(JSONSchema(schema: format.present("schema")?.raw))
  }

  private static func decode(tool: JSON, at path: String) throws(RequestError) -> Tool {
    let type = try tool.optionalString("type", at: path) ?? "custom"
    guard type == "custom" else { return .provider(type: type, tool.raw, dialect) }
    var result = FunctionTool(name: try tool.requiredString("name", at: path))
    result.description = try tool.optionalString("description", at: path)
    result.schema = tool.present("input_schema")?.raw
    result.isStrict = try tool.optionalBool("strict", at: path)
    result.cache = mark(tool)
    result.rest = Rest(
      tool,
      of: dialect,
      besides: ["type", "name", "description", "input_schema", "strict", "cache_control"]
    )
    return .function(result)
  }

  private static func decode(choice: JSON) throws(RequestError) -> ToolChoice {
    switch try choice.requiredString("type", at: "tool_choice") {
    case "auto": .automatic
    case "none": ToolChoice.none
    case "any": .required
    case "tool": .function(try choice.requiredString("name", at: "tool_choice"))
    default: .opaque(choice.raw, dialect)
    }
  }

  static func mark(_ json: JSON) -> CacheMark? {
    json.present("cache_control").map { CacheMark(raw: $0.raw) }
  }
}
