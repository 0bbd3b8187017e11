// Decoders for streams that are only watched: they see the frames that bear usage, an error or an
// end, and none of those between.

/// Chunks of chat completions and of completions.
struct ChunkTapDecoder: StreamDecoder {
  mutating func receive(_ frame: StreamFrame, into events: inout [StreamEvent]) {
    guard let root = frame.object(into: &events) else { return }
    if let error = root.present("error") {
      events.append(.error(ErrorReader.read(error, of: .openAI)))
      return
    }
    if let usage = OpenAIChat.streamUsage(root) {
      events.append(.usage(OpenAIChat.usage(usage)))
    }
    for choice in root["choices"]?.elements ?? JSONElements.none {
      guard let reason = choice.present("finish_reason")?.string else { continue }
      events.append(.stop(OpenAIChat.stopReason(reason), sequence: nil))
    }
  }
}

struct ResponsesTapDecoder: StreamDecoder {
  mutating func receive(_ frame: StreamFrame, into events: inout [StreamEvent]) {
    guard let root = frame.object(into: &events) else { return }
    let type = root["type"]?.string ?? ""
    let response = root.present("response")
    if let usage = response?.present("usage") {
      events.append(.usage(OpenAIResponses.usage(usage)))
    }
    switch type {
    case "response.completed":
      events.append(.stop(.end, sequence: nil))
      events.append(.end)
    case "response.incomplete":
      let isFiltered = response?["incomplete_details"]?["reason"]?.equals("content_filter") ?? false
      events.append(.stop(isFiltered ? .contentFilter : .maxTokens, sequence: nil))
      events.append(.end)
    case "response.failed":
      let error = response?.present("error").map { ErrorReader.read($0, of: .openAI) }
      events.append(.error(error ?? ProviderError(.server, "the provider reports an error")))
    case "error":
      events.append(.error(ErrorReader.read(root.present("error") ?? root, of: .openAI)))
    default: break
    }
  }
}

struct AnthropicTapDecoder: StreamDecoder {
  private var usage = TokenUsage()
  private var hasStopped = false

  mutating func receive(_ frame: StreamFrame, into events: inout [StreamEvent]) {
    guard let root = frame.object(into: &events) else { return }
    if let json = root.present("usage") ?? root["message"]?.present("usage") {
      usage = usage.merged(with: Anthropic.usage(json))
      events.append(.usage(usage))
    }
    if let reason = root["delta"]?.present("stop_reason")?.string {
      hasStopped = true
      events.append(.stop(Anthropic.stopReason(reason), sequence: nil))
    }
    switch root["type"]?.string {
    case "message_stop": events.append(hasStopped ? .end : .error(.truncated))
    case "error":
      let error = root["error"].map { ErrorReader.read($0, of: .anthropic) }
      events.append(.error(error ?? ProviderError(.server, "the provider reports an error")))
    default: break
    }
  }
}

struct OllamaTapDecoder: StreamDecoder {
  mutating func receive(_ frame: StreamFrame, into events: inout [StreamEvent]) {
    guard let root = frame.object(into: &events) else { return }
    if let error = root.present("error") {
      events.append(.error(ErrorReader.read(error, of: .ollama)))
      return
    }
    guard root["done"]?.bool == true else { return }
    if let usage = Ollama.usage(root) { events.append(.usage(usage)) }
    let stop = Ollama.stopReason(root["done_reason"]?.string, hasCalls: false)
    events.append(.stop(stop, sequence: nil))
    events.append(.end)
  }
}
