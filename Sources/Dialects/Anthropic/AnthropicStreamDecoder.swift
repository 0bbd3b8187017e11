/// Reads a stream of Anthropic's messages, in the order that their events must have.
struct AnthropicStreamDecoder: StreamDecoder {
  private var hasStarted = false
  private var open: Int?
  private var openKind: String = ""
  private var next = 0
  private var stop: StopReason?
  private var usage = TokenUsage()

  mutating func receive(_ frame: StreamFrame, into events: inout [StreamEvent]) {
    guard let root = frame.object(into: &events) else { return }
    guard let type = root["type"]?.string else {
      // Some servers send OpenAI's error in the midst of this dialect.
      let error = root.present("error").map { ErrorReader.read($0, of: .anthropic) }
      events.append(.error(error ?? ProviderError(.upstream, "an event of the stream has no type")))
      return
    }
    switch type {
    case "ping": events.append(.ping)
    case "error":
      let error = root["error"].map { ErrorReader.read($0, of: .anthropic) }
      events.append(.error(error ?? ProviderError(.server, "the provider reports an error")))
    case "message_start": start(root, into: &events)
    case _ where !hasStarted: disorder(type, into: &events)
    case "content_block_start": startBlock(root, into: &events)
    case "content_block_delta": receive(delta: root, into: &events)
    case "content_block_stop":
      guard let index = open, root["index"]?.int == index else {
        disorder(type, into: &events)
        return
      }
      open = nil
      events.append(.partStop(index))
    case "message_delta": finish(root, into: &events)
    case "message_stop":
      events.append(stop == nil || open != nil ? .error(.truncated) : .end)
    default:
      // New kinds of events must not break a stream.
      break
    }
  }

  private func disorder(_ type: String, into events: inout [StreamEvent]) {
    let message = "an event of the stream is out of order: \(Loss.quoted(type))"
    events.append(.error(ProviderError(.upstream, message)))
  }

  private mutating func start(_ root: JSON, into events: inout [StreamEvent]) {
    guard !hasStarted, let message = root["message"] else {
      disorder("message_start", into: &events)
      return
    }
    hasStarted = true
    let id = message["id"]?.string ?? ""
    events.append(.start(id: id, model: message["model"]?.string ?? "", created: nil))
    if let json = message.present("usage") {
      usage = Anthropic.usage(json)
      events.append(.usage(usage))
    }
  }

  private mutating func startBlock(_ root: JSON, into events: inout [StreamEvent]) {
    guard open == nil, stop == nil, let index = root["index"]?.int, index == next,
      let block = root["content_block"], let type = block["type"]?.string
    else {
      disorder("content_block_start", into: &events)
      return
    }
    open = index
    next += 1
    openKind = type
    switch type {
    case "text":
      events.append(.partStart(index, .text))
      if let text = block["text"]?.string, !text.isEmpty {
        events.append(.delta(index, .text(text)))
      }
    case "thinking":
      events.append(.partStart(index, .thinking(id: nil)))
      if let text = block["thinking"]?.string, !text.isEmpty {
        events.append(.delta(index, .thinking(text)))
      }
    case "redacted_thinking":
      var thinking = Thinking("")
      thinking.encrypted = block["data"]?.string ?? ""
      thinking.dialect = .anthropic
      events.append(.partStart(index, .encrypted(thinking)))
    case "tool_use":
      let id = block["id"]?.string ?? ""
      let name = block["name"]?.string ?? ""
      events.append(
        .partStart(index, .toolCall(id: id, name: name, isCustom: false, signature: nil))
      )
      // Usually empty, and the deltas follow; some servers send it whole.
      if let input = block["input"], input.isObject, input.members.contains(where: { _ in true }) {
        events.append(.delta(index, .arguments(input.raw.line)))
      }
    default: events.append(.partStart(index, .opaque(type: type, block.raw, .anthropic)))
    }
  }

  private mutating func receive(delta root: JSON, into events: inout [StreamEvent]) {
    guard let index = open, root["index"]?.int == index, let delta = root["delta"] else {
      disorder("content_block_delta", into: &events)
      return
    }
    if let text = delta["text"]?.string, openKind == "text" {
      events.append(.delta(index, .text(text)))
    } else if let text = delta["thinking"]?.string, openKind == "thinking" {
      events.append(.delta(index, .thinking(text)))
    } else if let text = delta["signature"]?.string, openKind == "thinking" {
      events.append(.delta(index, .signature(text, .anthropic)))
    } else if let text = delta["partial_json"]?.string, openKind == "tool_use" {
      if !text.isEmpty { events.append(.delta(index, .arguments(text))) }
    }
  }

  private mutating func finish(_ root: JSON, into events: inout [StreamEvent]) {
    guard open == nil else {
      disorder("message_delta", into: &events)
      return
    }
    if let json = root.present("usage") {
      usage = usage.merged(with: Anthropic.usage(json))
      events.append(.usage(usage))
    }
    guard stop == nil, let reason = root["delta"]?.present("stop_reason")?.string else { return }
    let stop = Anthropic.stopReason(reason)
    self.stop = stop
    events.append(.stop(stop, sequence: root["delta"]?.present("stop_sequence")?.string))
  }
}
