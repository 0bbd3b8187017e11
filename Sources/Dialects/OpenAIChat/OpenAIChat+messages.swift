extension OpenAIChat {
  static func decode(message: JSON, at path: String) throws(RequestError) -> Message {
    guard message.isObject else { throw .invalid(path: path, why: "must be an object") }
    let role = try message.requiredString("role", at: path)
    switch role {
    case "system", "developer", "user":
      var result = Message(Message.Role(rawValue: role) ?? .user, at: path)
      result.parts = try decode(content: message.present("content"), at: path)
      result.name = try message.optionalString("name", at: path)
      result.rest = Rest(message, of: dialect, besides: ["role", "content", "name"])
      return result
    case "assistant":
      return try decode(assistant: message, at: path)
    case "tool", "function":
      return try decode(toolMessage: message, isLegacy: role == "function", at: path)
    default:
      throw .invalid(path: "\(path).role", why: "is not a role")
    }
  }

  private static func decode(
    assistant message: JSON,
    at path: String
  ) throws(RequestError) -> Message {
    var result = Message(.assistant, at: path)
    result.parts += ReasoningDetails.decode(message)
    result.parts += try decode(content: message.present("content"), at: path)
    if let refusal = try message.optionalString("refusal", at: path) {
      result.parts.append(Part(.refusal(refusal)))
    }
    for (index, call) in try message.optionalArray("tool_calls", at: path).enumerated() {
      let call = try decode(call: call, at: "\(path).tool_calls[\(index)]")
      result.parts.append(Part(.toolCall(call)))
    }
    if let call = message.present("function_call") {
      let name = try call.requiredString("name", at: "\(path).function_call")
      let arguments = try call.optionalString("arguments", at: "\(path).function_call") ?? ""
      let legacy = ToolCall(id: "call_\(name)", name: name, arguments: arguments)
      result.parts.append(Part(.toolCall(legacy)))
    }
    result.name = try message.optionalString("name", at: path)
    result.rest = Rest(
      message,
      of: dialect,
      besides: [
        "role", "content", "name", "refusal", "tool_calls", "function_call", "reasoning_content",
        "reasoning", "reasoning_details",
      ]
    )
    return result
  }

  private static func decode(
    toolMessage message: JSON,
    isLegacy: Bool,
    at path: String
  ) throws(RequestError) -> Message {
    let name = try message.optionalString("name", at: path)
    let id =
      isLegacy ? "call_\(name ?? "")" : try message.requiredString("tool_call_id", at: path)
    let parts = try decode(content: message.present("content"), at: path)
    var toolResult = ToolResult(id: id, parts: parts)
    toolResult.name = name
    var part = Part(.toolResult(toolResult))
    part.cache = message.present("cache_control").map { CacheMark(raw: $0.raw) }
    part.rest = Rest(
      message,
      of: dialect,
      besides: ["role", "content", "name", "tool_call_id", "cache_control"]
    )
    return Message(.tool, [part], at: path)
  }

  static func decode(call: JSON, at path: String) throws(RequestError) -> ToolCall {
    let id = try call.optionalString("id", at: path) ?? ""
    if let custom = call.present("custom") {
      var result = ToolCall(
        id: id,
        name: try custom.requiredString("name", at: "\(path).custom"),
        arguments: try custom.optionalString("input", at: "\(path).custom") ?? ""
      )
      result.isCustom = true
      return result
    }
    guard let function = call.present("function") else {
      throw .invalid(path: "\(path).function", why: "is missing")
    }
    var result = ToolCall(
      id: id,
      name: try function.requiredString("name", at: "\(path).function"),
      arguments: try function.optionalString("arguments", at: "\(path).function") ?? ""
    )
    // How Google's own OpenAI-compatible API carries what Gemini wants back.
    result.signature = call["extra_content"]?["google"]?["thought_signature"]?.string
    return result
  }

  static func decode(content: JSON?, at path: String) throws(RequestError) -> [Part] {
    guard let content else { return [] }
    if let text = content.string { return [.text(text)] }
    guard content.isArray else {
      throw .invalid(path: "\(path).content", why: "must be a string or an array")
    }
    var parts: [Part] = []
    for part in content.elements {
      parts.append(try decode(part: part, at: "\(path).content[\(parts.count)]"))
    }
    return parts
  }

  static func decode(part: JSON, at path: @autoclosure () -> String) throws(RequestError) -> Part {
    let path = path()
    let type = try part.requiredString("type", at: path)
    var result: Part
    switch type {
    case "text":
      result = .text(try part.requiredString("text", at: path))
    case "refusal":
      result = Part(.refusal(try part.requiredString("refusal", at: path)))
    case "image_url":
      // Some clients write the address itself in place of the object.
      let image = part.present("image_url")
      guard let address = image?["url"]?.string ?? image?.string else {
        throw .invalid(path: "\(path).image_url.url", why: "must be a string")
      }
      result = Part(.image(Media(address: address), detail: image?["detail"]?.string))
    case "input_audio":
      guard let audio = part.present("input_audio"), let data = audio["data"]?.string else {
        throw .invalid(path: "\(path).input_audio.data", why: "must be a string")
      }
      result = Part(.audio(Media(.base64(data), type: audio["format"]?.string)))
    case "file":
      guard let file = part.present("file"), let media = decode(file: file) else {
        throw .invalid(path: "\(path).file", why: "must have file_data or file_id")
      }
      result = Part(.file(media, name: file["filename"]?.string))
    default:
      return Part(.opaque(type: type, part.raw, dialect))
    }
    result.cache = part.present("cache_control").map { CacheMark(raw: $0.raw) }
    result.rest = Rest(
      part,
      of: dialect,
      besides: [
        "type", "text", "refusal", "image_url", "input_audio", "file", "cache_control",
      ]
    )
    return result
  }

  private static func decode(file: JSON) -> Media? {
    if let data = file["file_data"]?.string {
      return data.hasPrefix("data:") ? Media(address: data) : Media(.base64(data))
    }
    return file["file_id"]?.string.map { Media(.stored(id: $0)) }
  }
}
