/// Thoughts in messages of chat completions, where OpenAI has no place for them.
///
/// Plain ones stand in `reasoning_content` (DeepSeek, vLLM and others) or `reasoning` (OpenRouter).
/// What must come back unchanged stands in `reasoning_details`, in OpenRouter's form, which names
/// whose it is.
enum ReasoningDetails {
  static func decode(_ message: JSON) -> [Part] {
    var parts: [Part] = []
    for detail in message["reasoning_details"]?.elements ?? JSONElements.none {
      var thinking = Thinking(detail["text"]?.string ?? detail["summary"]?.string ?? "")
      thinking.signature = detail["signature"]?.string
      thinking.encrypted = detail["data"]?.string
      thinking.id = detail["id"]?.string
      thinking.dialect = dialect(detail["format"]?.string)
      if thinking.text.isEmpty, !thinking.isBound { continue }
      parts.append(Part(.thinking(thinking)))
    }
    if !parts.isEmpty { return withText(parts, message) }
    for key in ["reasoning_content", "reasoning"] as [StaticString] {
      guard let text = message.present(key)?.string, !text.isEmpty else { continue }
      return [Part(.thinking(Thinking(text)))]
    }
    return []
  }

  /// In a stream the text goes ahead of its signature; a client that gathers both gives them back
  /// side by side.
  private static func withText(_ parts: [Part], _ message: JSON) -> [Part] {
    var parts = parts
    let empty = parts.indices.filter { index in
      guard case .thinking(let thinking) = parts[index].kind else { return false }
      return thinking.text.isEmpty && thinking.signature != nil
    }
    if empty.count == 1, case .thinking(var thinking) = parts[empty[0]].kind,
      let text = (message.present("reasoning_content") ?? message.present("reasoning"))?.string
    {
      thinking.text = text
      parts[empty[0]].kind = .thinking(thinking)
    }
    return parts
  }

  static func encode(_ thoughts: [Thinking], _ json: inout JSONWriter) {
    guard thoughts.contains(where: \.isBound) else { return }
    json.array("reasoning_details") { array in
      for (index, thinking) in thoughts.enumerated() { encode(thinking, index, &array) }
    }
  }

  static func encode(_ thinking: Thinking, _ index: Int, _ array: inout JSONWriter) {
    array.object {
      $0.string("type", thinking.encrypted == nil ? "reasoning.text" : "reasoning.encrypted")
      if thinking.encrypted == nil { $0.string("text", thinking.text) }
      $0.string("signature", ifAny: thinking.signature)
      $0.string("data", ifAny: thinking.encrypted)
      $0.string("id", ifAny: thinking.id)
      $0.string("format", ifAny: format(thinking.dialect))
      $0.int("index", index)
    }
  }

  static func format(_ dialect: Dialect?) -> String? {
    switch dialect {
    case .anthropic: "anthropic-claude-v1"
    case .gemini: "google-gemini-v1"
    case .openAIResponses: "openai-responses-v1"
    default: nil
    }
  }

  private static func dialect(_ format: String?) -> Dialect? {
    switch format {
    case "anthropic-claude-v1": .anthropic
    case "google-gemini-v1": .gemini
    case "openai-responses-v1": .openAIResponses
    default: nil
    }
  }
}
