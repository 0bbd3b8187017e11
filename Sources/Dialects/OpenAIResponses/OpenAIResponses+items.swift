extension OpenAIResponses {
  static func decode(input: JSON?, into messages: inout [Message]) throws(RequestError) {
    guard let input else { return }
    if let text = input.string {
      messages.append(Message(.user, [.text(text)], at: "input"))
      return
    }
    guard input.isArray else {
      throw .invalid(path: "input", why: "must be a string or an array")
    }
    for (index, item) in input.elements.enumerated() {
      try decode(item: item, at: "input[\(index)]", into: &messages)
    }
  }

  private static func decode(
    item: JSON,
    at path: String,
    into messages: inout [Message]
  ) throws(RequestError) {
    guard item.isObject else { throw .invalid(path: path, why: "must be an object") }
    // Short messages have no type.
    switch try item.optionalString("type", at: path) ?? "message" {
    case "message": try decode(message: item, at: path, into: &messages)
    case "function_call":
      let call = ToolCall(
        id: try item.requiredString("call_id", at: path),
        name: try item.requiredString("name", at: path),
        arguments: try item.optionalString("arguments", at: path) ?? ""
      )
      append(Part(.toolCall(call)), at: path, to: &messages)
    case "custom_tool_call":
      var call = ToolCall(
        id: try item.requiredString("call_id", at: path),
        name: try item.requiredString("name", at: path),
        arguments: try item.optionalString("input", at: path) ?? ""
      )
      call.isCustom = true
      append(Part(.toolCall(call)), at: path, to: &messages)
    case "function_call_output", "custom_tool_call_output":
      let id = try item.requiredString("call_id", at: path)
      var parts: [Part] = []
      if let text = item["output"]?.string {
        parts = [.text(text)]
      } else {
        for part in try item.requiredArray("output", at: path) {
          parts.append(try decode(part: part, at: "\(path).output[\(parts.count)]"))
        }
      }
      let result = Part(.toolResult(ToolResult(id: id, parts: parts)))
      messages.append(Message(.tool, [result], at: path))
    case "reasoning":
      append(Part(.thinking(decode(reasoning: item))), at: path, to: &messages)
    case let type:
      append(Part(.opaque(type: type, item.raw, dialect)), at: path, to: &messages)
    }
  }

  /// Items of one turn of the model are one message elsewhere.
  private static func append(_ part: Part, at path: String, to messages: inout [Message]) {
    if let last = messages.indices.last, messages[last].role == .assistant {
      messages[last].parts.append(part)
    } else {
      messages.append(Message(.assistant, [part], at: path))
    }
  }

  private static func decode(reasoning item: JSON) -> Thinking {
    let shown = item.present("summary")?.elements.compactMap { $0["text"]?.string } ?? []
    let whole = item.present("content")?.elements.compactMap { $0["text"]?.string } ?? []
    var thinking = Thinking((shown.isEmpty ? whole : shown).joined(separator: "\n\n"))
    thinking.id = item["id"]?.string
    guard let sealed = item.present("encrypted_content")?.string else { return thinking }
    SealedThoughts.open(sealed, into: &thinking)
    return thinking
  }

  private static func decode(
    message: JSON,
    at path: String,
    into messages: inout [Message]
  ) throws(RequestError) {
    let role: Message.Role
    switch try message.requiredString("role", at: path) {
    case "user": role = .user
    case "assistant": role = .assistant
    case "system": role = .system
    case "developer": role = .developer
    default: throw .invalid(path: "\(path).role", why: "is not a role")
    }
    var parts: [Part] = []
    if let text = message["content"]?.string {
      parts = [.text(text)]
    } else {
      for part in try message.requiredArray("content", at: path) {
        parts.append(try decode(part: part, at: "\(path).content[\(parts.count)]"))
      }
    }
    if role == .assistant {
      for part in parts { append(part, at: path, to: &messages) }
    } else {
      messages.append(Message(role, parts, at: path))
    }
  }

  private static func decode(part: JSON, at path: String) throws(RequestError) -> Part {
    let type = try part.requiredString("type", at: path)
    switch type {
    case "input_text", "output_text", "text":
      return .text(try part.requiredString("text", at: path))
    case "refusal":
      return Part(.refusal(try part.requiredString("refusal", at: path)))
    case "input_image":
      let detail = part["detail"]?.string
      if let address = part.present("image_url")?.string {
        return Part(.image(Media(address: address), detail: detail))
      }
      let id = try part.requiredString("file_id", at: path)
      return Part(.image(Media(.stored(id: id)), detail: detail))
    case "input_audio":
      let audio = part["input_audio"]
      guard let data = audio?["data"]?.string else {
        throw .invalid(path: "\(path).input_audio.data", why: "must be a string")
      }
      return Part(.audio(Media(.base64(data), type: audio?["format"]?.string)))
    case "input_file":
      let name = part["filename"]?.string
      if let data = part.present("file_data")?.string {
        let media = data.hasPrefix("data:") ? Media(address: data) : Media(.base64(data))
        return Part(.file(media, name: name))
      }
      if let address = part.present("file_url")?.string {
        return Part(.file(Media(.address(address)), name: name))
      }
      let id = try part.requiredString("file_id", at: path)
      return Part(.file(Media(.stored(id: id)), name: name))
    default:
      return Part(.opaque(type: type, part.raw, dialect))
    }
  }
}

/// Thoughts of other providers in `encrypted_content`, which clients give back as it is.
enum SealedThoughts {
  static func seal(_ thinking: Thinking) -> String? {
    guard thinking.isBound, let dialect = thinking.dialect else { return nil }
    if dialect == .openAIResponses { return thinking.encrypted }
    let sealed = RawJSON {
      $0.object {
        $0.string("of", dialect.rawValue)
        $0.string("signature", ifAny: thinking.signature)
        $0.string("data", ifAny: thinking.encrypted)
      }
    }
    return sealed.text
  }

  static func open(_ text: String, into thinking: inout Thinking) {
    guard text.utf8.first == UInt8(ascii: "{"),
      let root = try? JSONDocument.object(Array(text.utf8), bounds: .answer),
      let dialect = root["of"]?.string.flatMap(Dialect.init(rawValue:))
    else {
      thinking.encrypted = text
      thinking.dialect = .openAIResponses
      return
    }
    thinking.dialect = dialect
    thinking.signature = root["signature"]?.string
    thinking.encrypted = root["data"]?.string
  }
}
