/// Reads the answers that make up one stream of Gemini's.
///
/// The dialect has no event for the end: a stream is whole if a `finishReason` came before the bytes
/// ended.
struct GeminiStreamDecoder: StreamDecoder {
  private var id: String
  private var hasStarted = false
  private var part = OpenPart()
  private var calls = 0
  private var stop: StopReason?

  init(id: String) {
    self.id = id
  }

  mutating func receive(_ frame: StreamFrame, into events: inout [StreamEvent]) {
    guard let root = frame.object(into: &events) else { return }
    if let error = root.present("error") {
      events.append(.error(ErrorReader.read(error, of: .gemini)))
      return
    }
    if !hasStarted {
      hasStarted = true
      id = root["responseId"]?.string ?? id
      events.append(.start(id: id, model: root["modelVersion"]?.string ?? "", created: nil))
    }
    if let candidate = root["candidates"]?.elements.first(where: { _ in true }) {
      if stop == nil { receive(candidate, into: &events) }
    } else if root["promptFeedback"]?.present("blockReason") != nil, stop == nil {
      finish(.contentFilter, into: &events)
    }
    if let usage = root.present("usageMetadata") { events.append(.usage(Gemini.usage(usage))) }
  }

  mutating func end(into events: inout [StreamEvent]) {
    if stop != nil { events.append(.end) }
  }

  private mutating func receive(_ candidate: JSON, into events: inout [StreamEvent]) {
    for json in candidate["content"]?["parts"]?.elements ?? JSONElements.none {
      guard let decoded = Gemini.decode(part: json, id, calls) else { continue }
      receive(decoded, into: &events)
    }
    guard let reason = candidate.present("finishReason")?.string else { return }
    finish(Gemini.stopReason(reason, hasCalls: calls > 0), into: &events)
  }

  private mutating func finish(_ reason: StopReason, into events: inout [StreamEvent]) {
    part.close(into: &events)
    stop = reason
    events.append(.stop(reason, sequence: nil))
  }

  private mutating func receive(_ decoded: Part, into events: inout [StreamEvent]) {
    switch decoded.kind {
    case .text(let text):
      part.open(.text, .text, into: &events)
      events.append(.delta(part.index, .text(text)))
    case .thinking(let thinking):
      part.open(.thinking, .thinking(id: nil), into: &events)
      if !thinking.text.isEmpty { events.append(.delta(part.index, .thinking(thinking.text))) }
      if let signature = thinking.signature {
        events.append(.delta(part.index, .signature(signature, .gemini)))
      }
    case .toolCall(let call):
      part.open(
        .toolCall(calls),
        .toolCall(id: call.id, name: call.name, isCustom: false, signature: call.signature),
        into: &events
      )
      events.append(.delta(part.index, .arguments(call.arguments)))
      part.close(into: &events)
      calls += 1
    default: break
    }
  }
}
