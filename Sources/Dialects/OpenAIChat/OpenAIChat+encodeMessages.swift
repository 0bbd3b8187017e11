extension OpenAIChat {
  static func encode(
    _ message: Message,
    _ request: ChatRequest,
    _ options: TranslationOptions,
    _ array: inout JSONWriter,
    _ list: inout LossList
  ) {
    var rest: [Part] = []
    // Pictures that a tool returned go into a message of their own: a tool's message bears text.
    var shown: [Part] = []
    for (place, part) in message.parts.enumerated() {
      guard case .toolResult(let result) = part.kind else {
        rest.append(part)
        continue
      }
      let path = "\(message.path).content[\(place)]"
      encode(result, part, at: path, keepsParts: request.origin == dialect, &array, &shown, &list)
    }
    if !shown.isEmpty { rest = shown + rest }
    // A message of results only is no message beside them.
    if rest.isEmpty, !message.parts.isEmpty { return }
    if message.role == .assistant {
      encode(assistant: message, options, request, &array, &list)
      return
    }
    array.object { json in
      json.string("role", roleName(message.role, request))
      json.string("name", ifAny: message.name)
      encodeContent(rest, at: message.path, keepsParts: request.origin == dialect, &json, &list)
      json.rest(message.rest, of: dialect)
    }
    list.add(message, at: message.path, to: dialect)
  }

  private static func roleName(_ role: Message.Role, _ request: ChatRequest) -> String {
    switch role {
    // Few servers beside OpenAI's know the word.
    case .developer: request.origin == dialect ? "developer" : "system"
    case .tool: "user"
    default: role.rawValue
    }
  }

  private static func encode(
    _ result: ToolResult,
    _ part: Part,
    at path: String,
    keepsParts: Bool,
    _ array: inout JSONWriter,
    _ shown: inout [Part],
    _ list: inout LossList
  ) {
    var texts: [Part] = []
    for inner in result.parts {
      switch inner.kind {
      case .text: texts.append(inner)
      case .image, .file, .audio: shown.append(inner)
      default: list.add(path, "a tool's result of this kind has no counterpart")
      }
    }
    if texts.isEmpty, !shown.isEmpty { texts = [.text("The result follows.")] }
    array.object { json in
      json.string("role", "tool")
      json.string("tool_call_id", result.id)
      if keepsParts { json.string("name", ifAny: result.name) }
      encodeContent(texts, at: path, keepsParts: keepsParts, &json, &list)
      if keepsParts { json.raw("cache_control", ifAny: part.cache?.raw) }
      json.rest(part.rest, of: dialect)
    }
    if result.isError { list.addHint("\(path).is_error", "has no counterpart") }
    if !keepsParts, part.cache != nil {
      list.addHint("\(path).cache_control", Loss.cacheReason)
    }
    list.add(part.rest, at: path, to: dialect)
  }

  private static func encode(
    assistant message: Message,
    _ options: TranslationOptions,
    _ request: ChatRequest,
    _ array: inout JSONWriter,
    _ list: inout LossList
  ) {
    var content: [Part] = []
    var thoughts = ""
    var details: [Thinking] = []
    var refusal: String?
    var calls: [ToolCall] = []
    let isOwn = request.origin == dialect
    let hasText = message.parts.contains { if case .text = $0.kind { true } else { false } }
    for (place, part) in message.parts.enumerated() {
      switch part.kind {
      case .thinking(let thinking):
        thoughts += thinking.text
        if request.origin == dialect {
          if thinking.isBound { details.append(thinking) }
        } else if thinking.isBound || !options.sendsReasoning {
          list.addHint("\(message.path).content[\(place)]", "thoughts of another provider")
        }
      case .refusal where isOwn && hasText: content.append(part)
      case .refusal(let text):
        if refusal == nil { refusal = "" }
        refusal?.append(text)
      case .toolCall(let call): calls.append(call)
      case .opaque(let type, _, let origin) where origin != dialect:
        list.add("\(message.path).content[\(place)]", Loss.unknown(type))
      default: content.append(part)
      }
    }
    array.object { json in
      json.string("role", "assistant")
      json.string("name", ifAny: message.name)
      if content.isEmpty {
        // Servers want the key; without a call an empty text is safer than none.
        json.string("content", orNull: calls.isEmpty && refusal == nil ? "" : nil)
      } else {
        encodeContent(content, at: message.path, keepsParts: isOwn, &json, &list)
      }
      if !thoughts.isEmpty, request.origin == dialect || options.sendsReasoning {
        json.string("reasoning_content", thoughts)
      }
      ReasoningDetails.encode(details, &json)
      json.string("refusal", ifAny: refusal)
      if !calls.isEmpty {
        json.array("tool_calls") { array in for call in calls { encode(call, &array) } }
      }
      json.rest(message.rest, of: dialect)
    }
    list.add(message, at: message.path, to: dialect)
  }

  static func encode(_ call: ToolCall, index: Int? = nil, _ array: inout JSONWriter) {
    array.object { json in
      json.int("index", ifAny: index)
      json.string("id", call.id)
      json.string("type", call.isCustom ? "custom" : "function")
      json.object(call.isCustom ? "custom" : "function") {
        $0.string("name", call.name)
        $0.string(call.isCustom ? "input" : "arguments", call.arguments)
      }
      encodeSignature(call.signature, &json)
    }
  }

  static func encodeSignature(_ signature: String?, _ json: inout JSONWriter) {
    guard let signature else { return }
    json.object("extra_content") {
      $0.object("google") { $0.string("thought_signature", signature) }
    }
  }

  /// Text alone is written as a string, which every server reads; a request of this dialect keeps
  /// the parts that it came in.
  private static func encodeContent(
    _ parts: [Part],
    at path: String,
    keepsParts: Bool,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    var text = ""
    let isPlain = parts.allSatisfy { part in
      guard case .text(let piece) = part.kind else { return false }
      if keepsParts, parts.count > 1 || part.cache != nil || !part.rest.isEmpty { return false }
      text += text.isEmpty || piece.isEmpty ? piece : "\n\(piece)"
      return true
    }
    for (place, part) in parts.enumerated() where !keepsParts {
      let path = "\(path).content[\(place)]"
      if part.cache != nil { list.addHint("\(path).cache_control", Loss.cacheReason) }
      list.add(part.rest, at: path, hints: TranslationOptions.hints, to: dialect)
    }
    if isPlain {
      json.string("content", text)
      return
    }
    json.array("content") { array in
      for (place, part) in parts.enumerated() {
        let path = "\(path).content[\(place)]"
        encode(part, at: path, keepsCache: keepsParts, &array, &list)
      }
    }
  }

  private static func encode(
    _ part: Part,
    at path: String,
    keepsCache: Bool,
    _ array: inout JSONWriter,
    _ list: inout LossList
  ) {
    if case .opaque(let type, let raw, let origin) = part.kind {
      if origin == dialect { array.raw(raw) } else { list.add(path, Loss.unknown(type)) }
      return
    }
    array.object { json in
      switch part.kind {
      case .text(let text):
        json.string("type", "text")
        json.string("text", text)
      case .refusal(let text):
        json.string("type", "refusal")
        json.string("refusal", text)
      case .image(let media, let detail):
        guard let address = media.address(defaultType: "image/png") else {
          list.add(path, "a stored picture")
          return encodePlaceholder("picture", &json)
        }
        json.string("type", "image_url")
        json.object("image_url") {
          $0.string("url", address)
          $0.string("detail", ifAny: detail)
        }
      case .audio(let media):
        guard case .base64(let data) = media.source else {
          list.add(path, "audio by address")
          return encodePlaceholder("audio", &json)
        }
        json.string("type", "input_audio")
        json.object("input_audio") {
          $0.string("data", data)
          $0.string("format", AudioFormat.name(media.type))
        }
      case .file(let media, let name):
        encode(file: media, name, at: path, &json, &list)
      default:
        list.add(path, "has no counterpart")
        encodePlaceholder("part", &json)
      }
      if keepsCache { json.raw("cache_control", ifAny: part.cache?.raw) }
      json.rest(part.rest, of: dialect)
    }
  }

  private static func encode(
    file media: Media,
    _ name: String?,
    at path: String,
    _ json: inout JSONWriter,
    _ list: inout LossList
  ) {
    switch media.source {
    case .plainText(let text):
      json.string("type", "text")
      json.string("text", text)
    case .stored(let id) where id.hasPrefix("file-"):
      json.string("type", "file")
      json.object("file") { $0.string("file_id", id) }
    case .base64:
      json.string("type", "file")
      json.object("file") {
        $0.string("filename", name ?? "document.pdf")
        $0.string("file_data", ifAny: media.address(defaultType: "application/pdf"))
      }
    case .stored, .address:
      list.add(path, "a document that is not in the request")
      encodePlaceholder("document", &json)
    }
  }

  /// Stands where something was left out, which the policy must allow.
  static func encodePlaceholder(_ what: String, _ json: inout JSONWriter) {
    json.string("type", "text")
    json.string("text", "[\(what) left out]")
  }
}
