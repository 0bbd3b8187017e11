/// Writes the events of a response, each with its number, and the whole response at the end.
struct OpenAIResponsesStreamEncoder: StreamEncoder {
  private let context: AnswerContext
  private var response: ResponseObject?
  private var answerID = ""
  private var sequence = 0
  /// Items that are done.
  private var items: [OutputItem] = []
  private var item: OutputItem?
  /// The kind of the content that is open in a message.
  private var content: OutputItem.Content?
  /// What has come of the content, the thoughts or the arguments that are open.
  private var gathered = ""
  private var usage: TokenUsage?
  private var stop: StopReason?

  init(_ context: AnswerContext) {
    self.context = context
  }

  mutating func receive(_ event: StreamEvent, into bytes: inout [UInt8]) {
    switch event {
    case .start(let id, let model, let created):
      answerID = id
      response = ResponseObject(
        id: OpenAIResponses.answerID(id),
        model: context.model ?? model,
        created: created ?? context.now,
        context: context
      )
      lifecycle("response.created", .running, into: &bytes)
      lifecycle("response.in_progress", .running, into: &bytes)
    case .partStart(_, let start):
      gathered = ""
      open(start, into: &bytes)
    case .delta(_, let delta): receive(delta, into: &bytes)
    case .partStop: close(into: &bytes)
    case .usage(let usage): self.usage = self.usage?.merged(with: usage) ?? usage
    case .stop(let reason, _): stop = reason
    case .end:
      finishItem(into: &bytes)
      switch stop {
      case .maxTokens, .contextFull, .contentFilter:
        lifecycle("response.incomplete", .ended(stop), into: &bytes)
      default: lifecycle("response.completed", .ended(stop), into: &bytes)
      }
    case .error(let error):
      bytes += ErrorShape.frame(error, of: .openAIResponses, sequence: sequence)
      sequence += 1
      if response != nil { lifecycle("response.failed", .failed(error), into: &bytes) }
    case .logprobs, .ping: break
    }
  }

  private mutating func open(_ start: StreamEvent.PartStart, into bytes: inout [UInt8]) {
    let id = "\(answerID)_\(items.count)"
    switch start {
    case .text: openContent(.text(""), into: &bytes)
    case .refusal: openContent(.refusal(""), into: &bytes)
    case .thinking: openItem(OutputItem(id: id, .reasoning(Thinking(""))), into: &bytes)
    case .encrypted(let thinking):
      openItem(OutputItem(id: id, .reasoning(thinking)), into: &bytes)
    case .toolCall(let callID, let name, let isCustom, let signature):
      var call = ToolCall(id: callID, name: name, arguments: "")
      call.isCustom = isCustom
      call.signature = signature
      openItem(OutputItem(id: id, .call(call)), into: &bytes)
    case .opaque: break
    }
  }

  private mutating func openItem(_ new: OutputItem, into bytes: inout [UInt8]) {
    finishItem(into: &bytes)
    var new = new
    new.status = "in_progress"
    item = new
    let index = items.count
    event("response.output_item.added", into: &bytes) {
      $0.int("output_index", index)
      $0.key("item")
      new.encode(&$0)
    }
  }

  /// Text and refusals that follow one another are contents of one message.
  private mutating func openContent(_ new: OutputItem.Content, into bytes: inout [UInt8]) {
    if case .message = item?.kind {
    } else {
      let id = "\(answerID)_\(items.count)"
      openItem(OutputItem(id: id, .message([])), into: &bytes)
    }
    content = new
    contentEvent("response.content_part.added", into: &bytes) {
      $0.key("part")
      OutputItem.encode(new, &$0)
    }
  }

  private mutating func receive(_ delta: StreamEvent.Delta, into bytes: inout [UInt8]) {
    switch (delta, content, item?.kind) {
    case (.text(let text), .text, _):
      gathered += text
      contentEvent("response.output_text.delta", into: &bytes) {
        $0.string("delta", text)
        $0.array("logprobs") { _ in }
      }
    case (.refusal(let text), .refusal, _):
      gathered += text
      contentEvent("response.refusal.delta", into: &bytes) { $0.string("delta", text) }
    case (.thinking(let text), _, .reasoning):
      if gathered.isEmpty {
        summaryEvent("response.reasoning_summary_part.added", into: &bytes) {
          $0.key("part")
          OutputItem.encode(summary: "", &$0)
        }
      }
      gathered += text
      summaryEvent("response.reasoning_summary_text.delta", into: &bytes) {
        $0.string("delta", text)
      }
    case (.signature(let text, let dialect), _, .reasoning(var thinking)):
      thinking.signature = (thinking.signature ?? "") + text
      thinking.dialect = dialect
      item?.kind = .reasoning(thinking)
    case (.arguments(let text), _, .call(let call)):
      gathered += text
      itemEvent(
        call.isCustom
          ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta",
        into: &bytes
      ) { $0.string("delta", text) }
    default: break
    }
  }

  private mutating func close(into bytes: inout [UInt8]) {
    if let content, case .message(let contents) = item?.kind {
      let text = gathered
      let done: OutputItem.Content
      switch content {
      case .text:
        done = .text(text)
        contentEvent("response.output_text.done", into: &bytes) {
          $0.string("text", text)
          $0.array("logprobs") { _ in }
        }
      case .refusal:
        done = .refusal(text)
        contentEvent("response.refusal.done", into: &bytes) { $0.string("refusal", text) }
      }
      contentEvent("response.content_part.done", into: &bytes) {
        $0.key("part")
        OutputItem.encode(done, &$0)
      }
      item?.kind = .message(contents + [done])
      self.content = nil
      // The message stays open: another content may follow in it.
      return
    }
    finishItem(into: &bytes)
  }

  private mutating func finishItem(into bytes: inout [UInt8]) {
    guard var done = item else { return }
    switch done.kind {
    case .message: break
    case .reasoning where gathered.isEmpty: break
    case .reasoning(var thinking):
      thinking.text = gathered
      done.kind = .reasoning(thinking)
      summaryEvent("response.reasoning_summary_text.done", into: &bytes) {
        $0.string("text", thinking.text)
      }
      summaryEvent("response.reasoning_summary_part.done", into: &bytes) {
        $0.key("part")
        OutputItem.encode(summary: thinking.text, &$0)
      }
    case .call(var call):
      call.arguments = gathered
      done.kind = .call(call)
      let name: StaticString =
        call.isCustom
        ? "response.custom_tool_call_input.done" : "response.function_call_arguments.done"
      itemEvent(name, into: &bytes) {
        $0.string(call.isCustom ? "input" : "arguments", call.arguments)
      }
    }
    done.status = "completed"
    let index = items.count
    event("response.output_item.done", into: &bytes) {
      $0.int("output_index", index)
      $0.key("item")
      done.encode(&$0)
    }
    items.append(done)
    item = nil
  }

  private mutating func lifecycle(
    _ name: StaticString,
    _ status: ResponseObject.Status,
    into bytes: inout [UInt8]
  ) {
    guard let response else { return }
    let items = items
    let usage = usage
    event(name, into: &bytes) {
      $0.key("response")
      response.encode(status, items, status == .running ? nil : usage, &$0)
    }
  }

  private mutating func contentEvent(
    _ name: StaticString,
    into bytes: inout [UInt8],
    _ write: (inout JSONWriter) -> Void
  ) {
    var place = 0
    if case .message(let contents) = item?.kind { place = contents.count }
    itemEvent(name, into: &bytes) {
      $0.int("content_index", place)
      write(&$0)
    }
  }

  private mutating func summaryEvent(
    _ name: StaticString,
    into bytes: inout [UInt8],
    _ write: (inout JSONWriter) -> Void
  ) {
    itemEvent(name, into: &bytes) {
      $0.int("summary_index", 0)
      write(&$0)
    }
  }

  private mutating func itemEvent(
    _ name: StaticString,
    into bytes: inout [UInt8],
    _ write: (inout JSONWriter) -> Void
  ) {
    let id = item?.id ?? ""
    let index = items.count
    event(name, into: &bytes) {
      $0.string("item_id", id)
      $0.int("output_index", index)
      write(&$0)
    }
  }

  private mutating func event(
    _ name: StaticString,
    into bytes: inout [UInt8],
    _ write: (inout JSONWriter) -> Void
  ) {
    var writer = JSONWriter()
    writer.object {
      $0.string("type", name.description)
      $0.int("sequence_number", sequence)
      write(&$0)
    }
    sequence += 1
    bytes.appendEvent(name, writer.bytes)
  }
}
