extension Dialect {
  /// Where an upstream takes requests of this dialect, below its base address.
  ///
  /// - Parameter model: Stands in the path of Gemini's; characters that have a meaning there are
  ///   escaped.
  package func path(model: String, isStream: Bool) -> String {
    switch self {
    case .openAIChat: "/chat/completions"
    case .openAIResponses: "/responses"
    case .openAICompletions: "/completions"
    case .openAIEmbeddings: "/embeddings"
    case .anthropic: "/v1/messages"
    case .ollamaChat: "/api/chat"
    case .ollamaGenerate: "/api/generate"
    case .ollamaEmbed: "/api/embed"
    case .gemini:
      "/v1beta/models/\(Self.escaped(model)):"
        + (isStream ? "streamGenerateContent?alt=sse" : "generateContent")
    case .geminiEmbed: "/v1beta/models/\(Self.escaped(model)):batchEmbedContents"
    }
  }

  private static func escaped(_ model: String) -> String {
    let name = model.hasPrefix("models/") ? model.dropFirst(7) : model[...]
    var text = ""
    for byte in name.utf8 {
      let isPlain =
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
      if isPlain {
        text.unicodeScalars.append(UnicodeScalar(byte))
      } else {
        text += byte < 16 ? "%0" : "%"
        text += String(byte, radix: 16, uppercase: true)
      }
    }
    return text
  }
}
