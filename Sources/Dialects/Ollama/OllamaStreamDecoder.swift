/// Reads the lines of a chat or of a generate. The last says `done`.
struct OllamaStreamDecoder: StreamDecoder {
  private let id: String
  private var hasStarted = false
  private var part = OpenPart()
  private var calls = 0

  init(id: String) {
    self.id = id
  }

  mutating func receive(_ frame: StreamFrame, into events: inout [StreamEvent]) {
    guard let root = frame.object(into: &events) else { return }
    if let error = root.present("error") {
      events.append(.error(ErrorReader.read(error, of: .ollama)))
      return
    }
    if !hasStarted {
      hasStarted = true
      events.append(.start(id: id, model: root["model"]?.string ?? "", created: nil))
    }
    if let list = Ollama.logprobs(root) { events.append(.logprobs(list)) }
    let message = root.present("message")
    let thoughts = message?.present("thinking") ?? root.present("thinking")
    if let text = thoughts?.string, !text.isEmpty {
      part.open(.thinking, .thinking(id: nil), into: &events)
      events.append(.delta(part.index, .thinking(text)))
    }
    let content = message?.present("content") ?? root.present("response")
    if let text = content?.string, !text.isEmpty {
      part.open(.text, .text, into: &events)
      events.append(.delta(part.index, .text(text)))
    }
    for json in message?["tool_calls"]?.elements ?? JSONElements.none {
      guard let call = Ollama.decodeAnswer(call: json, calls, root) else {
        events.append(.error(ProviderError(.upstream, "a tool call of the stream is malformed")))
        return
      }
      part.open(
        .toolCall(calls),
        .toolCall(id: call.id, name: call.name, isCustom: false, signature: nil),
        into: &events
      )
      events.append(.delta(part.index, .arguments(call.arguments)))
      part.close(into: &events)
      calls += 1
    }
    guard root["done"]?.bool == true else { return }
    part.close(into: &events)
    if let usage = Ollama.usage(root) { events.append(.usage(usage)) }
    let stop = Ollama.stopReason(root["done_reason"]?.string, hasCalls: calls > 0)
    events.append(.stop(stop, sequence: nil))
    events.append(.end)
  }
}
