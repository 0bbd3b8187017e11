extension Anthropic {
  static func decode(message: JSON, at path: String) throws(RequestError) -> Message {
    guard message.isObject else { throw .invalid(path: path, why: "must be an object") }
    let role: Message.Role
    switch try message.requiredString("role", at: path) {
    case "user": role = .user
    case "assistant": role = .assistant
    case "system": role = .system
    default: throw .invalid(path: "\(path).role", why: "must be user or assistant")
    }
    var result = Message(role, at: path)
    result.parts = try decode(content: message.present("content"), at: path, nested: 0)
    result.rest = Rest(message, of: dialect, besides: ["role", "content"])
    return result
  }

  /// A string, or a list of blocks.
  static func decode(
    content: JSON?,
    at path: String,
    nested depth: Int
  ) throws(RequestError) -> [Part] {
    guard let content else { return [] }
    if let text = content.string { return [.text(text)] }
    guard content.isArray else {
      throw .invalid(path: "\(path).content", why: "must be a string or an array")
    }
    var parts: [Part] = []
    for block in content.elements {
      let path = "\(path).content[\(parts.count)]"
      parts.append(try decode(block: block, at: path, nested: depth))
    }
    return parts
  }

  static func decode(
    block: JSON,
    at path: String,
    nested depth: Int
  ) throws(RequestError) -> Part {
    let type = try block.requiredString("type", at: path)
    var known: [StaticString] = ["type", "cache_control"]
    var part: Part
    switch type {
    case "text":
      part = .text(try block.requiredString("text", at: path))
      known += ["text"]
    case "image", "document":
      guard let source = block.present("source"), let media = decode(source: source) else {
        return Part(.opaque(type: type, block.raw, dialect))
      }
      part = Part(
        type == "image"
          ? .image(media, detail: nil) : .file(media, name: block["title"]?.string)
      )
      known += type == "image" ? ["source"] : ["source", "title"]
    case "tool_use":
      guard let input = block["input"] else {
        throw .invalid(path: "\(path).input", why: "is missing")
      }
      part = Part(
        .toolCall(
          ToolCall(
            id: try block.requiredString("id", at: path),
            name: try block.requiredString("name", at: path),
            arguments: input.raw.line
          )
        )
      )
      known += ["id", "name", "input"]
    case "tool_result" where depth == 0:
      let inner = try decode(content: block.present("content"), at: path, nested: depth + 1)
      var result = ToolResult(id: try block.requiredString("tool_use_id", at: path), parts: inner)
      result.isError = try block.optionalBool("is_error", at: path) ?? false
      part = Part(.toolResult(result))
      known += ["tool_use_id", "content", "is_error"]
    case "thinking":
      var thinking = Thinking(try block.requiredString("thinking", at: path))
      // Thoughts of other providers carry an empty one, which proves nothing.
      let signature = try block.optionalString("signature", at: path)
      thinking.signature = signature == "" ? nil : signature
      thinking.dialect = dialect
      part = Part(.thinking(thinking))
      known += ["thinking", "signature"]
    case "redacted_thinking":
      var thinking = Thinking("")
      thinking.encrypted = try block.requiredString("data", at: path)
      thinking.dialect = dialect
      part = Part(.thinking(thinking))
      known += ["data"]
    default:
      return Part(.opaque(type: type, block.raw, dialect))
    }
    part.cache = mark(block)
    part.rest = Rest(block, of: dialect, besides: known)
    return part
  }

  private static func decode(source: JSON) -> Media? {
    switch source["type"]?.string {
    case "base64":
      source["data"]?.string.map { Media(.base64($0), type: source["media_type"]?.string) }
    case "url": source["url"]?.string.map { Media(.address($0)) }
    case "file": source["file_id"]?.string.map { Media(.stored(id: $0)) }
    case "text": source["data"]?.string.map { Media(.plainText($0), type: "text/plain") }
    default: nil
    }
  }
}
