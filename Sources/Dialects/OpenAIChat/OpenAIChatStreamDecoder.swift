/// Reads a stream of chat completion chunks.
///
/// The end is `[DONE]` after a `finish_reason`; usage may come with the last chunk or after it.
struct OpenAIChatStreamDecoder: StreamDecoder {
  private var hasStarted = false
  private var id = ""
  private var part = OpenPart()
  /// The calls seen, by their number in the stream.
  private var calls: Set<Int> = []
  private var stop: StopReason?
  private var hasRefused = false

  mutating func receive(_ frame: StreamFrame, into events: inout [StreamEvent]) {
    if frame.isDone {
      events.append(stop == nil ? .error(.truncated) : .end)
      return
    }
    guard let root = frame.object(into: &events) else { return }
    if let error = root.present("error") {
      events.append(.error(ErrorReader.read(error, of: .openAI)))
      return
    }
    if !hasStarted {
      hasStarted = true
      id = root["id"]?.string ?? ""
      let model = root["model"]?.string ?? ""
      events.append(.start(id: id, model: model, created: root["created"]?.int))
    }
    for choice in root["choices"]?.elements ?? JSONElements.none {
      guard choice["index"]?.int ?? 0 == 0 else { continue }
      if let delta = choice["delta"] { receive(delta: delta, into: &events) }
      if let reason = choice.present("finish_reason")?.string, stop == nil {
        finish(OpenAIChat.stopReason(reason), into: &events)
      }
    }
    if let usage = OpenAIChat.streamUsage(root) {
      events.append(.usage(OpenAIChat.usage(usage)))
    }
  }

  private mutating func finish(_ reason: StopReason, into events: inout [StreamEvent]) {
    part.close(into: &events)
    var reason = reason
    if reason == .end { reason = !calls.isEmpty ? .toolCalls : hasRefused ? .refusal : .end }
    stop = reason
    events.append(.stop(reason, sequence: nil))
  }

  private mutating func receive(delta: JSON, into events: inout [StreamEvent]) {
    guard stop == nil else { return }
    let thoughts = delta.present("reasoning_content") ?? delta.present("reasoning")
    if let text = thoughts?.string, !text.isEmpty {
      part.open(.thinking, .thinking(id: nil), into: &events)
      events.append(.delta(part.index, .thinking(text)))
    }
    if let content = delta.present("content") { receive(content: content, into: &events) }
    if let text = delta.present("refusal")?.string, !text.isEmpty {
      hasRefused = true
      part.open(.refusal, .refusal, into: &events)
      events.append(.delta(part.index, .refusal(text)))
    }
    for call in delta["tool_calls"]?.elements ?? JSONElements.none {
      receive(call: call, into: &events)
      if case .error = events.last { return }
    }
  }

  private mutating func receive(content: JSON, into events: inout [StreamEvent]) {
    if let text = content.string {
      guard !text.isEmpty else { return }
      part.open(.text, .text, into: &events)
      events.append(.delta(part.index, .text(text)))
      return
    }
    // Mistral's chunks of thoughts and text.
    for chunk in content.elements {
      if let text = chunk["text"]?.string {
        part.open(.text, .text, into: &events)
        events.append(.delta(part.index, .text(text)))
      }
      for thought in chunk["thinking"]?.elements ?? JSONElements.none {
        guard let text = thought["text"]?.string else { continue }
        part.open(.thinking, .thinking(id: nil), into: &events)
        events.append(.delta(part.index, .thinking(text)))
      }
    }
  }

  private mutating func receive(call: JSON, into events: inout [StreamEvent]) {
    let function = call.present("function") ?? call.present("custom")
    let givenID = call.present("id")?.string ?? ""
    let last = calls.max() ?? -1
    // Servers that leave the number out send each call whole.
    let number = call["index"]?.int ?? (givenID.isEmpty ? max(last, 0) : last + 1)
    if part.kind != .toolCall(number) {
      guard calls.count < 1024, calls.insert(number).inserted else {
        events.append(.error(ProviderError(.upstream, "tool calls of the stream are interleaved")))
        return
      }
      guard let name = function?.present("name")?.string else {
        events.append(.error(ProviderError(.upstream, "a tool call of the stream has no name")))
        return
      }
      let signature = call["extra_content"]?["google"]?["thought_signature"]?.string
      part.open(
        .toolCall(number),
        .toolCall(
          id: givenID.isEmpty ? "call_\(id)_\(number)" : givenID,
          name: name,
          isCustom: call.present("custom") != nil,
          signature: signature
        ),
        into: &events
      )
    }
    let arguments = function?.present("arguments") ?? function?.present("input")
    if let text = arguments?.string, !text.isEmpty {
      events.append(.delta(part.index, .arguments(text)))
    }
  }
}
