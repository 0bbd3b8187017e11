extension Anthropic {
  static func encodeMessages(
    _ request: ChatRequest,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    let isOwn = request.origin == dialect
    let isSystem = { (message: Message) in message.role == .system || message.role == .developer }
    let messages = request.messages
    let head = isOwn ? messages.prefix(while: isSystem) : messages.filter(isSystem)[...]
    let body = isOwn ? messages.dropFirst(head.count) : messages.filter { !isSystem($0) }[...]
    if !isOwn, messages.drop(while: isSystem).contains(where: isSystem) {
      list.addHint("messages", "system messages among others are put before them")
    }
    let system = head.flatMap(\.parts)
    if !system.isEmpty { encodeSystem(system, &json, &list) }
    json.array("messages") { array in
      var index = body.startIndex
      while index < body.endIndex {
        let message = body[index]
        var parts = message.parts
        var next = index + 1
        // Results of one turn's calls belong into one message, with what the user says after them.
        if message.role == .tool {
          while next < body.endIndex, body[next].role == .tool {
            parts += body[next].parts
            next += 1
          }
          if next < body.endIndex, body[next].role == .user {
            parts += body[next].parts
            next += 1
          }
        }
        encode(message, parts, request, &array, &list)
        index = next
      }
    }
  }

  private static func encodeSystem(
    _ parts: [Part],
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    if parts.count == 1, case .text(let text) = parts[0].kind, parts[0].cache == nil,
      parts[0].rest.dialect != dialect
    {
      json.string("system", text)
    } else {
      json.array("system") { array in
        for part in parts {
          guard case .text(let text) = part.kind else {
            list.add("system", "only text has a counterpart")
            continue
          }
          if text.isEmpty { continue }
          array.object {
            $0.string("type", "text")
            $0.string("text", text)
            $0.raw("cache_control", ifAny: part.cache?.raw)
            $0.rest(part.rest, of: dialect)
          }
        }
      }
    }
    for part in parts { list.add(part.rest, at: "system", to: dialect) }
  }

  private static func encode(
    _ message: Message,
    _ parts: [Part],
    _ request: ChatRequest,
    _ array: inout JSONWriter,
    _ list: inout LossList
  ) {
    let path = message.path
    if message.name != nil { list.addHint("\(path).name", "has no counterpart") }
    list.add(message, at: path, to: dialect)
    let kept = parts.enumerated().filter { place, part in
      isKept(part, at: "\(path).content[\(place)]", &list)
    }
    // The API refuses messages without content.
    if kept.isEmpty { return }
    array.object { json in
      json.string("role", message.role == .assistant ? "assistant" : "user")
      if kept.count == 1, case .text(let text) = kept[0].element.kind,
        kept[0].element.cache == nil, kept[0].element.rest.dialect != dialect
      {
        json.string("content", text)
      } else {
        json.array("content") { array in
          for (place, part) in kept {
            encode(part, at: "\(path).content[\(place)]", &array, &list)
          }
        }
      }
      json.rest(message.rest, of: dialect)
    }
  }

  /// Whether a part has a block; what has none is named.
  private static func isKept(_ part: Part, at path: String, _ list: inout LossList) -> Bool {
    switch part.kind {
    // Empty text is refused by the API.
    case .text(let text), .refusal(let text): return !text.isEmpty
    case .thinking(let thinking):
      if thinking.dialect == dialect, thinking.isBound { return true }
      list.addHint(path, "thoughts of another provider")
      return false
    case .audio:
      list.add(path, "audio has no counterpart")
      return false
    case .opaque(let type, _, let origin) where origin != dialect:
      list.add(path, Loss.unknown(type))
      return false
    case .image(let media, _), .file(let media, _):
      guard case .stored(let id) = media.source, !id.hasPrefix("file_") else { return true }
      list.add(path, "a stored file of another provider")
      return false
    default: return true
    }
  }

  static func encode(
    _ part: Part,
    at path: String,
    _ array: inout JSONWriter,
    _ list: inout LossList
  ) {
    if case .opaque(_, let raw, _) = part.kind {
      array.raw(raw)
      return
    }
    array.object { json in
      switch part.kind {
      case .text(let text), .refusal(let text):
        json.string("type", "text")
        json.string("text", text)
      case .image(let media, let detail):
        json.string("type", "image")
        json.object("source") { encode(media, defaultType: "image/png", &$0) }
        if detail != nil, detail != "auto" { list.addHint("\(path).detail", "has no counterpart") }
      case .file(let media, let name):
        json.string("type", "document")
        json.object("source") { encode(media, defaultType: "application/pdf", &$0) }
        json.string("title", ifAny: name)
      case .toolCall(let call):
        json.string("type", "tool_use")
        json.string("id", ToolCallID.anthropic(call.id))
        json.string("name", call.name)
        json.raw("input", ToolArguments.object(call, at: path, &list))
        if call.signature != nil { list.addHint(path, "a signature of another provider") }
      case .toolResult(let result):
        encode(result, at: path, &json, &list)
      case .thinking(let thinking):
        encode(thinking, &json)
      case .audio, .opaque: break
      }
      json.raw("cache_control", ifAny: part.cache?.raw)
      json.rest(part.rest, of: dialect)
    }
    list.add(part.rest, at: path, hints: TranslationOptions.hints, to: dialect)
  }

  static func encode(_ thinking: Thinking, _ json: inout JSONWriter) {
    if let data = thinking.encrypted {
      json.string("type", "redacted_thinking")
      json.string("data", data)
    } else {
      json.string("type", "thinking")
      json.string("thinking", thinking.text)
      json.string("signature", ifAny: thinking.signature)
    }
  }

  private static func encode(
    _ result: ToolResult,
    at path: String,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    json.string("type", "tool_result")
    json.string("tool_use_id", ToolCallID.anthropic(result.id))
    let kept = result.parts.enumerated().filter { place, part in
      isKept(part, at: "\(path).content[\(place)]", &list)
    }
    if kept.count == 1, case .text(let text) = kept[0].element.kind,
      kept[0].element.cache == nil, kept[0].element.rest.dialect != dialect
    {
      json.string("content", text)
    } else if !kept.isEmpty {
      json.array("content") { array in
        for (place, part) in kept {
          encode(part, at: "\(path).content[\(place)]", &array, &list)
        }
      }
    }
    if result.isError { json.bool("is_error", true) }
  }

  private static func encode(_ media: Media, defaultType: String, _ json: inout JSONWriter) {
    switch media.source {
    case .base64(let data):
      json.string("type", "base64")
      json.string("media_type", media.type ?? defaultType)
      json.string("data", data)
    case .address(let address):
      json.string("type", "url")
      json.string("url", address)
    case .stored(let id):
      json.string("type", "file")
      json.string("file_id", id)
    case .plainText(let text):
      json.string("type", "text")
      json.string("media_type", "text/plain")
      json.string("data", text)
    }
  }
}
