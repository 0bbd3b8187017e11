extension Gemini {
  static func encodeContents(
    _ request: ChatRequest,
    _ options: TranslationOptions,
    _ array: inout JSONWriter,
    _ list: inout LossList
  ) {
    let names = request.callNames
    let messages = request.messages.filter { $0.role != .system && $0.role != .developer }
    var place = 0
    while place < messages.count {
      let isModel = messages[place].role == .assistant
      array.object { json in
        json.string("role", isModel ? "model" : "user")
        json.array("parts") { array in
          // Roles take turns: what one side says in several messages is one content.
          while place < messages.count, (messages[place].role == .assistant) == isModel {
            encode(messages[place], options, names, &array, &list)
            place += 1
          }
        }
      }
    }
  }

  private static func encode(
    _ message: Message,
    _ options: TranslationOptions,
    _ names: [String: String],
    _ array: inout JSONWriter,
    _ list: inout LossList
  ) {
    let path = message.path
    if message.name != nil { list.addHint("\(path).name", "has no counterpart") }
    list.add(message, at: path, to: dialect)
    var hasCall = false
    for (place, part) in message.parts.enumerated() {
      let path = "\(path).content[\(place)]"
      if part.cache != nil { list.addHint("\(path).cache_control", Loss.cacheReason) }
      list.add(part.rest, at: path, hints: TranslationOptions.hints, to: dialect)
      switch part.kind {
      case .toolCall(let call):
        // The first call of a turn bears the signature of all.
        let isFirst = !hasCall
        hasCall = true
        encode(call, at: path, fills: options.fillsSignatures && isFirst, &array, &list)
      case .toolResult(let result):
        encode(result, names, at: path, &array, &list)
      default:
        encode(part, at: path, &array, &list)
      }
    }
  }

  private static func encode(
    _ call: ToolCall,
    at path: String,
    fills: Bool,
    _ array: inout JSONWriter,
    _ list: inout LossList
  ) {
    array.object { json in
      json.object("functionCall") {
        $0.string("id", call.id)
        $0.string("name", call.name)
        $0.raw("args", ToolArguments.object(call, at: path, &list))
      }
      let filler = fills ? "skip_thought_signature_validator" : nil
      json.string("thoughtSignature", ifAny: call.signature ?? filler)
    }
  }

  private static func encode(
    _ result: ToolResult,
    _ names: [String: String],
    at path: String,
    _ array: inout JSONWriter,
    _ list: inout LossList
  ) {
    var texts: [String] = []
    var shown: [Part] = []
    for part in result.parts {
      switch part.kind {
      case .text(let text): texts.append(text)
      case .image, .audio, .file: shown.append(part)
      default: list.add(path, "a tool's result of this kind has no counterpart")
      }
      list.add(part.rest, at: path, hints: TranslationOptions.hints, to: dialect)
    }
    array.object {
      $0.object("functionResponse") { json in
        json.string("id", result.id)
        json.string("name", result.name ?? names[result.id] ?? "unknown")
        json.object("response") {
          $0.string(result.isError ? "error" : "output", texts.joined(separator: "\n"))
        }
      }
    }
    for part in shown { encode(part, at: path, &array, &list) }
  }

  private static func encode(
    _ part: Part,
    at path: String,
    _ array: inout JSONWriter,
    _ list: inout LossList
  ) {
    switch part.kind {
    case .text(let text), .refusal(let text):
      array.object { $0.string("text", text) }
    case .thinking(let thinking):
      guard thinking.dialect == dialect, let signature = thinking.signature else {
        list.addHint(path, "thoughts of another provider")
        return
      }
      array.object {
        $0.string("text", thinking.text)
        $0.bool("thought", true)
        $0.string("thoughtSignature", signature)
      }
    case .image(let media, _): encode(media, "image/png", at: path, &array, &list)
    case .audio(let media):
      let type = AudioFormat.mediaType(media.type)
      encode(Media(media.source, type: type), type, at: path, &array, &list)
    case .file(let media, _): encode(media, "application/pdf", at: path, &array, &list)
    case .opaque(let type, _, _): list.add(path, Loss.unknown(type))
    case .toolCall, .toolResult: break
    }
  }

  private static func encode(
    _ media: Media,
    _ defaultType: String,
    at path: String,
    _ array: inout JSONWriter,
    _ list: inout LossList
  ) {
    switch media.source {
    case .base64(let data):
      array.object {
        $0.object("inlineData") {
          $0.string("mimeType", media.type ?? defaultType)
          $0.string("data", data)
        }
      }
    case .plainText(let text):
      array.object { $0.string("text", text) }
    case .address(let address) where isOwn(address):
      array.object {
        $0.object("fileData") {
          $0.string("mimeType", media.type ?? defaultType)
          $0.string("fileUri", address)
        }
      }
    case .address: list.add(path, "a picture or document that is not in the request")
    case .stored: list.add(path, "a stored file of another provider")
    }
  }

  /// Whether Gemini fetches an address itself.
  private static func isOwn(_ address: String) -> Bool {
    address.hasPrefix("gs://")
      || address.hasPrefix("https://generativelanguage.googleapis.com/v1beta/files/")
      || address.hasPrefix("https://www.youtube.com/")
  }
}
