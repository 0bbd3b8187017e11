extension Gemini {
  static func decodeAnswer(_ root: JSON) throws(ProviderError) -> ChatAnswer {
    var answer = ChatAnswer(
      id: root["responseId"]?.string ?? "",
      model: root["modelVersion"]?.string ?? ""
    )
    answer.usage = root.present("usageMetadata").map(usage)
    guard let candidate = root["candidates"]?.elements.first(where: { _ in true }) else {
      // A request that is blocked has no candidate.
      guard root["promptFeedback"]?.present("blockReason") != nil else {
        throw ProviderError(.upstream, "the answer has no candidate")
      }
      answer.stop = .contentFilter
      return answer
    }
    guard let reason = candidate.present("finishReason")?.string else { throw .truncated }
    var calls = 0
    // Text that comes in several parts is one text.
    var text = ""
    for part in candidate["content"]?["parts"]?.elements ?? JSONElements.none {
      guard let part = decode(part: part, answer.id, calls) else { continue }
      if case .text(let piece) = part.kind {
        text += piece
        continue
      }
      if case .toolCall = part.kind { calls += 1 }
      flush(&text, into: &answer.parts)
      answer.parts.append(part)
    }
    flush(&text, into: &answer.parts)
    answer.stop = stopReason(reason, hasCalls: calls > 0)
    return answer
  }

  private static func flush(_ text: inout String, into parts: inout [Part]) {
    if !text.isEmpty { parts.append(.text(text)) }
    text = ""
  }

  static func decode(part: JSON, _ answerID: String, _ calls: Int) -> Part? {
    let signature = part.present("thoughtSignature")?.string
    if let call = part.present("functionCall") {
      let given = call.present("id")?.string ?? ""
      var result = ToolCall(
        id: given.isEmpty ? "call_\(answerID)_\(calls)" : given,
        name: call["name"]?.string ?? "",
        arguments: call.present("args")?.raw.line ?? "{}"
      )
      result.signature = signature
      return Part(.toolCall(result))
    }
    if let data = part.present("inlineData"), let bytes = data["data"]?.string {
      let type = data["mimeType"]?.string
      let media = Media(.base64(bytes), type: type)
      return Part(type?.hasPrefix("audio/") == true ? .audio(media) : .image(media, detail: nil))
    }
    guard let text = part.present("text")?.string else { return nil }
    if part["thought"]?.bool == true {
      var thinking = Thinking(text)
      thinking.signature = signature
      thinking.dialect = signature == nil ? nil : dialect
      return Part(.thinking(thinking))
    }
    return text.isEmpty ? nil : .text(text)
  }

  static func stopReason(_ text: String, hasCalls: Bool) -> StopReason {
    switch text {
    case "STOP": hasCalls ? .toolCalls : .end
    case "MAX_TOKENS": .maxTokens
    case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
      "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR":
      .contentFilter
    case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS",
      "MALFORMED_RESPONSE", "MISSING_THOUGHT_SIGNATURE":
      .malformedCall
    default: .other(text)
    }
  }

  static func usage(_ json: JSON) -> TokenUsage {
    var usage = TokenUsage()
    usage.cacheRead = TokenUsage.count(json["cachedContentTokenCount"])
    let prompt = TokenUsage.count(json["promptTokenCount"])
    let tools = TokenUsage.count(json["toolUsePromptTokenCount"])
    usage.input = max(0, prompt - usage.cacheRead) + tools
    usage.reasoning = TokenUsage.count(json["thoughtsTokenCount"])
    usage.output = TokenUsage.count(json["candidatesTokenCount"]) + usage.reasoning
    usage.inputAudio = count("AUDIO", json["promptTokensDetails"])
    usage.inputImages = count("IMAGE", json["promptTokensDetails"])
    usage.outputAudio = count("AUDIO", json["candidatesTokensDetails"])
    usage.outputImages = count("IMAGE", json["candidatesTokensDetails"])
    return usage
  }

  private static func count(_ modality: StaticString, _ details: JSON?) -> Int {
    var sum = 0
    for detail in details?.elements ?? JSONElements.none
    where detail["modality"]?.equals(modality) == true {
      // Each is at most 2^40, and there are no more than the bounds of the text allow.
      sum = min(sum + TokenUsage.count(detail["tokenCount"]), 1 << 40)
    }
    return sum
  }
}
